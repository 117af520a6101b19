import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SlipwayError } from "../base/index.ts";
import type { Runtime } from "./contract.ts";
import { interpreterOf, withInterpreter } from "./elf.ts";
import { identify } from "./runtime.ts";
import { resolveBelow } from "./stubs.ts";

/**
 * Makes crun run out of a folder into which Debian packages (crun and all that it depends on) were unpacked, on any Linux of the
 * same architecture: with the libraries and the dynamic loader of that folder.
 *
 * Starting it through the loader (`ld.so crun`) does not do, because crun runs itself again from a copy of /proc/self/exe, which
 * would be the loader. So a copy of crun is written that names the folder's loader by its full path; it is written anew when the
 * folder has moved.
 * @param folder where the packages are unpacked; the copy becomes `crun-here` in it.
 * Throws SLIP_SANDBOX when it does not run.
 */
export function runtimeFromTree(folder: string): Runtime {
  const root = resolve(folder);
  const original = readFileSync(below(root, "/usr/bin/crun"));
  const path = join(root, "crun-here");
  const env = { LD_LIBRARY_PATH: libraryFolders(root).join(":") };
  const loader = interpreterOf(original);
  const own = loader === undefined ? undefined : findBelow(root, loader);
  const patched = own === undefined ? original : withInterpreter(original, own);
  if (existsSync(path) && readFileSync(path).equals(patched)) return { name: "crun", path, env };
  const temporary = `${path}.${randomUUID()}`;
  writeFileSync(temporary, patched);
  chmodSync(temporary, 0o755);
  renameSync(temporary, path);
  const runtime = identify(path, env);
  if (runtime) return runtime;
  throw new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot run crun from ${root}: the packages there do not fit this machine`,
    hint: "install the package crun or runc, or remove that folder to fetch it again",
  });
}

/** A file of the tree, which may have a merged /usr without the links of the top. */
function findBelow(root: string, path: string): string | undefined {
  return [path, `/usr${path}`].map((name) => resolveBelow(root, name)).find(({ missing }) => missing.length === 0)
    ?.found;
}

function below(root: string, path: string): string {
  const found = findBelow(root, path);
  if (found !== undefined) return found;
  throw new SlipwayError({ code: "SLIP_SANDBOX", message: `Cannot find ${path} in ${root}` });
}

/** Folders with shared libraries: lib and usr/lib, and the one of the architecture in each. */
function libraryFolders(root: string): string[] {
  return ["lib", "usr/lib"]
    .map((name) => join(root, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      const inner = readdirSync(folder).filter((name) => name.endsWith("-linux-gnu"));
      return [...inner.map((name) => join(folder, name)), folder];
    });
}
