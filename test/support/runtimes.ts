import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where an OCI runtime for tests lies: a program, or a tree of unpacked Debian packages. */
export type TestRuntime =
  | { readonly kind: "program"; readonly name: "crun" | "runc"; readonly path: string }
  | { readonly kind: "tree"; readonly name: "crun"; readonly path: string };

const packages = {
  crun: [
    "crun",
    "libyajl2",
    "libseccomp2",
    "libcap2",
    "libsystemd0",
    "libgcrypt20",
    "libgpg-error0",
    "liblz4-1",
  ].concat(["liblzma5", "libzstd1", "libc6", "libgcc-s1"]),
  runc: ["runc"],
};

/** A folder that every user may read, for runtimes that are not on PATH. */
export function runtimeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-runtimes-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** crun as slipway brings it: unpacked Debian packages. Undefined where there is no apt or it reaches no archive. */
export function crunTree(folder: string): TestRuntime | undefined {
  const path = unpack("crun", folder);
  return path === undefined ? undefined : { kind: "tree", name: "crun", path };
}

/** A runtime of this machine, or runc from the archive; undefined when neither is to be had. */
export function program(name: "crun" | "runc", folder: string): TestRuntime | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
  if (found !== "") return { kind: "program", name, path: found };
  if (name === "crun") return undefined;
  const tree = unpack(name, folder);
  return tree === undefined ? undefined : { kind: "program", name, path: join(tree, "usr/sbin/runc") };
}

function unpack(name: "crun" | "runc", folder: string): string | undefined {
  const debs = join(folder, `${name}-debs`);
  const tree = join(folder, name);
  mkdirSync(debs);
  const wanted = packages[name];
  const options = ["-qq", "-o", "APT::Sandbox::User=root"];
  const { status } = spawnSync("apt-get", ["download", ...options, ...wanted], { cwd: debs, stdio: "ignore" });
  if (status !== 0) return undefined;
  for (const deb of readdirSync(debs)) execFileSync("dpkg-deb", ["-x", join(debs, deb), tree]);
  return existsSync(tree) ? tree : undefined;
}
