import type { SoftwarePackage } from "../../attest/index.ts";
import { InRoot } from "../in-root.ts";
import { packageDatabases } from "./system-packages.ts";

/** Of all databases that are read again, one a layer that changed it. */
const mostBytes = 512 * 1024 * 1024;

/**
 * The packages with the layer that brought each. A file of its own lies in the topmost layer that has it; what a database lists came with the first
 * layer since which the database has listed it.
 * @param layers folders of changes, bottom first.
 */
export function layersOf(
  packages: readonly SoftwarePackage[],
  root: InRoot,
  layers: readonly string[],
  note: (text: string) => void,
): readonly SoftwarePackage[] {
  if (layers.length === 0) return packages;
  const roots = layers.map((folder) => new InRoot(folder));
  const listed = listedSince(root, roots, note);
  const files = new Map<string, number | undefined>();
  return packages.map((item) => {
    const since = listed.get(item.path);
    if (since) return withLayer(item, since.get(key(item)));
    if (!files.has(item.path)) files.set(item.path, topmost(item.path, roots));
    return withLayer(item, files.get(item.path));
  });
}

function withLayer(item: SoftwarePackage, layer: number | undefined): SoftwarePackage {
  return layer === undefined ? item : { ...item, layer };
}

function key({ name, version, architecture }: SoftwarePackage): string {
  return `${name}\0${version}\0${architecture ?? ""}`;
}

function topmost(shown: string, roots: readonly InRoot[]): number | undefined {
  const path = Buffer.from(shown).toString("latin1");
  const at = roots.findLastIndex((root) => fileSize(root, path) !== undefined);
  return at < 0 ? undefined : at;
}

/** Of a file of a layer; undefined where a link leads there: it is one of another layer's. */
function fileSize(root: InRoot, path: string): number | undefined {
  const found = root.resolve(path);
  return found?.path === path && found.stats.isFile() ? found.stats.size : undefined;
}

/** By database, and by package: the layer since which it is there. */
function listedSince(
  root: InRoot,
  roots: readonly InRoot[],
  note: (text: string) => void,
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, ReadonlyMap<string, number>>();
  let left = mostBytes;
  for (const { path, read } of packageDatabases(root)) {
    let since = new Map<string, number>();
    for (const [at, layer] of roots.entries()) {
      const size = fileSize(layer, path);
      if (size === undefined) continue;
      left -= size;
      if (left < 0) {
        note("which layer brought which package is not known: its databases come to more than 512 MB");
        return new Map([...found.keys(), root.show(path)].map((one) => [one, new Map()]));
      }
      // Of a layer whose database cannot be read, nobody has to know twice.
      const there = read(layer, () => undefined);
      since = new Map(there.map((item) => [key(item), since.get(key(item)) ?? at]));
    }
    found.set(root.show(path), since);
  }
  return found;
}
