import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, SlipwayError } from "../base/index.ts";
import type { Database } from "./database.ts";
import { Holder, holders, holderTime, isBuild } from "./holder.ts";
import { ulid } from "./ulid.ts";

/** What was used less than this ago is not marked as used again: then a rebuild that is answered from the cache writes nothing. */
const touchAfter = 10 * 60_000;

/** Names inside the store's folder. */
export const folders = {
  blobs: "blobs/sha256",
  snapshots: "snapshots",
  caches: "caches",
  active: "active",
  trash: "trash",
  holders: "holders",
} as const;

/** What the parts of an open store share. */
export class State implements Disposable {
  readonly root: string;
  readonly db: Database;
  readonly bootId: string;
  readonly build: Holder;
  readonly tool: Holder;
  readonly #untilClosed: string[] = [];
  #closed = false;

  constructor(root: string, db: Database, bootId: string) {
    this.root = root;
    this.db = db;
    this.bootId = bootId;
    this.build = new Holder(db, join(root, folders.holders), "build");
    this.tool = new Holder(db, join(root, folders.holders), "tool");
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A path below the root; the folders that lead to it exist afterwards. */
  path(...segments: readonly string[]): string {
    const path = join(this.root, ...segments);
    makeFolder(dirname(path));
    return path;
  }

  /** A new folder of this process: found by recover through its holder's name. */
  scratch({ untilClosed = false }: { readonly untilClosed?: boolean } = {}): string {
    const path = this.path(folders.active, this.build.id, ulid());
    mkdirSync(path);
    if (untilClosed) this.#untilClosed.push(path);
    return path;
  }

  /** True when something last used then has to be marked as used again. */
  isStale(lastUsed: number): boolean {
    return lastUsed < Date.now() - touchAfter;
  }

  /**
   * What was used at this time or later may be in use by a living build. Ask for it as the writer: a build that begins afterwards then
   * sees what the writer left.
   * @param own whether this process counts as such a build too.
   */
  protectedSince({ own }: { readonly own: boolean }): number {
    let since = Number.POSITIVE_INFINITY;
    for (const { id, alive } of holders(join(this.root, folders.holders))) {
      if (!own && this.build.registered && id === this.build.id) continue;
      if (alive && isBuild(id)) since = Math.min(since, holderTime(id) - touchAfter);
    }
    return since;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.build.registered) {
      const { id } = this.build;
      if (this.db.get("SELECT 1 FROM locks WHERE holder = ?", id))
        this.db.run("DELETE FROM locks WHERE holder = ?", id);
      for (const path of this.#untilClosed) rmSync(path, { recursive: true, force: true });
      rmdirIfEmpty(join(this.root, folders.active, id));
    }
    this.build[Symbol.dispose]();
    this.tool[Symbol.dispose]();
    this.db[Symbol.dispose]();
  }
}

/** What was not discarded stays for recover. */
function rmdirIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

export function missing(what: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot find ${what} in the store`,
    hint: "something outside slipway removed it, or it was pruned; build again",
  });
}
