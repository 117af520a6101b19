import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../base/index.ts";
import { blobBytes } from "./blob-store.ts";
import { cacheFolder, type CacheMountRow } from "./cache-mount-store.ts";
import type { CacheMounts, SnapshotId } from "./contract.ts";
import type { DiskUsage, UsagePart } from "./usage.ts";
import { blobRows, chainOf, choose, snapshotRows } from "./gc.ts";
import { type RemadeFile, remadeFiles } from "./remade.ts";
import { snapshotFolder } from "./snapshot-store.ts";
import { folders, type State } from "./state.ts";
import { blockBytes, measureTree } from "./tree.ts";

/** Sums over those of the given things that a condition holds for. */
type Sum<T> = (wanted: (item: T) => boolean) => number;

/** What the store takes, by what holds it. Snapshots are known from their records; the rest, which is little, is walked. */
export function diskUsage(state: State, cacheMounts: CacheMounts): DiskUsage {
  const { db, root } = state;
  measureOld(state);
  const plain = choose(state, { type: "prune" });
  const withAll = choose(state, { type: "prune", all: true });
  const part = <T, K>(
    sum: Sum<T>,
    key: (item: T) => K,
    counts: Pick<UsagePart, "count" | "active">,
    gone: Gone<K>,
  ) => ({
    ...counts,
    bytes: sum(() => true),
    reclaimable: sum((item) => gone.plain.has(key(item))),
    reclaimableWithAll: sum((item) => gone.withAll.has(key(item))),
  });

  const snapshots = snapshotRows(db);
  const images = db.all<{ top: SnapshotId | null; named: number }>(
    "SELECT top, EXISTS (SELECT 1 FROM names WHERE image = images.id) AS named FROM images",
  );
  const held = new Set(images.flatMap(({ top }) => chainOf(snapshots, top).map(({ id }) => id)));
  const records = db.all<{ snapshot: SnapshotId }>("SELECT snapshot FROM records");
  const failed = new Set(
    db.all<{ snapshot: SnapshotId }>("SELECT snapshot FROM failed_steps").map(({ snapshot }) => snapshot),
  );
  const sumOf = (wanted: (id: SnapshotId) => boolean): Sum<{ id: SnapshotId; size: number }> =>
    summing(
      [...snapshots.values()].filter(({ id }) => wanted(id)),
      ({ size }) => size,
    );
  const goneSnapshots = { plain: new Set(plain.snapshots), withAll: new Set(withAll.snapshots) };

  const layers = new Set(db.all<{ digest: Digest }>("SELECT digest FROM layer_blobs").map(({ digest }) => digest));
  const blobs = blobRows(db).map((row) => ({ ...row, size: blobBytes(root, row) }));
  const goneBlobs = { plain: new Set(plain.blobs), withAll: new Set(withAll.blobs) };
  const blobPart = (rows: typeof blobs): UsagePart => {
    const counts = { count: rows.length, active: rows.filter((row) => row.layers + row.images > 0).length };
    return part(
      summing(rows, ({ size }) => size),
      ({ digest }) => digest,
      counts,
      goneBlobs,
    );
  };

  const mounts = db.all<CacheMountRow>("SELECT * FROM cache_mounts");
  const parts = {
    images: part(
      sumOf((id) => held.has(id)),
      ({ id }) => id,
      { count: images.length, active: images.filter(({ named }) => named === 1).length },
      goneSnapshots,
    ),
    cache: part(
      sumOf((id) => !held.has(id) && !failed.has(id)),
      ({ id }) => id,
      { count: records.length, active: records.filter(({ snapshot }) => held.has(snapshot)).length },
      goneSnapshots,
    ),
    failedSteps: part(
      sumOf((id) => !held.has(id) && failed.has(id)),
      ({ id }) => id,
      { count: failed.size, active: 0 },
      goneSnapshots,
    ),
    cacheMounts: part(
      summing(mounts, ({ disk }) => disk ?? 0),
      ({ id }) => id,
      { count: mounts.length, active: cacheMounts.list().filter(({ inUse }) => inUse).length },
      { plain: new Set(plain.cacheMounts), withAll: new Set(withAll.cacheMounts) },
    ),
    layerBlobs: blobPart(blobs.filter(({ digest }) => layers.has(digest))),
    otherBlobs: blobPart(blobs.filter(({ digest }) => !layers.has(digest))),
  };
  const files = remadeFiles(root);
  const goneFiles = { plain: pathsOf(plain.files), withAll: pathsOf(withAll.files) };
  const remade = Object.fromEntries(
    [...new Set(files.map(({ folder }) => folder))].map((folder) => {
      const own = files.filter((file) => file.folder === folder);
      const sum = summing(own, ({ size }) => size);
      return [folder, part(sum, ({ path }) => path, { count: own.length, active: 0 }, goneFiles)] as const;
    }),
  );
  const rest = restOf(root, parts.layerBlobs.bytes + parts.otherBlobs.bytes);
  for (const [folder, { bytes }] of Object.entries(remade)) {
    const [around = ""] = folder.split("/");
    if (rest[around] !== undefined) rest[around] = Math.max(0, rest[around] - bytes);
  }
  const all = [...Object.values(parts), ...Object.values(remade)].map(({ bytes }) => bytes);
  const total = [...all, ...Object.values(rest)].reduce((a, b) => a + b, 0);
  return { ...parts, remade, rest, total };
}

function pathsOf(files: readonly RemadeFile[]): ReadonlySet<string> {
  return new Set(files.map(({ path }) => path));
}

/** Measures snapshots that an older slipway published, and cache mounts whose first user is not done or was killed. What another user owns stays as it is. */
function measureOld({ db, root }: State): void {
  for (const { id } of db.all<{ id: SnapshotId }>("SELECT id FROM snapshots WHERE disk IS NULL")) {
    const disk = measured(snapshotFolder(root, id));
    if (disk > 0) db.run("UPDATE snapshots SET disk = ? WHERE id = ?", disk, id);
  }
  for (const { id } of db.all<{ id: string }>("SELECT id FROM cache_mounts WHERE disk IS NULL")) {
    const disk = measured(cacheFolder(root, id));
    if (disk > 0) db.run("UPDATE cache_mounts SET disk = ? WHERE id = ? AND disk IS NULL", disk, id);
  }
}

interface Gone<K> {
  readonly plain: ReadonlySet<K>;
  readonly withAll: ReadonlySet<K>;
}

function summing<T>(items: readonly T[], bytes: (item: T) => number): Sum<T> {
  return (wanted) => items.filter(wanted).reduce((sum, item) => sum + bytes(item), 0);
}

/** What lies below the root beside snapshots, cache mounts and blobs; of these the folders around them. */
function restOf(root: string, blobs: number): Record<string, number> {
  const rest: Record<string, number> = { ".": blockBytes(lstatSync(root)) };
  for (const name of readdirSync(root)) {
    if (name === folders.snapshots || name === folders.caches) rest[name] = blockBytes(lstatSync(join(root, name)));
    else rest[name] = measured(join(root, name));
  }
  const [around = ""] = folders.blobs.split("/");
  if (rest[around] !== undefined) rest[around] = Math.max(0, rest[around] - blobs);
  return rest;
}

/** Zero for what is gone meanwhile, or belongs to another user. */
function measured(path: string): number {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() ? (measureTree(path)?.disk ?? 0) : blockBytes(stat);
  } catch {
    return 0;
  }
}
