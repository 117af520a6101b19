import { rmSync, statfsSync } from "node:fs";
import type { Digest } from "../base/index.ts";
import type { ImageConfig } from "../oci/index.ts";
import { blobBytes, type BlobStore } from "./blob-store.ts";
import { cacheFolder, type CacheMountRow } from "./cache-mount-store.ts";
import type { PruneKind, PruneOptions, Removed } from "./cleaning.ts";
import type { CacheRecord, SnapshotId } from "./contract.ts";
import type { Database } from "./database.ts";
import { trimNotes } from "./key-notes.ts";
import { recordOf, type RecordRow } from "./record-store.ts";
import { isOld, type RemadeFile, remadeFiles } from "./remade.ts";
import { snapshotFolder } from "./snapshot-store.ts";
import type { State } from "./state.ts";
import { discard } from "./trash.ts";

export interface SnapshotRow {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | null;
  /** The snapshot whose folder this one is too; its bytes count there. */
  readonly layer: SnapshotId | null;
  /** Bytes on the disk; those of its files in rows that nobody measured. */
  readonly size: number;
  readonly last_used: number;
}
interface ImageRow {
  readonly id: Digest;
  readonly top: SnapshotId | null;
  readonly last_used: number;
  readonly named: number;
  readonly built: number;
}
interface BlobRow {
  readonly digest: Digest;
  readonly size: number;
  readonly last_used: number;
  /** Snapshots in the store whose layer it is. */
  readonly layers: number;
  /** One of them could not be written again without it. */
  readonly irreplaceable: number;
  /** Images that keep it. */
  readonly images: number;
}

/** Something of the cache that may go; the oldest goes first. */
type Item =
  | { readonly type: "record"; readonly row: RecordRow; readonly lastUsed: number }
  | { readonly type: "blob"; readonly row: BlobRow; readonly lastUsed: number }
  | { readonly type: "cache mount"; readonly row: CacheMountRow; readonly lastUsed: number }
  | { readonly type: "failed step"; readonly snapshot: SnapshotId; readonly lastUsed: number }
  | { readonly type: "file"; readonly file: RemadeFile; readonly lastUsed: number };

/** What is removed, with the files that are made again when they are missing. */
export type Chosen = Removed & {
  readonly files: readonly RemadeFile[];
  /** What to tell whoever misses a record: `evicted on ...`; that it was pruned without it. */
  readonly gone?: string | undefined;
};

/** `collect` only looks for snapshots that nothing refers to; `prune` takes images, records and blobs as well. */
type Sweep = { readonly type: "collect" } | ({ readonly type: "prune" } & PruneOptions);

/** Removes in one transaction what the sweep allows, then deletes the files. */
export async function sweep(state: State, blobs: BlobStore, how: Sweep): Promise<Removed> {
  if (how.type === "prune" && how.dryRun) {
    const { files: _files, ...foreseen } = state.db.write(() => choose(state, how));
    return foreseen;
  }
  return removeChosen(state, blobs, () => {
    const chosen = choose(state, how);
    if (how.type === "prune" && how.all && !isPartial(how)) {
      state.db.run("DELETE FROM facts WHERE image IS NULL AND key NOT LIKE 'store/%'");
    }
    return chosen;
  });
}

/** Removes in one transaction what is chosen in it, then deletes the files. */
export async function removeChosen(state: State, blobs: BlobStore, choosing: () => Chosen): Promise<Removed> {
  // Seen by others: files that lie about when this process dies here belong to a dead process, for recover to find.
  void state.tool.id;
  const plan = state.db.write(() => {
    const { db } = state;
    const chosen = choosing();
    db.run("PRAGMA defer_foreign_keys = ON");
    for (const id of chosen.images) db.run("DELETE FROM images WHERE id = ?", id);
    for (const { key } of chosen.records) {
      db.run("DELETE FROM records WHERE key = ?", key);
      if (chosen.gone !== undefined) db.run("UPDATE key_notes SET gone = ? WHERE key = ?", chosen.gone, key);
    }
    for (const id of chosen.failedSteps) db.run("DELETE FROM failed_steps WHERE snapshot = ?", id);
    for (const id of chosen.snapshots) db.run("DELETE FROM snapshots WHERE id = ?", id);
    for (const digest of chosen.blobs) db.run("DELETE FROM blobs WHERE digest = ?", digest);
    for (const id of chosen.cacheMounts) db.run("DELETE FROM cache_mounts WHERE id = ?", id);
    trimNotes(db);
    return chosen;
  });
  for (const id of plan.snapshots) await discard(state, snapshotFolder(state.root, id));
  for (const id of plan.cacheMounts) await discard(state, cacheFolder(state.root, id));
  await blobs.unlink(plan.blobs);
  const { files, gone: _gone, ...removed } = plan;
  for (const { path } of files) rmSync(path, { force: true });
  return removed;
}

export function snapshotRows(db: Database): ReadonlyMap<SnapshotId, SnapshotRow> {
  const rows = db.all<SnapshotRow>("SELECT id, parent, layer, coalesce(disk, size) AS size, last_used FROM snapshots");
  return new Map(rows.map((row) => [row.id, row]));
}

/** SQL: whether an image came from an archive, so that no registry gives it again. */
const loaded = "EXISTS (SELECT 1 FROM facts WHERE facts.key = 'loaded ' || images.id)";

/** SQL: whether a blob is the only way to write a layer that is there. */
export const irreplaceable = `EXISTS (SELECT 1 FROM layer_blobs JOIN snapshots USING (diff_id)
  WHERE layer_blobs.digest = blobs.digest AND layer_blobs.irreplaceable = 1)`;

export function blobRows(db: Database): readonly BlobRow[] {
  return db.all<BlobRow>(
    `SELECT digest, size, last_used, (SELECT count(*) FROM layer_blobs JOIN snapshots USING (diff_id)
       WHERE layer_blobs.digest = blobs.digest) AS layers, ${irreplaceable} AS irreplaceable,
       (SELECT count(*) FROM image_blobs WHERE image_blobs.digest = blobs.digest) AS images FROM blobs`,
  );
}

/** Blobs that images keep and none but these: they go with them. */
export function keptByAlone(db: Database, images: readonly Digest[]): ReadonlySet<Digest> {
  const going = new Set(images);
  const rows = db.all<{ image: Digest; digest: Digest }>("SELECT image, digest FROM image_blobs");
  const staying = new Set(rows.flatMap(({ image, digest }) => (going.has(image) ? [] : [digest])));
  return new Set(rows.flatMap(({ digest }) => (staying.has(digest) ? [] : [digest])));
}

/** What a sweep would remove now. */
export function choose(state: State, how: Sweep): Chosen {
  const { db } = state;
  const options: PruneOptions = how.type === "prune" ? how : {};
  const prune = how.type === "prune";
  // Whoever prunes builds nothing: that it is seen as a builder (recover makes it so) protects nothing.
  const before = Math.min(state.protectedSince({ own: !prune }), options.filterUntil ?? Number.POSITIVE_INFINITY);

  const snapshots = snapshotRows(db);
  const allImages = db.all<ImageRow>(
    `SELECT id, top, last_used, (facts IS NOT NULL OR ${loaded}) AS built,
       EXISTS (SELECT 1 FROM names WHERE image = images.id) AS named FROM images`,
  );
  const takes = (kind: PruneKind): boolean => prune && (options.kinds?.includes(kind) ?? true);
  const goes = (image: ImageRow): boolean =>
    takes("image") &&
    image.last_used < before &&
    (image.named === 0 || (options.all === true && image.built === 0)) &&
    hasLabels(db, image.id, options.labels ?? []);
  const images = allImages.filter(goes);
  const kept = allImages.filter((image) => !goes(image));
  const held = new Set<SnapshotId>();
  for (const { top } of kept) for (const row of chainOf(snapshots, top)) held.add(row.id);

  const refs = new References(snapshots);
  for (const { top } of kept) refs.add(top);
  for (const row of snapshots.values()) {
    refs.add(row.parent);
    refs.add(row.layer);
    if (row.last_used >= before) refs.add(row.id);
  }
  const records = db.all<RecordRow>("SELECT * FROM records");
  for (const row of records) refs.add(row.snapshot);
  const failed = db.all<{ snapshot: SnapshotId }>("SELECT snapshot FROM failed_steps");
  for (const { snapshot } of failed) refs.add(snapshot);
  refs.dropUnused();

  const blobs = prune ? blobRows(db).map((row) => ({ ...row, size: blobBytes(state.root, row) })) : [];
  const freed = prune
    ? keptByAlone(
        db,
        images.map(({ id }) => id),
      )
    : new Set<Digest>();
  // Whoever uses one was there first and has marked it: it is protected as all that living builds use.
  const mounts = prune ? db.all<CacheMountRow>("SELECT * FROM cache_mounts") : [];
  const items: Item[] = [
    ...records
      .filter((row) => takes("cache") && row.last_used < before && (options.all === true || !held.has(row.snapshot)))
      .map((row) => ({ type: "record" as const, row, lastUsed: row.last_used })),
    ...blobs
      .filter((row) => takes("archive") && row.last_used < before && (options.all === true || row.layers === 0))
      .filter((row) => row.irreplaceable === 0 && (row.images === 0 || freed.has(row.digest)))
      .map((row) => ({ type: "blob" as const, row, lastUsed: row.last_used })),
    ...mounts
      .filter((row) => takes("cache mount") && row.last_used < before)
      .map((row) => ({ type: "cache mount" as const, row, lastUsed: row.last_used })),
    ...failed
      .map(({ snapshot }) => ({ snapshot, lastUsed: snapshots.get(snapshot)?.last_used ?? 0 }))
      .filter(({ lastUsed }) => takes("failed step") && lastUsed < before)
      .map((item) => ({ type: "failed step" as const, ...item })),
    ...(takes("file") ? remadeFiles(state.root) : [])
      .filter((file) => isOld(file, before, options.all === true))
      .map((file) => ({ type: "file" as const, file, lastUsed: file.lastUsed })),
  ].sort((a, b) => a.lastUsed - b.lastUsed);

  const removed = {
    records: [] as CacheRecord[],
    blobs: [] as Digest[],
    cacheMounts: [] as string[],
    failedSteps: [] as SnapshotId[],
    files: [] as RemadeFile[],
    bytes: 0,
  };
  let cache = blobs.reduce((sum, row) => sum + row.size, 0);
  for (const { disk } of mounts) cache += disk ?? 0;
  for (const row of snapshots.values()) if (!held.has(row.id)) cache += row.size;
  const keep = bytesToKeep(options, cache, state.root);
  for (const item of items) {
    if (keep !== undefined && cache - removed.bytes - refs.bytes <= keep) break;
    switch (item.type) {
      case "record":
        removed.records.push(recordOf(item.row));
        refs.drop(item.row.snapshot);
        break;
      case "failed step":
        removed.failedSteps.push(item.snapshot);
        refs.drop(item.snapshot);
        break;
      case "blob":
        removed.blobs.push(item.row.digest);
        removed.bytes += item.row.size;
        break;
      case "cache mount":
        removed.cacheMounts.push(item.row.id);
        removed.bytes += item.row.disk ?? 0;
        break;
      case "file":
        removed.files.push(item.file);
        removed.bytes += item.file.size;
    }
  }
  return {
    ...removed,
    images: images.map(({ id }) => id),
    snapshots: refs.dropped,
    bytes: refs.bytes + removed.bytes,
  };
}

/**
 * Up to how many bytes of the cache stay; undefined where none need to. As BuildKit reckons: as much as may be used, less what the disk lacks, but never
 * less than what is reserved.
 */
function bytesToKeep(
  { keepBytes, maxUsedBytes, minFreeBytes }: PruneOptions,
  cache: number,
  root: string,
): number | undefined {
  if (keepBytes === undefined && maxUsedBytes === undefined && minFreeBytes === undefined) return undefined;
  const { bavail, bsize } = statfsSync(root);
  const lacking = Math.max(0, (minFreeBytes ?? 0) - bavail * bsize);
  const most = maxUsedBytes ?? (minFreeBytes === undefined ? 0 : cache);
  return Math.max(keepBytes ?? 0, Math.min(most, lacking > 0 ? cache - lacking : most));
}

function hasLabels(db: Database, image: Digest, labels: NonNullable<PruneOptions["labels"]>): boolean {
  if (labels.length === 0) return true;
  const config = db.get<{ config: Uint8Array }>("SELECT config FROM images WHERE id = ?", image)?.config;
  const { config: { Labels: own = {} } = {} } = JSON.parse(new TextDecoder().decode(config)) as ImageConfig;
  return labels.every(({ name, value, not }) => {
    const has = Object.hasOwn(own, name) && (value === undefined || own[name] === value);
    return has !== (not ?? false);
  });
}

/** Options that leave something alone of what `all` means. */
function isPartial({ kinds, labels, filterUntil, keepBytes, maxUsedBytes, minFreeBytes }: PruneOptions): boolean {
  return [kinds, labels, filterUntil, keepBytes, maxUsedBytes, minFreeBytes].some((option) => option !== undefined);
}

/** Counts what refers to each snapshot; one that nothing refers to any more is dropped and so are its references. */
export class References {
  readonly #rows: ReadonlyMap<SnapshotId, SnapshotRow>;
  readonly #counts = new Map<SnapshotId, number>();
  /** Users before what they stand on. */
  readonly dropped: SnapshotId[] = [];
  bytes = 0;

  constructor(rows: ReadonlyMap<SnapshotId, SnapshotRow>) {
    this.#rows = rows;
  }

  add(id: SnapshotId | null): void {
    if (id !== null) this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  drop(id: SnapshotId): void {
    for (let at: SnapshotId | null = id; at !== null;) {
      const count: number = (this.#counts.get(at) ?? 0) - 1;
      this.#counts.set(at, count);
      const row: SnapshotRow | undefined = this.#rows.get(at);
      if (count > 0 || !row) return;
      this.#forget(row);
      at = row.parent;
    }
  }

  /** Drops what nothing refers to from the start. */
  dropUnused(): void {
    for (const row of this.#rows.values()) {
      if ((this.#counts.get(row.id) ?? 0) > 0 || this.#counts.get(row.id) === -1) continue;
      this.#forget(row);
      if (row.parent !== null) this.drop(row.parent);
    }
  }

  #forget(row: SnapshotRow): void {
    this.#counts.set(row.id, -1);
    this.dropped.push(row.id);
    this.bytes += row.size;
    if (row.layer !== null) this.drop(row.layer);
  }
}

/** A snapshot, all that it stands on, and those whose folders are used for it. */
export function chainOf(rows: ReadonlyMap<SnapshotId, SnapshotRow>, top: SnapshotId | null): SnapshotRow[] {
  const chain: SnapshotRow[] = [];
  for (let at = top; at !== null;) {
    const row = rows.get(at);
    if (!row) break;
    chain.push(row);
    const layer = row.layer === null ? undefined : rows.get(row.layer);
    if (layer) chain.push(layer);
    at = row.parent;
  }
  return chain;
}
