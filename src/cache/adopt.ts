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
export function adoptCache({ name, document, blobs, source }: FoundCache, squashed: boolean, store: Store): Adopted {
  const chains = chainsOf(document);
  const ids = new Map<number, SnapshotId>();
  const known = knownSnapshots(document, chains, store);
  const idOf = (at: number): SnapshotId => {
    const there = ids.get(at) ?? known.get(at);
    const id = there !== undefined && store.snapshots.use(there) ? there : publish(at);
    ids.set(at, id);
    return id;
  };
  const publish = (at: number): SnapshotId => {
    const { layer, parent, created, size, entries, rewritten } = document.snapshots[at] as CachedSnapshot;
    const below = parent === undefined ? undefined : idOf(parent);
    const key = digestOf({ layers: chains[at], squashed });
    const shared = store.records.get(key)?.snapshot;
    const usable = shared !== undefined && store.snapshots.get(shared)?.parent === below;
    const diffId = document.layers[layer] as Digest;
    const blob = blobs[layer] as Descriptor;
    const id = usable
      ? shared
      : store.snapshots.get(
          store.remoteLayers.publish({ parent: below, diffId, blob, sources: [source], created, size, entries }).id,
        )?.id;
    if (id === undefined) throw new Error("a layer that was published is not there");
    if (usable) store.remoteLayers.addSource(id, source);
    else
      store.records.put(
        { key, identity: key, snapshot: id, created, description: `layer ${diffId}` },
        { replace: true },
      );
    for (const [epoch, digest] of rewritten ?? []) {
      if (store.snapshots.rewritten(id, epoch) === undefined) store.snapshots.setRewritten(id, epoch, digest);
    }
    return id;
  };
  const fresh: Digest[] = [];
  for (const { key, identity = key, snapshot, created, text, note } of document.records) {
    if (store.records.peek(key)) continue;
    const record = { key, identity, snapshot: idOf(snapshot), created, description: text };
    store.records.put(record, { note: note && { ...note, key } });
    fresh.push(key);
  }
  store.travelled.setSource(fresh, name);
  store.travelled.promise(new Map(document.identities));
  const bases = document.bases.map((base) => {
    const chain = base.snapshot === undefined ? [] : lineOf(document, base.snapshot).map(idOf);
    return {
      name: base.name,
      platform: parsePlatform(base.platform),
      origin: base.origin,
      id: putBase(base.config, chain, store),
    };
  });
  return { records: fresh.length, bases };
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
