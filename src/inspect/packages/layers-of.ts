import type { Stats } from "node:fs";
import type { SoftwarePackage } from "../../attest/index.ts";
import { InRoot } from "../in-root.ts";
import { packageDatabases } from "./system-packages.ts";

/** Of all databases that are read again, one a layer that changed it. */
const mostBytes = 512 * 1024 * 1024;
/** Looks into layers for files of their own: enough for a hundred thousand packages in thirty layers. */
const mostLooks = 3_000_000;

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
  const finder = new LayerFinder(roots);
  const listed = listedSince(root, roots, note);
  const files = new Map<string, number | undefined>();
  const found = packages.map((item) => {
    const since = listed.get(item.path);
    if (since) return withLayer(item, since.get(key(item)));
    if (!files.has(item.path)) files.set(item.path, finder.topmost(item.path));
    return withLayer(item, files.get(item.path));
  });
  if (finder.left < 0) note("which layer brought a package is not known of all: there are too many in too many layers");
  return found;
}

/** Finds the layers of files, looking at each folder of each layer once. */
class LayerFinder {
  /** Looks that may still be taken. */
  left = mostLooks;
  readonly #roots: readonly InRoot[];
  readonly #folders: readonly Map<string, boolean>[];

  constructor(roots: readonly InRoot[]) {
    this.#roots = roots;
    this.#folders = roots.map(() => new Map([["", true]]));
  }

  /** The topmost layer that has a file of its own at a path; a link that leads there leads to another layer's. */
  topmost(shown: string): number | undefined {
    const path = Buffer.from(shown).toString("latin1");
    const at = this.#roots.findLastIndex(
      (root, layer) => this.#hasFolder(layer, parentOf(path)) && this.#look(root, path)?.isFile(),
    );
    return at < 0 ? undefined : at;
  }

  #hasFolder(layer: number, path: string): boolean {
    const known = this.#folders[layer]?.get(path);
    if (known !== undefined) return known;
    const has =
      this.#hasFolder(layer, parentOf(path)) && this.#look(this.#roots[layer] as InRoot, path)?.isDirectory() === true;
    this.#folders[layer]?.set(path, has);
    return has;
  }

  #look(root: InRoot, path: string): Stats | undefined {
    return this.left-- > 0 ? root.lstat(path) : undefined;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function withLayer(item: SoftwarePackage, layer: number | undefined): SoftwarePackage {
  return layer === undefined ? item : { ...item, layer };
}

function key({ name, version, architecture }: SoftwarePackage): string {
  return `${name}\0${version}\0${architecture ?? ""}`;
}

/** Bytes of a file of a layer; undefined where a link leads there: it is one of another layer's. */
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
