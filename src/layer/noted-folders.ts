import type { Attributes } from "./attributes.ts";

/** Folders by path with what is to be set on them, in the order of their first mention. Forgetting a tree costs what the tree has, not what all have. */
export class NotedFolders implements Iterable<readonly [path: string, attributes: Attributes]> {
  readonly #attributes = new Map<string, Attributes>();
  /** Names of what was noted below a folder, itself noted or not. */
  readonly #below = new Map<string, Set<string>>();

  has(path: string): boolean {
    return this.#attributes.has(path);
  }

  set(path: string, attributes: Attributes): void {
    this.#attributes.set(path, attributes);
    for (let at = path; ;) {
      const cut = at.lastIndexOf("/");
      if (cut < 0) return;
      const parent = at.slice(0, cut);
      const names = this.#below.get(parent);
      if (names?.has(at)) return;
      if (names) names.add(at);
      else this.#below.set(parent, new Set([at]));
      at = parent;
    }
  }

  /** Forgets a folder and all below it. */
  forget(path: string): void {
    this.#below.get(path.slice(0, path.lastIndexOf("/")))?.delete(path);
    const pending = [path];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      this.#attributes.delete(at);
      pending.push(...(this.#below.get(at) ?? []));
      this.#below.delete(at);
    }
  }

  [Symbol.iterator](): IterableIterator<[string, Attributes]> {
    return this.#attributes.entries();
  }
}
