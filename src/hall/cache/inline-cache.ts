import { canonicalJson, type Ctx, type Digest } from "../../base/index.ts";
import { type CachedRecord, type CachedSnapshot, type CacheDocument, inlineMember } from "../../cache/index.ts";
import { encodeConfig, type ImageConfig } from "../../oci/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";
import type { AssembledImage } from "../build/assemble.ts";
import { knownDiffId } from "../outputs/known-diff-id.ts";
import { givenBySteps, identitiesOf, type SolvedBuild } from "./gather.ts";

/** Bytes that the records may take in a configuration, which every tool reads whole. */
const limit = 256 * 1024;

/**
 * The image with the records of its own layers in its configuration, where others pass over them. What they hold follows from the build alone, so that a
 * build that is repeated gives the same image.
 * @param squashed all files belong to root: the store has one user id.
 */
export function withInlineCache(
  image: AssembledImage,
  plan: BuildPlan,
  build: SolvedBuild,
  squashed: boolean,
  ctx: Ctx,
): AssembledImage {
  const document = inlineDocument(image, { ...build, plan, plans: [plan] }, squashed);
  const member = JSON.parse(canonicalJson(document)) as unknown;
  if (canonicalJson(document).length > limit) {
    const message = `The image has no cache in it: its records would take more than ${limit >> 10} KiB`;
    ctx.emit({ type: "warning", message, hint: "write a cache on its own: --cache-to type=registry,ref=NAME" });
    return image;
  }
  const { value, bytes, id } = encodeConfig({ ...image.config, [inlineMember]: member } as ImageConfig);
  return { ...image, id, config: value, configBytes: bytes };
}

function inlineDocument(image: AssembledImage, build: SolvedBuild, squashed: boolean): CacheDocument {
  const { store } = build.rooms;
  const diffIds = image.config.rootfs.diff_ids;
  const layers = [...new Set(diffIds)];
  const snapshots: CachedSnapshot[] = image.snapshots.map((id, at) => ({
    ...snapshotOf(id, diffIds[at] as Digest, build.plan.epoch, layers, store),
    ...(at > 0 && { parent: at - 1 }),
  }));
  const numbers = new Map<SnapshotId, number>(image.snapshots.map((id, at) => [id, at]));
  const records: CachedRecord[] = [];
  for (const { key, snapshot, text } of givenBySteps(build, "min")) {
    const number = numbers.get(snapshot) ?? addLinked(snapshot);
    if (number === undefined) continue;
    // The same whenever it is built: when it was made is in the layer.
    const { created } = snapshots[number] as CachedSnapshot;
    records.push({ key, snapshot: number, created, text });
  }
  return {
    version: 1,
    owners: squashed ? "squashed" : "kept",
    layers,
    snapshots,
    records: [...new Map(records.map((record) => [record.key, record])).values()],
    identities: identitiesOf(build),
    bases: [],
    mounts: [],
  };

  /** A linked copy lies on nothing; in the image the same layer lies on others. */
  function addLinked(id: SnapshotId): number | undefined {
    const { epoch } = build.plan;
    const diffId = knownDiffId(store, id, epoch);
    const at = diffId === undefined ? -1 : diffIds.indexOf(diffId);
    if (at < 0 || store.snapshots.get(id)?.parent !== undefined) return undefined;
    numbers.set(id, snapshots.length);
    snapshots.push(snapshotOf(id, diffIds[at] as Digest, epoch, layers, store));
    return numbers.get(id);
  }
}

function snapshotOf(
  id: SnapshotId,
  diffId: Digest,
  epoch: number | undefined,
  layers: readonly Digest[],
  store: Store,
): CachedSnapshot {
  const record = store.snapshots.get(id);
  return {
    layer: layers.indexOf(diffId),
    created: Math.floor(record?.created ?? 0),
    size: record?.size ?? 0,
    entries: record?.entries ?? 0,
    // Its times were cut already.
    ...(epoch !== undefined && { rewritten: [[epoch, diffId]] }),
  };
}
