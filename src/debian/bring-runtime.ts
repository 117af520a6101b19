import { mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { SlipwayError } from "../base/index.ts";
import { openArchive, progress } from "./archive.ts";
import type { Archive, BringRuntimeOptions, DebianPackage } from "./contract.ts";
import { packageUnpacker } from "./unpack-packages.ts";
import { compareVersions } from "./version.ts";

const suite = "bookworm";

/**
 * Brings the OCI runtime crun, with the libraries that it needs, from the signed archive into a folder of its own: once, then it is found there
 * without a network. The tree appears whole or not at all, whoever else does the same at the same time.
 * @returns the tree: a folder laid out as a root with a merged /usr, with usr/bin/crun; `runtimeFromTree` of the sandbox makes it run.
 * @throws SLIP_NETWORK and SLIP_VERIFY as openArchive does.
 */
export async function bringRuntime(options: BringRuntimeOptions): Promise<string> {
  const there = await broughtRuntime(options);
  if (there) return there;
  return unpack(await findRuntime(options), options);
}

/** How old a look at the archive may be, or a version that another build may still be running from (milliseconds). */
const day = 24 * 3600 * 1000;

/**
 * Brings a newer runtime when the archive has one: for a moment at which it is being read anyway. What runs keeps the one that it has; the next
 * engine takes the newest. Looks once a day, and never for a runtime that was not brought.
 * @returns the new tree; undefined when all stays as it is. Throws as bringRuntime does.
 */
export async function renewRuntime(options: BringRuntimeOptions): Promise<string | undefined> {
  const [newest, ...older] = await versionsIn(options);
  if (!newest) return undefined;
  for (const { folder } of older) {
    if (await olderThan(folder, day)) await rm(folder, { recursive: true, force: true });
  }
  if (!(await olderThan(`${newest.folder}/packages`, day))) return undefined;
  const found = await findRuntime(options);
  const now = new Date();
  await utimes(`${newest.folder}/packages`, now, now);
  if (compareVersions(found.crun.version, newest.version) <= 0) return undefined;
  // From now on the old one is on its way out; what still runs from it has a day.
  await utimes(newest.folder, now, now);
  return unpack(found, options);
}

/** The tree that bringRuntime brought earlier, the newest; undefined when there is none. */
export async function broughtRuntime(where: Pick<BringRuntimeOptions, "into" | "arch">): Promise<string | undefined> {
  const [newest] = await versionsIn(where);
  return newest && `${newest.folder}/tree`;
}

interface Brought {
  readonly folder: string;
  readonly version: string;
}

/** What is there, newest first, as Debian orders versions. */
async function versionsIn({ into, arch }: Pick<BringRuntimeOptions, "into" | "arch">): Promise<readonly Brought[]> {
  const there = await readdir(into).catch((error: NodeJS.ErrnoException): readonly string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return there
    .filter((name) => name.startsWith("crun-") && name.endsWith(`-${arch}`))
    .map((name) => ({
      folder: `${into}/${name}`,
      // the colon of an epoch is not written in names of folders
      version: name.slice("crun-".length, -`-${arch}`.length).replace(/^(\d+)_/, "$1:"),
    }))
    .sort((a, b) => compareVersions(b.version, a.version));
}

async function olderThan(path: string, age: number): Promise<boolean> {
  const known = await stat(path).catch(() => undefined);
  return known !== undefined && Date.now() - known.mtimeMs > age;
}

interface FoundRuntime {
  readonly archive: Archive;
  readonly packages: readonly DebianPackage[];
  readonly crun: DebianPackage;
}

async function findRuntime(options: BringRuntimeOptions): Promise<FoundRuntime> {
  const archive = await openArchive({ ...options, suite });
  const packages = archive.resolve(["crun"]);
  const crun = packages.find((entry) => entry.name === "crun");
  if (!crun) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "crun was resolved without crun" });
  return { archive, packages, crun };
}

async function unpack({ archive, packages, crun }: FoundRuntime, options: BringRuntimeOptions): Promise<string> {
  await mkdir(options.into, { recursive: true });
  const debs = await archive.fetch(packages);
  const temporary = `${options.into}/.bring-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    const root = `${temporary}/tree`;
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
      await mkdir(`${root}/usr/${name}`, { recursive: true });
      await symlink(`usr/${name}`, `${root}/${name}`);
    }
    const unpackOne = await packageUnpacker();
    for (const [at, entry] of packages.entries()) {
      await unpackOne(entry, debs[at] ?? "", { into: root, owner: "squash" });
      progress(options, "unpacking the runtime", at + 1, debs.length);
    }
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
