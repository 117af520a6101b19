import type { Digest } from "../../base/index.ts";
import {
  type CachedBase,
  type CachedRecord,
  type CachedSnapshot,
  type CacheDocument,
  withinNotesLimit,
} from "../../cache/index.ts";
import { linkParts, standsOn, type Vertex } from "../../graph/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import { type FileTree, opFor, type OpRooms, withoutCredentials } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { isKeyParts, type SolveReport, withoutValues } from "../../solve/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";
import { basePackagesOf, originKey } from "../bases/stored-base.ts";

/** A build that was solved. */
export interface SolvedBuild {
  /** What was built for all platforms together. */
  readonly plan: BuildPlan;
  readonly plans: readonly BuildPlan[];
  readonly report: SolveReport<FileTree>;
  readonly rooms: OpRooms;
}

/** What a step gave, by its key. */
export interface GivenByStep {
  readonly key: Digest;
  readonly snapshot: SnapshotId;
  readonly text: string;
}

/** What the steps of a build gave, hit or run: those of the images' own chains, or of all. */
export function givenBySteps({ plan, plans, report }: SolvedBuild, mode: "min" | "max"): readonly GivenByStep[] {
  const own = new Set(plans.flatMap(({ root }) => chainOf(root)));
  const wanted = mode === "max" ? plan.vertices : plan.vertices.filter(({ digest }) => own.has(digest));
  return wanted.flatMap((vertex) => {
    const key = report.identityOf(vertex);
    const tree = key === undefined ? undefined : report.peek(vertex);
    if (key === undefined || tree?.kind !== "snapshot" || tree.id === undefined || !isStep(vertex)) return [];
    return [{ key, snapshot: tree.id, text: shortText(vertex.origin.text) }];
  });
}

/** Where the definitions of all content-keyed steps led: with these another machine knows their keys without their inputs. */
export function identitiesOf({ plan, report, rooms }: SolvedBuild): readonly (readonly [Digest, Digest])[] {
  const found = plan.vertices.flatMap((vertex): [Digest, Digest][] => {
    const op = opFor(vertex, rooms);
    const identity = report.identityOf(vertex);
    const inputs = vertex.inputs.map((input) => report.identityOf(input));
    if (!op.contentKey || identity === undefined || inputs.includes(undefined)) return [];
    return [[op.key(inputs), identity]];
  });
  return [...new Map(found)];
}

/** The vertices whose changes lie on one another in what a vertex gives; of a linked copy the copy. */
function chainOf(root: Vertex): readonly Digest[] {
  const chain: Digest[] = [];
  for (let at: Vertex | undefined = root; at;) {
    chain.push((linkParts(at)?.copy ?? at).digest);
    at = standsOn(at);
  }
  return chain;
}

function isStep({ op }: Vertex): boolean {
  return op.kind === "exec" || op.kind === "copy" || op.kind === "mkdir";
}

/** A layer of a document, with a snapshot of this store that has it. */
export interface GatheredLayer {
  readonly diffId: Digest;
  readonly snapshot: SnapshotId;
}

export interface Gathered {
  /** Without its cache mounts, which are numbered after the layers. */
  readonly document: CacheDocument;
  /** In the order of the document's layers. */
  readonly layers: readonly GatheredLayer[];
}

/**
 * The records of a build as a document, with the layers that they lead to.
 * @param diffIdOf the digest of a snapshot's layer; with an epoch only what is known.
 */
export async function gatherCache(
  build: SolvedBuild,
  mode: "min" | "max",
  squashed: boolean,
  diffIdOf: (id: SnapshotId) => Promise<Digest>,
): Promise<Gathered> {
  const { store } = build.rooms;
  const given = givenBySteps(build, mode);
  const bases = archiveBases(build.plan, store);
  const numbers = new Map<SnapshotId, number>();
  const snapshots: CachedSnapshot[] = [];
  const layers = new Map<Digest, { readonly at: number; readonly layer: GatheredLayer }>();
  const add = async (top: SnapshotId): Promise<void> => {
    for (const { id, parent, created, size, entries } of store.snapshots.chain(top)) {
      if (numbers.has(id)) continue;
      const diffId = await diffIdOf(id);
      const layer = layers.get(diffId) ?? { at: layers.size, layer: { diffId, snapshot: id } };
      layers.set(diffId, layer);
      const { epoch } = build.plan;
      const cut = epoch === undefined ? undefined : store.snapshots.rewritten(id, epoch);
      numbers.set(id, snapshots.length);
      snapshots.push({
        layer: layer.at,
        ...(parent !== undefined && { parent: numbers.get(parent) }),
        created: Math.floor(created),
        size,
        entries,
        ...(cut !== undefined && { rewritten: [[epoch as number, cut]] }),
      });
    }
  };
  for (const { snapshot } of given) await add(snapshot);
  for (const { top } of bases) if (top !== undefined) await add(top);
  const records = given.map(({ key, snapshot, text }): CachedRecord => {
    const created = Math.floor(store.records.peek(key)?.created ?? Date.now());
    return { key, snapshot: numbers.get(snapshot) as number, created, text, ...noteOf(key, store) };
  });
  const document: CacheDocument = {
    version: 1,
    owners: squashed ? "squashed" : "kept",
    layers: [...layers.keys()],
    snapshots,
    records: withinNotesLimit(unique(records)),
    identities: identitiesOf(build),
    bases: bases.map(({ base, top }) => ({
      ...base,
      ...(top !== undefined && { snapshot: numbers.get(top) }),
    })),
    mounts: [],
  };
  return { document, layers: [...layers.values()].map(({ layer }) => layer) };
}

/** Steps that come to the same have one key. */
function unique(records: readonly CachedRecord[]): readonly CachedRecord[] {
  return [...new Map(records.map((record) => [record.key, record])).values()];
}

function noteOf(key: Digest, store: Store): Pick<CachedRecord, "note"> {
  const note = store.keyNotes.get(key);
  if (!note || !isKeyParts(note.parts)) return {};
  const { place, position, text, made, parts } = note;
  // Why it ran there is told with values, too.
  return { note: { place, position, text, made: Math.floor(made), why: "", parts: withoutValues(parts) } };
}

/** An instruction as a record has it: without what may be a password, and not without end. */
function shortText(text: string): string {
  const safe = withoutCredentials(text);
  return safe.length > 400 ? `${safe.slice(0, 400)}…` : safe;
}

/** Bases that were made from the Debian archive, which no registry gives another machine. */
function archiveBases(
  plan: BuildPlan,
  store: Store,
): readonly { readonly base: CachedBase; readonly top: SnapshotId | undefined }[] {
  const images = new Map(plan.vertices.flatMap(({ op }) => (op.kind === "image" ? [[op.id, op.name]] : [])));
  return [...images].flatMap(([id, name]) => {
    const origin = store.facts.get(originKey(id));
    const image = store.images.get(id);
    const config = store.images.config(id);
    if (typeof origin !== "string" || !origin.startsWith("archive ") || !image || !config) return [];
    const platform = formatPlatform(image.config);
    // Which mirror it came from that day says nothing to others.
    const first = origin.replace(/ \S+:\/\/\S+/, "");
    const packages = basePackagesOf(store, id);
    const text = Buffer.from(config).toString();
    const base = { name, platform, config: text, origin: first, ...(packages !== undefined && { packages }) };
    return [{ base, top: image.snapshots.at(-1) }];
  });
}
