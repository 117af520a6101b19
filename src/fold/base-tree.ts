import { toBytes } from "../base/index.ts";
import { type LayerEntry, readEntry } from "./layer-entry.ts";

/** What is at a path below the layers that are made anew: "unknown" where nobody has looked, because they are not at hand. */
export type BaseKind = "folder" | "other" | "nothing" | "unknown";

/** Looks paths up in the layers of a base without mounting them. Links are not followed: layers name real places. */
export class BaseTree {
  /** Topmost first. */
  readonly #folders: readonly string[] | undefined;
  readonly #xattrs: "trusted" | "user";
  readonly #known = new Map<string, BaseKind>();

  /** @param folders bottom first; undefined when they are not all at hand. */
  constructor(folders: readonly string[] | undefined, xattrs: "trusted" | "user") {
    this.#folders = folders?.map(toBytes).reverse();
    this.#xattrs = xattrs;
  }

  /** @param path a byte string without a slash at its beginning or end. */
  kind(path: string): BaseKind {
    if (!this.#folders) return "unknown";
    let kind = this.#known.get(path);
    if (kind === undefined) {
      kind = this.#look(path, this.#folders);
      this.#known.set(path, kind);
    }
    return kind;
  }

  /** False only where it is certain that there is nothing. */
  mayHave(path: string): boolean {
    return this.kind(path) !== "nothing";
  }

  #look(path: string, folders: readonly string[]): BaseKind {
    // What lies in nothing is nothing: most questions of a folder that only the layers above have end here.
    const cut = path.lastIndexOf("/");
    if (cut > 0 && this.kind(path.slice(0, cut)) !== "folder") return "nothing";
    for (const folder of folders) {
      let at = folder;
      let entry: LayerEntry | undefined;
      let closed = false;
      const parts = path.split("/");
      let depth = 0;
      for (; depth < parts.length; depth++) {
        at += `/${parts[depth]}`;
        entry = readEntry(at, this.#xattrs);
        if (!entry || entry.kind !== "folder") break;
        closed ||= entry.opaque;
      }
      if (entry?.kind === "folder") return "folder";
      if (entry) return depth === parts.length - 1 && entry.kind !== "whiteout" ? "other" : "nothing";
      if (closed) return "nothing";
    }
    return "nothing";
  }
}
