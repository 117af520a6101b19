import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Digest } from "../base/index.ts";
import { measure } from "./chores.ts";
import type { CacheMount, CacheMountRequest, CacheMounts, CacheMountUse } from "./contract.ts";
import { holders, isAlive } from "./holder.ts";
import { aborted } from "./locks.ts";
import { folders, type State } from "./state.ts";
import { measureTree } from "./tree.ts";
import { ulid } from "./ulid.ts";
import { writeWithRename } from "./write-with-rename.ts";

export interface CacheMountRow {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly created: number;
  readonly last_used: number;
  readonly disk: number | null;
  readonly used_by: string | null;
}

interface UseRow {
  readonly id: string;
  readonly holder: string;
  readonly exclusive: number;
}

/** Somebody else has it for longer than this: then whoever waits says so (milliseconds). */
const patience = 1000;

/** What a look at the folders of a key gave: one to use, none that is free, or none at all. */
type Found = { readonly mount: string; readonly use: string } | "busy" | "none";

/**
 * Folders `caches/ID`, with a row each and a row for each use, which names its holder: what a dead holder used is free, because the
 * kernel dropped the holder's lock with its process.
 */
export class CacheMountStore implements CacheMounts {
  readonly #state: State;
  readonly #discard: (path: string) => Promise<void>;

  constructor(state: State, discard: (path: string) => Promise<void>) {
    this.#state = state;
    this.#discard = discard;
  }

  async use(request: CacheMountRequest, signal?: AbortSignal): Promise<CacheMountUse> {
    const name = `the cache ${request.name}`;
    let scratch: string | undefined;
    const started = Date.now();
    let told = false;
    try {
      for (let wait = 2; ; wait = Math.min(wait * 2, 100)) {
        await aborted(signal, name, undefined);
        const found = this.#take(request, scratch);
        if (found === "busy") {
          if (!told && Date.now() - started > patience) {
            told = true;
            request.onWait?.();
          }
          await aborted(signal, name, sleep(wait));
        } else if (found !== "none") return this.#opened(found.mount, found.use);
        else {
          scratch = this.#state.scratch();
          mkdirSync(join(scratch, "new"));
          await request.fill(join(scratch, "new"));
        }
      }
    } finally {
      if (scratch !== undefined) await this.#discard(scratch);
    }
  }

  list(): readonly CacheMount[] {
    return this.#state.db
      .all<CacheMountRow>("SELECT * FROM cache_mounts ORDER BY last_used DESC")
      .map((row) => this.#mountOf(row));
  }

  async remove(ids: readonly string[]): Promise<readonly CacheMount[]> {
    const { db, root, tool } = this.#state;
    // Seen by others, as in a prune: what lies about when this process dies here belongs to a dead process.
    void tool.id;
    const removed = db.write(() =>
      ids.flatMap((id) => {
        const row = db.get<CacheMountRow>("SELECT * FROM cache_mounts WHERE id = ?", id);
        if (!row || this.#living(id).length > 0) return [];
        const mount = this.#mountOf(row);
        db.run("DELETE FROM cache_mounts WHERE id = ?", id);
        return [mount];
      }),
    );
    for (const { id } of removed) await this.#discard(cacheFolder(root, id));
    return removed;
  }

  #mountOf({ id, key, name, created, last_used: lastUsed, used_by: usedBy, disk }: CacheMountRow): CacheMount {
    const inUse = this.#uses(id).some(({ holder }) => this.#lives(holder));
    const size = disk ?? sizeOf(cacheFolder(this.#state.root, id));
    return { id, key: key as Digest, name, created, lastUsed, inUse, usedBy: usedBy ?? undefined, disk: size };
  }

  /**
   * As the only writer: takes a folder of the key that may be taken, or else publishes the new one.
   * @param scratch where a new one lies, in `new`; without it none is published.
   */
  #take({ key, name, sharing, usedBy }: CacheMountRequest, scratch: string | undefined): Found {
    const { db, build, root } = this.#state;
    const holder = build.id;
    const fresh = ulid();
    const source = join(scratch ?? "", "new");
    return writeWithRename(db, source, cacheFolder(root, fresh), (rename) => {
      const rows = db
        .all<CacheMountRow>("SELECT * FROM cache_mounts WHERE key = ? ORDER BY last_used DESC", key)
        .filter(({ id }) => this.#isThere(id));
      const free = rows.find(({ id }) => {
        const uses = this.#living(id);
        return uses.length === 0 || (sharing === "shared" && uses.every(({ exclusive }) => exclusive === 0));
      });
      if (!free && sharing === "locked" && rows.length > 0) return "busy";
      if (!free && scratch === undefined) return "none";
      const mount = free?.id ?? fresh;
      const now = Date.now();
      if (!free) {
        db.run(
          "INSERT INTO cache_mounts (id, name, key, created, last_used, used_by) VALUES (?, ?, ?, ?, ?, ?)",
          mount,
          name,
          key,
          now,
          now,
          usedBy ?? null,
        );
        this.#state.path(folders.caches, mount);
        rename();
      } else {
        const by = usedBy ?? null;
        db.run("UPDATE cache_mounts SET last_used = ?, used_by = coalesce(?, used_by) WHERE id = ?", now, by, mount);
      }
      const use = ulid();
      const exclusive = sharing === "shared" ? 0 : 1;
      db.run(
        "INSERT INTO cache_mount_uses (id, mount, holder, exclusive) VALUES (?, ?, ?, ?)",
        use,
        mount,
        holder,
        exclusive,
      );
      return { mount, use };
    });
  }

  #opened(mount: string, use: string): CacheMountUse {
    const folder = cacheFolder(this.#state.root, mount);
    let held = true;
    return {
      folder,
      [Symbol.asyncDispose]: async () => {
        if (!held || this.#state.closed) return;
        held = false;
        // Measured while nobody else may take it alone; what changes meanwhile counts at the next end.
        const disk = await measure(folder).then(
          (size) => size.disk,
          () => null,
        );
        const { db } = this.#state;
        db.write(() => {
          db.run(
            "UPDATE cache_mounts SET last_used = ?, disk = coalesce(?, disk) WHERE id = ?",
            Date.now(),
            disk,
            mount,
          );
          db.run("DELETE FROM cache_mount_uses WHERE id = ?", use);
        });
      },
    };
  }

  /** Forgets a row whose folder something outside removed, or a crash of the machine lost. */
  #isThere(id: string): boolean {
    if (existsSync(cacheFolder(this.#state.root, id))) return true;
    this.#state.db.run("DELETE FROM cache_mounts WHERE id = ?", id);
    return false;
  }

  /** Uses of living holders; those of dead ones are forgotten. */
  #living(mount: string): readonly UseRow[] {
    return this.#uses(mount).filter(({ id, holder }) => {
      if (this.#lives(holder)) return true;
      this.#state.db.run("DELETE FROM cache_mount_uses WHERE id = ?", id);
      return false;
    });
  }

  #uses(mount: string): readonly UseRow[] {
    return this.#state.db.all<UseRow>("SELECT id, holder, exclusive FROM cache_mount_uses WHERE mount = ?", mount);
  }

  #lives(holder: string): boolean {
    const { build, root } = this.#state;
    return (build.registered && build.id === holder) || isAlive(join(root, folders.holders), holder);
  }
}

/** Undefined for what is gone meanwhile, or belongs to another user. */
function sizeOf(folder: string): number | undefined {
  try {
    return measureTree(folder)?.disk;
  } catch {
    return undefined;
  }
}

/** Where a cache mount lies. */
export function cacheFolder(root: string, id: string): string {
  return join(root, folders.caches, id);
}

/** Ids of the cache mounts that living processes have. As the writer it stays so: who takes one writes. */
export function mountsInUse({ db, root }: State): ReadonlySet<string> {
  const living = new Set(holders(join(root, folders.holders)).flatMap(({ id, alive }) => (alive ? [id] : [])));
  const uses = db.all<{ mount: string; holder: string }>("SELECT mount, holder FROM cache_mount_uses");
  return new Set(uses.flatMap(({ mount, holder }) => (living.has(holder) ? [mount] : [])));
}
