import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type CopyReport, type CopyRequest, copySources } from "./copy.ts";
import type { TreeSpec } from "./tree.ts";

/** Emptied for each test: `src` is copied from, `dst` copied into. */
export let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-copy-"));
  for (const name of ["src", "dst"]) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Path -> content; `-> target` makes a link, a trailing slash a folder. */
export function write(where: "src" | "dst", files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(folder, where, path);
    mkdirSync(path.endsWith("/") ? absolute : dirname(absolute), { recursive: true });
    if (path.endsWith("/")) continue;
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), absolute);
    else writeFileSync(absolute, content);
  }
}

export function tree(where: string = join(folder, "dst"), below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(where, below)).sort()) {
    const path = join(below, name);
    const stat = lstatSync(join(where, path));
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(where, path))}`;
    else if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, tree(where, path));
    else found[path] = readFileSync(join(where, path), "utf8");
  }
  return found;
}

export const context = (ignore: readonly string[] = []): TreeSpec => ({
  root: join(folder, "src"),
  ignore,
  client: true,
  label: "the build context",
});
export const stage = (): TreeSpec => ({ ...context(), client: false, label: "stage build" });

export async function copy(
  sources: readonly string[],
  destination: string,
  { tree: from = context(), ...more }: Partial<CopyRequest> & { readonly tree?: TreeSpec } = {},
): Promise<CopyReport> {
  return copySources({
    sources: sources.map((path) => ({ type: "path", tree: from, path })),
    root: join(folder, "dst"),
    destination,
    squashOwners: process.getuid?.() !== 0,
    ...more,
  });
}

export const mode = (path: string): string => (lstatSync(join(folder, path)).mode & 0o7777).toString(8);
