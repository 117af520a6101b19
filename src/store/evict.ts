import type { Digest } from "../base/index.ts";
import { blobBytes, type BlobStore } from "./blob-store.ts";
import { type CacheMountRow, mountsInUse } from "./cache-mount-store.ts";
import type { CacheRecord, SnapshotId } from "./contract.ts";
import type { Database } from "./database.ts";
import {
  chainOf,
  type Chosen,
  irreplaceable,
  keptByAlone,
  References,
  removeChosen,
  type SnapshotRow,
  snapshotRows,
} from "./gc.ts";
import { recordOf, type RecordRow } from "./record-store.ts";
import { type RemadeFile, remadeFiles } from "./remade.ts";
import type { State } from "./state.ts";
import type { EvictedThing, Eviction, PastEviction, StorageLimit } from "./usage.ts";
import { restBytes, usedBytes } from "./used-bytes.ts";

/** When an eviction is asked for. */
export interface EvictOptions {
  /** `running`: what this process has used stays, as does what others use. `done`: this process needs nothing any more. */
  readonly when: "running" | "done";
  /** Images that came into the store at this time or later stay, whether they have a name or not (milliseconds since the epoch). */
  readonly since?: number | undefined;
  /** Bytes that are about to be written. */
  readonly room?: number | undefined;
}

/** Evictions that are remembered. */
const remembered = 500;

/**
 * Removes what was used longest ago until the store is within its limit. What people gave a name to stays, and so does what living
 * builds use; both may be more than the limit allows.
 * @returns undefined when the store is within its limit.
 */
export async function evict(
  state: State,
  blobs: BlobStore,
  limit: StorageLimit,
  { when, since = Number.POSITIVE_INFINITY, room = 0 }: EvictOptions,
): Promise<Eviction | undefined> {
  const rest = restBytes(state.root);
  const { db } = state;
  noteRest(db, rest);
  // A query: most of the time there is nothing to do.
  if (usedBytes(db, rest) + room <= limit.max) return undefined;
  let eviction: Eviction | undefined;
  await removeChosen(state, blobs, () => {
    const used = usedBytes(db, rest);
    if (used + room <= limit.max) return nothing;
    const { chosen, things } = chooseOldest(state, used + room - limit.keep, when, since);
    const left = used - chosen.bytes;
    const now = Date.now();
    eviction = { limit, things, bytes: chosen.bytes, used, left, over: left + room > limit.max };
    if (eviction.over && when === "done") writeFact(db, overKey, { max: limit.max, left });
    for (const { kind, name, bytes, lastUsed } of things) {
      db.run(
        "INSERT INTO evictions (time, kind, name, bytes, last_used, cap) VALUES (?, ?, ?, ?, ?, ?)",
        now,
        kind,
        name,
        bytes,
        Math.floor(lastUsed),
        limit.label,
      );
    }
    db.run(
      `DELETE FROM evictions WHERE id <= (SELECT id FROM evictions ORDER BY id DESC LIMIT 1 OFFSET ${remembered})`,
    );
    return { ...chosen, gone: `evicted on ${new Date(now).toISOString().slice(0, 10)}: ${limit.label}` };
  });
  return eviction;
}

/** Facts: what `restBytes` gave last, and how far over which limit the store was when nothing more could be evicted. */
const restKey = "store/rest-bytes";
const overKey = "store/over-limit";
/** What differs by less is not worth a write or an attempt (bytes). */
const little = 1 << 20;

/** What the store takes as far as the database alone can tell: a few sums. */
export function estimatedBytes(db: Database): number {
  return usedBytes(db, readFact<number>(db, restKey) ?? 0);
}

/** True when an eviction is called for, as far as the database alone can tell. */
export function isOver(db: Database, { max }: StorageLimit): boolean {
  const used = estimatedBytes(db);
  if (used <= max) return false;
  const tried = readFact<{ readonly max: number; readonly left: number }>(db, overKey);
  return tried?.max !== max || used > tried.left + little;
}

function noteRest(db: Database, rest: number): void {
  if (Math.abs((readFact<number>(db, restKey) ?? 0) - rest) > little) writeFact(db, restKey, rest);
}

function readFact<T>(db: Database, key: string): T | undefined {
  const row = db.get<{ value: string }>("SELECT value FROM facts WHERE key = ?", key);
  return row && (JSON.parse(row.value) as T);
}

function writeFact(db: Database, key: string, value: unknown): void {
  db.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, JSON.stringify(value));
}

/** Foreseeing is worth its query for what is at least so large (bytes). */
const large = 1 << 20;
/** Where nothing more could be evicted, it is not tried again for so long (milliseconds). */
const pause = 5000;

/**
 * Makes room before something large is written.
 * @param onEviction hears of each time that it had to.
 */
export function roomMaker(
  blobs: () => BlobStore,
  state: State,
  limit: StorageLimit,
  onEviction: ((eviction: Eviction) => void) | undefined,
): (bytes: number) => Promise<void> {
  let again = 0;
  return async (room) => {
    if (room < large || Date.now() < again) return;
    const eviction = await evict(state, blobs(), limit, { when: "running", room });
    if (eviction && eviction.things.length > 0) onEviction?.(eviction);
    if (eviction?.over) again = Date.now() + pause;
  };
}

/** Latest first. */
export function pastEvictions(db: Database): readonly PastEviction[] {
  return db
    .all<PastEviction & { readonly last_used: number }>("SELECT * FROM evictions ORDER BY id DESC")
    .map(({ time, kind, name, bytes, last_used: lastUsed, cap }) => ({ time, kind, name, bytes, lastUsed, cap }));
}

const nothing: Chosen = {
  images: [],
  records: [],
  snapshots: [],
  blobs: [],
  cacheMounts: [],
  failedSteps: [],
  files: [],
  bytes: 0,
};

interface ImageRow {
  readonly id: Digest;
  readonly top: SnapshotId | null;
  readonly last_used: number;
  readonly built: number;
  readonly named: number;
  readonly asked: number;
  readonly name: string | null;
}

interface BlobRow {
  readonly digest: Digest;
  readonly media_type: string;
  readonly size: number;
  readonly last_used: number;
}

/** What may go; `depth` is how many layers lie below, so that of two as old the one on top goes first. */
type Item = { readonly lastUsed: number; readonly depth: number } & (
  | { readonly kind: "step"; readonly row: RecordRow }
  | { readonly kind: "image"; readonly row: ImageRow }
  | { readonly kind: "layer archive" | "package"; readonly row: BlobRow }
  | { readonly kind: "cache mount"; readonly row: CacheMountRow }
  | { readonly kind: "failed step"; readonly snapshot: SnapshotId }
  | { readonly kind: "file"; readonly file: RemadeFile }
);

/** Part of the transaction that removes it. */
function chooseOldest(
  state: State,
  wanted: number,
  when: EvictOptions["when"],
  since: number,
): { readonly chosen: Chosen; readonly things: readonly EvictedThing[] } {
  const { db, root } = state;
  const before = state.protectedSince({ own: when === "running" });
  const snapshots = snapshotRows(db);
  const images = db.all<ImageRow>(
    `SELECT id, top, last_used, facts IS NOT NULL AS built, EXISTS (SELECT 1 FROM names WHERE image = images.id) AS named,
       EXISTS (SELECT 1 FROM names WHERE image = images.id AND asked = 1) AS asked,
       (SELECT min(name) FROM names WHERE image = images.id) AS name FROM images`,
  );
  // A base that a build brought is cache, though it has a name; what was built or asked for by name is not.
  const stays = ({ named, asked, built, last_used: used }: ImageRow): boolean =>
    (named === 1 && (asked === 1 || built === 1)) || used >= Math.min(before, since);
  const kept = images.filter(stays);
  const held = new Set<SnapshotId>();
  for (const { top } of kept) for (const { id } of chainOf(snapshots, top)) held.add(id);

  const refs = new References(snapshots);
  for (const { top } of images) refs.add(top);
  for (const row of snapshots.values()) {
    refs.add(row.parent);
    refs.add(row.layer);
    if (row.last_used < before) continue;
    refs.add(row.id);
    for (const { id } of chainOf(snapshots, row.id)) held.add(id);
  }
  const records = db.all<RecordRow>("SELECT * FROM records");
  for (const row of records) refs.add(row.snapshot);
  const failed = db.all<{ snapshot: SnapshotId }>("SELECT snapshot FROM failed_steps");
  for (const { snapshot } of failed) refs.add(snapshot);
  refs.dropUnused();

  const age = new Ages(snapshots);
  for (const { snapshot, last_used: used } of records) age.use(snapshot, used);
  for (const { top, last_used: used } of images) if (top !== null) age.use(top, used);
  const layerDigests = new Set(
    db.all<{ digest: Digest }>("SELECT digest FROM layer_blobs").map(({ digest }) => digest),
  );
  const inUse = mountsInUse(state);
  const items: Item[] = [
    ...records
      .filter(({ snapshot, last_used: used }) => used < before && !held.has(snapshot))
      .map((row) => ({ kind: "step" as const, row, ...age.of(row.snapshot) })),
    ...images
      .filter((row) => !stays(row) && (row.top === null || !held.has(row.top)))
      .map((row) => {
        // Before the step that it came of, which then is what frees the bytes.
        const { lastUsed, depth } = row.top === null ? { lastUsed: row.last_used, depth: 0 } : age.of(row.top);
        return { kind: "image" as const, row, lastUsed, depth: depth + 1 };
      }),
    ...db
      .all<BlobRow>(
        `SELECT digest, media_type, size, last_used FROM blobs WHERE last_used < ? AND NOT ${irreplaceable}
           AND digest NOT IN (SELECT digest FROM image_blobs)`,
        finite(before),
      )
      .map((row) => {
        const kind = layerDigests.has(row.digest) ? ("layer archive" as const) : ("package" as const);
        return { kind, row, lastUsed: row.last_used, depth: 0 };
      }),
    // Whoever uses one has said so: what nobody has goes rather than that a step ends for want of room.
    ...db
      .all<CacheMountRow>("SELECT * FROM cache_mounts")
      .filter(({ id }) => !inUse.has(id))
      .map((row) => ({ kind: "cache mount" as const, row, lastUsed: row.last_used, depth: 0 })),
    ...failed
      .map(({ snapshot }) => ({ kind: "failed step" as const, snapshot, ...age.of(snapshot) }))
      .filter(({ snapshot, lastUsed }) => lastUsed < before && !held.has(snapshot)),
    ...remadeFiles(root)
      .filter((file) => file.lastUsed < before)
      .map((file) => ({ kind: "file" as const, file, lastUsed: file.lastUsed, depth: 0 })),
  ].sort((a, b) => a.lastUsed - b.lastUsed || b.depth - a.depth);

  const gone = {
    images: [] as Digest[],
    records: [] as CacheRecord[],
    blobs: [] as Digest[],
    cacheMounts: [] as string[],
    failedSteps: [] as SnapshotId[],
    files: [] as RemadeFile[],
  };
  const things: EvictedThing[] = [];
  let bytes = 0;
  /** What only this image keeps goes with it. */
  const attached = (id: Digest): number => {
    const alone = keptByAlone(db, [id]);
    const free = `SELECT * FROM blobs WHERE last_used < ? AND NOT ${irreplaceable}`;
    const rows = alone.size === 0 ? [] : db.all<BlobRow>(free, finite(before));
    const own = rows.filter(({ digest }) => alone.has(digest));
    gone.blobs.push(...own.map(({ digest }) => digest));
    return own.reduce((sum, blob) => sum + blobBytes(root, blob), 0);
  };
  for (const item of items) {
    if (bytes + refs.bytes >= wanted) break;
    const { lastUsed, kind } = item;
    const already = refs.bytes;
    const tell = (name: string, own = refs.bytes - already): void => {
      things.push({ kind, name, bytes: own, lastUsed });
    };
    switch (item.kind) {
      case "step":
        gone.records.push(recordOf(item.row));
        refs.drop(item.row.snapshot);
        tell(item.row.description);
        break;
      case "image": {
        const beside = attached(item.row.id);
        gone.images.push(item.row.id);
        if (item.row.top !== null) refs.drop(item.row.top);
        bytes += beside;
        tell(item.row.name ?? item.row.id, refs.bytes - already + beside);
        break;
      }
      case "failed step":
        gone.failedSteps.push(item.snapshot);
        refs.drop(item.snapshot);
        tell(item.snapshot);
        break;
      case "layer archive":
      case "package": {
        const size = blobBytes(root, item.row);
        gone.blobs.push(item.row.digest);
        bytes += size;
        tell(item.row.digest, size);
        break;
      }
      case "cache mount":
        gone.cacheMounts.push(item.row.id);
        bytes += item.row.disk ?? 0;
        tell(item.row.name, item.row.disk ?? 0);
        break;
      case "file":
        gone.files.push(item.file);
        bytes += item.file.size;
        tell(item.file.path.slice(root.length + 1), item.file.size);
    }
  }
  return { chosen: { ...gone, snapshots: refs.dropped, bytes: bytes + refs.bytes }, things };
}

/** When each snapshot was last of use: itself, or what stands on it. */
class Ages {
  readonly #rows: ReadonlyMap<SnapshotId, SnapshotRow>;
  readonly #used: Map<SnapshotId, number>;

  constructor(rows: ReadonlyMap<SnapshotId, SnapshotRow>) {
    this.#rows = rows;
    this.#used = new Map();
    for (const row of rows.values()) this.use(row.id, row.last_used);
  }

  use(id: SnapshotId, time: number): void {
    for (let at: SnapshotId | null = id; at !== null;) {
      if ((this.#used.get(at) ?? -1) >= time) return;
      this.#used.set(at, time);
      const row: SnapshotRow | undefined = this.#rows.get(at);
      if (row?.layer !== undefined && row.layer !== null) this.use(row.layer, time);
      at = row?.parent ?? null;
    }
  }

  of(id: SnapshotId): { readonly lastUsed: number; readonly depth: number } {
    return { lastUsed: this.#used.get(id) ?? 0, depth: chainOf(this.#rows, id).length };
  }
}

function finite(time: number): number {
  return Math.min(time, Number.MAX_SAFE_INTEGER);
}
