import type { InRoot } from "../in-root.ts";
import type { Elf } from "../result/elf.ts";
import { cacheOf, isLoaderItself, muslFolders, type Program, replaceTokens, triplets } from "../result/libraries.ts";

/** Programs and libraries by their paths without links: all of a root, or those that somebody asks for. */
export interface Objects extends Iterable<readonly [path: string, elf: Elf]> {
  get(path: string): Elf | undefined;
}

/** Where the names of libraries lead in a root, each place looked at once (ld.so(8)). */
export class LibraryFinder {
  readonly #root: InRoot;
  readonly #objects: Objects;
  readonly #given: readonly string[];
  readonly #cache: ReadonlyMap<string, readonly string[]>;
  readonly #places = new Map<string, Program | undefined>();
  #byName: Map<string, Program[]> | undefined;

  /** @param objects all programs and libraries of the root, by their paths without links. */
  constructor(root: InRoot, objects: Objects, env: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#objects = objects;
    this.#given = (env.get("LD_LIBRARY_PATH") ?? "").split(/[:;]/).filter(Boolean);
    this.#cache = cacheOf(root);
  }

  /** The library that a name stands for in a program or library by itself, or what its loader has by that name anyway. */
  find(name: string, object: Program): Program | "loader" | undefined {
    const { elf } = object;
    const loader = (elf.interpreter ?? "").replace(/^.*\//, "");
    if (loader !== "" && isLoaderItself(name, loader)) return "loader";
    if (name.includes("/")) return this.#at(name, elf);
    const replace = (list: readonly string[]): readonly string[] =>
      list.flatMap((folder) => replaceTokens(folder, object));
    const own = [...(elf.runpath.length > 0 ? [] : replace(elf.rpath)), ...this.#given, ...replace(elf.runpath)];
    const found = this.in(own, name, object);
    if (found || elf.noDefaultFolders) return found;
    if (loader.startsWith("ld-musl-")) return this.in(muslFolders(this.#root, loader), name, object);
    for (const path of this.#cache.get(name) ?? []) {
      const cached = this.#at(path, elf);
      if (cached) return cached;
    }
    return this.in(defaultFolders(elf.machine), name, object);
  }

  /** The library of that name in the first of the folders that has one for the machine. */
  in(folders: readonly string[], name: string, { elf }: Program): Program | undefined {
    for (const folder of folders) {
      const found = this.#at(`${folder}/${name}`, elf);
      if (found) return found;
    }
    return undefined;
  }

  /** One that has the name, wherever it is. */
  anywhere(name: string, { elf }: Program): Program | undefined {
    this.#byName ??= this.#names();
    return this.#byName.get(name)?.find((one) => fits(one.elf, elf));
  }

  #names(): Map<string, Program[]> {
    const names = new Map<string, Program[]>();
    for (const [path, elf] of this.#objects) {
      for (const name of new Set([elf.soname ?? "", path.slice(path.lastIndexOf("/") + 1)])) {
        names.set(name, [...(names.get(name) ?? []), { path, elf }]);
      }
    }
    return names;
  }

  #at(path: string, wanted: Elf): Program | undefined {
    if (!this.#places.has(path)) {
      const real = this.#root.resolve(path)?.path;
      const elf = real === undefined ? undefined : this.#objects.get(real);
      this.#places.set(path, real !== undefined && elf ? { path: real, elf } : undefined);
    }
    const found = this.#places.get(path);
    return found && fits(found.elf, wanted) ? found : undefined;
  }
}

/** Loaders pass over libraries for another machine. */
function fits(elf: Elf, wanted: Elf): boolean {
  return elf.machine === wanted.machine && elf.bits === wanted.bits;
}

/** What Debian's glibc looks in by itself. */
function defaultFolders(machine: number): readonly string[] {
  const inner = triplets[machine] ?? [];
  return ["/lib", "/usr/lib"].flatMap((folder) => [...inner.map((triplet) => `${folder}/${triplet}`), folder]);
}
