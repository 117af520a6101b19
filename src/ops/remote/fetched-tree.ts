import { type Ctx, type Digest, digestOf } from "../../base/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { SnapshotId } from "../../store/index.ts";
import type { FileTree, OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";

/** Raised when what is fetched comes to be laid out otherwise. */
const version = 1;

/** What a fetched tree is found by: all that decides what is in it. */
export function treeKey(of: Readonly<Record<string, unknown>>): Digest {
  return digestOf({ fetched: version, ...of });
}

/** The fact that says when what a tree was made of was made (seconds since the epoch), where its files do not say it. */
export function treeTimeKey(id: SnapshotId): string {
  return `time ${id}`;
}

/** The tree that was once made under a key, if it is still there. */
export function knownTree(key: Digest, label: string, { store }: OpRooms): FetchedTree | undefined {
  const record = store.records.get(key);
  return record && { kind: "snapshot", id: record.snapshot, fetched: label };
}

export type FetchedTree = FileTree & { readonly kind: "snapshot"; readonly fetched: string };

export interface TreeRequest {
  readonly key: Digest;
  /** For messages: `the build context`, `https://...`. */
  readonly label: string;
  /** Puts the files into an empty folder. */
  readonly fill: (root: string) => Promise<void>;
}

/**
 * The tree of a key, made if it is not there: one layer, whose folder therefore shows all of it. Two builds that want it at the same time make it once.
 * Throws NeedsRun when only the cache is asked.
 */
export async function fetchedTree({ key, label, fill }: TreeRequest, rooms: OpRooms, ctx: Ctx): Promise<FetchedTree> {
  const known = knownTree(key, label, rooms);
  if (known) return known;
  if (!rooms.machinery) throw new NeedsRun();
  const { store } = rooms;
  const { snapshotter } = machinery(rooms);
  await using _lock = await store.lock(`fetch ${key}`, ctx.signal);
  const other = knownTree(key, label, rooms);
  if (other) return other;
  await using active = await snapshotter.prepare();
  await fill(await active.root());
  const { id, created } = await active.commit();
  store.records.put({ key, identity: key, snapshot: id, created, description: label }, { replace: true });
  return { kind: "snapshot", id, fetched: label };
}
