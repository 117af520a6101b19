import { type BigIntStats, lstatSync, readdirSync, type Stats } from "node:fs";
import { fsPath, toBytes } from "../base/index.ts";
import { getXattr, listXattrs } from "../base/syscalls.ts";
import type { Attributes } from "./attributes.ts";
import { travels } from "./tar-format.ts";

/** The folders of changes below a layer, as overlayfs would show them together. Paths are byte strings; links are not followed. */
export class LowerLayers {
  readonly #folders: readonly string[];
  readonly #overlayXattrs: string;

  /** @param folders topmost first. */
  constructor(folders: readonly string[], overlayXattrs: "trusted" | "user") {
    this.#folders = folders;
    this.#overlayXattrs = overlayXattrs;
  }

  /** Names in the root of any of them. */
  rootNames(): readonly string[] {
    return [...new Set(this.#folders.flatMap((folder) => readdirSync(folder, "latin1")))].sort();
  }

  /** True when something can be seen at a path. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** Attributes of the folder that can be seen at a path; undefined when there is none. */
  folderAttributes(name: string): Attributes | undefined {
    const found = this.#find(name);
    return found?.stats.isDirectory() === true ? attributesOf(found.path, found.stats) : undefined;
  }

  /** What the topmost layer that has it says, unless one above hides it. */
  #find(name: string): { readonly path: string; readonly stats: BigIntStats } | undefined {
    const parts = name.split("/");
    for (const folder of this.#folders) {
      let path = toBytes(folder);
      let stats: BigIntStats | undefined;
      let hides = false;
      for (const [at, part] of parts.entries()) {
        path += `/${part}`;
        stats = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
        if (!stats) break;
        if (at === parts.length - 1) return isWhiteout(stats) ? undefined : { path, stats };
        if (!stats.isDirectory()) return undefined;
        hides ||= isOpaque(path, this.#overlayXattrs);
      }
      if (hides) return undefined;
    }
    return undefined;
  }
}

/** What overlayfs takes for "removed" (kernel, overlayfs.rst, "whiteouts and opaque directories"). */
export function isWhiteout(stats: Stats | BigIntStats): boolean {
  return stats.isCharacterDevice() && Number(stats.rdev) === 0;
}

/** True for a folder that shows nothing of what is below. */
export function isOpaque(path: string, overlayXattrs: string): boolean {
  return Buffer.from(getXattr(fsPath(path), `${overlayXattrs}.overlay.opaque`) ?? []).toString() === "y";
}

function attributesOf(path: string, stats: BigIntStats): Attributes {
  const xattrs = new Map<string, string>();
  for (const attribute of listXattrs(fsPath(path)).filter(travels)) {
    xattrs.set(toBytes(attribute), Buffer.from(getXattr(fsPath(path), attribute) ?? []).toString("latin1"));
  }
  const mode = Number(stats.mode) & 0o7777;
  return { mode, uid: Number(stats.uid), gid: Number(stats.gid), mtimeNs: stats.mtimeNs, xattrs };
}
