import { canonicalJson, type Digest } from "../base/index.ts";
import { digestShape, type DocumentText, parseConfig, parseShaped, shape } from "../oci/index.ts";
import { chainsOf } from "./chains.ts";
import type { CacheDocument, CachedMount, CachedRecord, CachedSnapshot } from "./contract.ts";

const { arrayOf, dictionary, integer, literal, object, oneOf, optional, string, tuple } = shape;

/** More than any build has. */
const most = 50_000;
const text = string(65_536);
const digests = arrayOf(digestShape, most);

/** What `why` compares (solve/, KeyParts); checked whole, because whoever compares relies on it. */
const parts = object({
  instruction: text,
  version: integer(0),
  base: optional(digestShape),
  baseName: optional(text),
  settings: dictionary(text, 1000),
  variables: dictionary(oneOf([text, object({ digest: string(200) })]), 10_000),
  mounts: arrayOf(text, 1000),
  files: dictionary(object({ entries: dictionary(tuple([text, text]), 10_000), depth: optional(integer(0)) }), 1000),
});

const note = object({
  place: string(200),
  position: integer(0),
  text: string(200),
  made: integer(0),
  why: text,
  parts,
});

const document = object({
  version: literal(1),
  owners: oneOf([literal("kept"), literal("squashed")]),
  layers: digests,
  snapshots: arrayOf(
    object({
      layer: integer(0),
      parent: optional(integer(0)),
      created: integer(0),
      size: integer(0),
      entries: integer(0),
      rewritten: optional(arrayOf(tuple([integer(0), digestShape]), 100)),
    }),
    most,
  ),
  records: arrayOf(
    object({
      key: digestShape,
      identity: optional(digestShape),
      snapshot: integer(0),
      created: integer(0),
      text,
      note: optional(note),
    }),
    most,
  ),
  identities: arrayOf(tuple([digestShape, digestShape]), most),
  bases: arrayOf(
    object({
      name: string(1024),
      platform: string(200),
      config: string(4 << 20),
      snapshot: optional(integer(0)),
      origin: string(1000),
      packages: optional(digestShape),
    }),
    100,
  ),
  mounts: arrayOf(object({ key: digestShape, name: string(1024), blob: integer(0), size: integer(0) }), 1000),
});

/** The exact bytes of a cache's configuration: the same records always give the same. */
export function encodeCache(cache: CacheDocument): Uint8Array {
  return Buffer.from(canonicalJson(cache));
}

/**
 * Reads what another machine wrote. Every number leads to something, and snapshots stand on earlier ones alone.
 * @param blobs how many layers its manifest has; without it those of an image are meant, and there are no cache mounts.
 * @throws SLIP_OCI_INVALID
 */
export function parseCache(given: DocumentText, blobs?: number): CacheDocument {
  return parseShaped(given, "cache", (value, at, fail) => {
    document(value, at, fail);
    checkNumbers(value as CacheDocument, blobs, fail);
  }) as CacheDocument;
}

type Fail = (at: string, problem: string) => never;

function checkNumbers(cache: CacheDocument, blobs: number | undefined, fail: Fail): void {
  const { layers, snapshots, records, bases, mounts } = cache;
  if (new Set<Digest>(layers).size < layers.length) fail("layers", "names one twice");
  if (blobs !== undefined && layers.length + mounts.length > blobs)
    fail("layers", `has more than the ${blobs} of the manifest`);
  for (const [at, { layer, parent }] of snapshots.entries()) {
    const place = `snapshots[${at}]`;
    if (layer >= layers.length) fail(`${place}.layer`, "is no layer");
    if (parent !== undefined && parent >= at) fail(`${place}.parent`, "is no earlier snapshot");
  }
  checkDepth(snapshots, fail);
  const within = (number: number | undefined, place: string): void => {
    if (number !== undefined && number >= snapshots.length) fail(place, "is no snapshot");
  };
  for (const [at, { snapshot }] of records.entries()) within(snapshot, `records[${at}].snapshot`);
  for (const [at, { snapshot }] of bases.entries()) within(snapshot, `bases[${at}].snapshot`);
  const chains = bases.length > 0 ? chainsOf(cache) : [];
  for (const [at, { config, snapshot }] of bases.entries()) {
    const said = parseConfig(config).rootfs.diff_ids;
    const chain = snapshot === undefined ? [] : (chains[snapshot] as readonly Digest[]);
    if (said.join() !== chain.join()) fail(`bases[${at}].config`, "has other layers than its snapshot");
  }
  for (const [at, { blob }] of mounts.entries()) {
    const isThere = blobs !== undefined && blob >= layers.length && blob < blobs;
    if (!isThere) fail(`mounts[${at}].blob`, "is no layer of the manifest");
  }
}

/** More layers than overlayfs could ever stack. */
const deepest = 500;

function checkDepth(snapshots: readonly CachedSnapshot[], fail: Fail): void {
  const depths: number[] = [];
  for (const [at, { parent }] of snapshots.entries()) {
    const depth = parent === undefined ? 1 : (depths[parent] as number) + 1;
    if (depth > deepest) fail(`snapshots[${at}]`, `stands on more than ${deepest} layers`);
    depths.push(depth);
  }
}

/** Bytes that notes may take in a document: registries and people load it with every build. */
const notesLimit = 1 << 20;

/** The records with as many of their notes as there is room for; those of the last ones are the likeliest to be compared with. */
export function withinNotesLimit(records: readonly CachedRecord[], limit = notesLimit): readonly CachedRecord[] {
  let left = limit;
  return records
    .toReversed()
    .map((record) => {
      if (!record.note) return record;
      const size = Buffer.byteLength(canonicalJson(record.note));
      if (size > left) return { ...record, note: undefined };
      left -= size;
      return record;
    })
    .toReversed();
}

/** A mount's blob counts like a layer's: its number follows theirs. */
export function mountBlobs(mounts: readonly Omit<CachedMount, "blob">[], layers: number): readonly CachedMount[] {
  return mounts.map((mount, at) => ({ ...mount, blob: layers + at }));
}
