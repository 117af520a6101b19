import type { Objects } from "../audit/library-finder.ts";
import { inPages } from "../audit/in-pages.ts";
import type { InRoot } from "../in-root.ts";
import { type Elf, readElf } from "../result/elf.ts";

/** The programs and libraries of a root, each read when it is asked for the first time; those that were are listed. */
export class LazyObjects implements Objects {
  readonly #root: InRoot;
  readonly #known = new Map<string, Elf | undefined>();

  constructor(root: InRoot) {
    this.#root = root;
  }

  /** @param path without links. */
  get(path: string): Elf | undefined {
    if (!this.#known.has(path)) this.#known.set(path, this.#read(path));
    return this.#known.get(path);
  }

  *[Symbol.iterator](): Iterator<readonly [string, Elf]> {
    for (const [path, elf] of this.#known) if (elf) yield [path, elf];
  }

  #read(path: string): Elf | undefined {
    const file = this.#root.openPlain(path);
    try {
      const elf = file && readElf(inPages(file.read));
      return typeof elf === "object" ? elf : undefined;
    } finally {
      file?.close();
    }
  }
}
