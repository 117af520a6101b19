import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { SlipwayError } from "../base/index.ts";
import { extractTar } from "../layer/index.ts";
import { openArchive, progress } from "./archive.ts";
import type { BringRuntimeOptions } from "./contract.ts";
import type { DebContents } from "./read-deb.ts";
import { debianWorkers } from "./suite.ts";

const suite = "bookworm";

/**
 * Brings the OCI runtime crun, with the libraries that it needs, from the signed archive into a folder of its own: once, then it is found there
 * without a network. The tree appears whole or not at all, whoever else does the same at the same time.
 * @returns the tree: a folder laid out as a root with a merged /usr, with usr/bin/crun; `runtimeFromTree` of the sandbox makes it run.
 * @throws SLIP_NETWORK and SLIP_VERIFY as openArchive does.
 */
export async function bringRuntime(options: BringRuntimeOptions): Promise<string> {
  await mkdir(options.into, { recursive: true });
  const there = await broughtRuntime(options);
  if (there) return there;

  const archive = await openArchive({ ...options, suite });
  const packages = archive.resolve(["crun"]);
  const crun = packages.find((entry) => entry.name === "crun");
  if (!crun) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "crun was resolved without crun" });
  const debs = await archive.fetch(packages);

  const temporary = `${options.into}/.bring-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    const root = `${temporary}/tree`;
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
      await mkdir(`${root}/usr/${name}`, { recursive: true });
      await symlink(`usr/${name}`, `${root}/${name}`);
    }
    for (const [at, deb] of debs.entries()) {
      const tar = `${temporary}/data.tar`;
      await debianWorkers().call<DebContents>("unpack", { deb, tar });
      await extractTar({ source: tar, into: root, owner: "squash", keepFolders: true, signal: options.ctx.signal });
      progress(options, "unpacking the runtime", at + 1, debs.length);
    }
    await rm(`${temporary}/data.tar`, { force: true });
    const notes = packages.map((entry) => `${entry.name} ${entry.version} ${entry.sha256}\n`).join("");
    await writeFile(`${temporary}/packages`, `${archive.origin}\n${notes}`);
    const target = `${options.into}/crun-${crun.version.replaceAll(/[^\w.+~-]/g, "_")}-${options.arch}`;
    try {
      await rename(temporary, target);
    } catch (error) {
      // Another process was first; what it brought is as good.
      if (!/^(?:EEXIST|ENOTEMPTY)$/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
    return `${target}/tree`;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The tree that bringRuntime brought earlier, the newest; undefined when there is none. */
export async function broughtRuntime({
  into,
  arch,
}: Pick<BringRuntimeOptions, "into" | "arch">): Promise<string | undefined> {
  const there = await readdir(into).catch((error: NodeJS.ErrnoException): readonly string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const names = there.filter((name) => name.startsWith("crun-") && name.endsWith(`-${arch}`));
  const name = names.sort().at(-1);
  return name === undefined ? undefined : `${into}/${name}/tree`;
}
