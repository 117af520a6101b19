import { type Digest, digestOf, sha256 } from "../base/index.ts";
import { type Descriptor, parseConfig, type Platform, parsePlatform } from "../oci/index.ts";
import type { LayerSource, SnapshotId, SnapshotRecord, Store } from "../store/index.ts";
import { chainsOf, lineOf } from "./chains.ts";
import type { CacheDocument, CachedSnapshot } from "./contract.ts";

/** A cache as it was found. */
export interface FoundCache {
  /** For people: `registry.example/app:cache`. */
  readonly name: string;
  readonly document: CacheDocument;
  /** The blobs of the document's layers, one for each. */
  readonly blobs: readonly Descriptor[];
  readonly source: LayerSource;
}

/** A base image that came with a cache. */
export interface AdoptedBase {
  readonly name: string;
  readonly platform: Platform;
  /** The image, which has no name in the store. */
  readonly id: Digest;
  readonly origin: string;
  readonly packages?: Digest | undefined;
}

export interface Adopted {
  /** Records of the cache that the store did not have. */
  readonly records: number;
  readonly bases: readonly AdoptedBase[];
}

/**
 * Puts the records of a cache into the store as if they had been made here. Their layers stay where they are until somebody needs their files; those
 * that are here already, of an image or of a step, are shared. What the store has a record of is left as it is.
 * A process that is killed in it leaves some of the records, each with all that it needs.
 * @param squashed files of this store all belong to root: it has one user id.
 */
export function adoptCache(found: FoundCache, squashed: boolean, store: Store): Adopted {
  const { name, document, source } = found;
  const wanted = document.records.filter(({ key }) => {
    const own = store.records.peek(key);
    return !own || !isKnownAt(source, own.snapshot, store);
  });
  const snapshots = wanted.length + document.bases.length > 0 ? snapshotsOf(found, squashed, store) : undefined;
  const fresh: Digest[] = [];
  for (const { key, identity = key, snapshot, created, text, note } of wanted) {
    if (!snapshots || store.records.peek(key)) continue;
    const record = { key, identity, snapshot: snapshots(snapshot), created, description: text };
    store.records.put(record, { note: note && { ...note, key } });
    fresh.push(key);
  }
  store.travelled.setSource(fresh, name);
  store.travelled.promise(new Map(document.identities));
  const bases = document.bases.map((base) => {
    const chain = base.snapshot === undefined || !snapshots ? [] : lineOf(document, base.snapshot).map(snapshots);
    const id = putBase(base.config, chain, store);
    const { origin, packages } = base;
    return { name: base.name, platform: parsePlatform(base.platform), origin, packages, id };
  });
  return { records: fresh.length, bases };
}

/** A layer that is here, or that is known to lie in this place. */
function isKnownAt(source: LayerSource, id: SnapshotId, store: Store): boolean {
  const remote = store.remoteLayers.of(id);
  return !remote || remote.sources.some((one) => JSON.stringify(one) === JSON.stringify(source));
}

/** Gives the snapshot of this store for one of the document, by its number; what is not here becomes a remote layer. */
function snapshotsOf(
  { document, blobs, source }: FoundCache,
  squashed: boolean,
  store: Store,
): (number: number) => SnapshotId {
  const chains = chainsOf(document);
  const ids = new Map<number, SnapshotId>();
  for (const [at, id] of knownSnapshots(document, chains, store)) {
    if (!store.snapshots.use(id)) continue;
    ids.set(at, id);
    if (!isKnownAt(source, id, store)) store.remoteLayers.addSource(id, source);
  }
  const idOf = (at: number): SnapshotId => {
    const id = ids.get(at) ?? take(at);
    ids.set(at, id);
    return id;
  };
  const take = (at: number): SnapshotId => {
    const { layer, parent, rewritten = [], ...facts } = document.snapshots[at] as CachedSnapshot;
    const below = parent === undefined ? undefined : idOf(parent);
    // The same key as for layers of images: what one brought, the other shares.
    const key = digestOf({ layers: chains[at], squashed });
    const shared = store.records.get(key)?.snapshot;
    if (shared !== undefined && store.snapshots.get(shared)?.parent === below) {
      if (!isKnownAt(source, shared, store)) store.remoteLayers.addSource(shared, source);
      keepRewritten(shared, rewritten, store);
      return shared;
    }
    const diffId = document.layers[layer] as Digest;
    const remote = { ...facts, parent: below, diffId, blob: blobs[layer] as Descriptor, sources: [source] };
    const { id, created } = store.remoteLayers.publish(remote);
    store.records.put({ key, identity: key, snapshot: id, created, description: `layer ${diffId}` }, { replace: true });
    keepRewritten(id, rewritten, store);
    return id;
  };
  return idOf;
}

function keepRewritten(id: SnapshotId, rewritten: readonly (readonly [number, Digest])[], store: Store): void {
  for (const [epoch, digest] of rewritten) {
    if (store.snapshots.rewritten(id, epoch) === undefined) store.snapshots.setRewritten(id, epoch, digest);
  }
}

/** Snapshots that the store's own records lead to and that are of the same layers: what stands on them in the cache can stand on them here. */
function knownSnapshots(
  document: CacheDocument,
  chains: readonly (readonly Digest[])[],
  store: Store,
): ReadonlyMap<number, SnapshotId> {
  const known = new Map<number, SnapshotId>();
  for (const { key, snapshot } of document.records) {
    const own = store.records.peek(key);
    if (!own) continue;
    const chain = store.snapshots.chain(own.snapshot);
    const wanted = chains[snapshot] as readonly Digest[];
    if (chain.length === wanted.length && chain.every(({ diffId }, at) => diffId === wanted[at]))
      for (const [at, below] of lineOf(document, snapshot).entries())
        known.set(below, (chain[at] as SnapshotRecord).id);
  }
  return known;
}

function putBase(text: string, snapshots: readonly SnapshotId[], store: Store): Digest {
  const bytes = Buffer.from(text);
  const id = sha256(bytes);
  if (store.images.use(id)) return id;
  const config = parseConfig(bytes);
  const size = snapshots.reduce((sum, layer) => sum + (store.snapshots.get(layer)?.size ?? 0), 0);
  const created = Date.parse(config.created ?? "");
  store.images.put({ id, config, snapshots, size, created: Number.isNaN(created) ? 0 : created }, bytes);
  return id;
}
