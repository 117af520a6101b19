import { canonicalJson, type Digest } from "../../base/index.ts";
import { encodeConfig, type History, type ImageConfig } from "../../oci/index.ts";
import type { FileTree } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { ImageRecord, SnapshotRecord, Store } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { knownDiffId } from "../outputs/known-diff-id.ts";

/** An image record with the exact bytes of its configuration. */
export type AssembledImage = ImageRecord & { readonly configBytes: Uint8Array };

/**
 * Puts the image around the file system that was solved. Times come from the layers, so a cached build gives the same image; with
 * SOURCE_DATE_EPOCH all that the build added has that time, and its layers no later one.
 * Layers' digests that are not known are computed; without an engine that throws NeedsRun.
 */
export async function assembleImage(
  plan: BuildPlan,
  result: FileTree,
  store: Store,
  engine: Engine | undefined,
): Promise<AssembledImage> {
  const top = result.kind === "snapshot" ? result.id : undefined;
  const chain = top === undefined ? [] : store.snapshots.chain(top);
  const { base, epoch, platform } = plan;
  // The layers of the base stay as they are.
  const below = base?.config.rootfs.diff_ids ?? [];
  const diffIds = await Promise.all(
    chain.map(async ({ id }, at) => below[at] ?? knownDiffId(store, id, epoch) ?? (await compute(id, epoch, engine))),
  );
  const own = plan.history.filter(({ layer }) => layer).length;
  const set = epoch === undefined ? undefined : timeText(epoch * 1000);
  const created = set ?? newest(chain, own) ?? base?.config.created;
  const added = chain.slice(chain.length - own).map((layer) => set ?? timestamp(layer));
  const config: ImageConfig = {
    created,
    author: plan.author,
    ...platform,
    config: plan.config,
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [...(base?.config.history ?? []), ...history(plan, added, set ?? base?.config.created)],
  };
  const { value, bytes, id } = encodeConfig(JSON.parse(canonicalJson(config)) as ImageConfig);
  const size = chain.reduce((sum, layer) => sum + layer.size, 0);
  const time = created === undefined ? 0 : Date.parse(created);
  return { id, config: value, snapshots: chain.map((layer) => layer.id), size, created: time, configBytes: bytes };
}

function compute(id: SnapshotRecord["id"], epoch: number | undefined, engine: Engine | undefined): Promise<Digest> {
  if (!engine) throw new NeedsRun();
  return engine.diffIdOf(id, epoch);
}

function newest(chain: readonly SnapshotRecord[], own: number): string | undefined {
  const top = own > 0 ? chain.at(-1) : undefined;
  return top && timestamp(top);
}

function timestamp({ created }: SnapshotRecord): string {
  return timeText(created);
}

/** As Go writes times (RFC 3339), without zeros at the end of the fraction, since images have been written so. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/0+Z$/, "Z").replace(".Z", "Z");
}

/**
 * Every line gets the time of the layer that it made, or of the one before it; one whose layer was squashed has brought its time.
 * @param added times of the layers that the build added.
 */
function history(plan: BuildPlan, added: readonly string[], start: string | undefined): readonly History[] {
  let made = 0;
  let time = start ?? added[0];
  return plan.history.map(({ entry, layer }) => {
    if (layer) time = added[made++];
    else time = entry.created ?? time;
    return { ...entry, created: time };
  });
}
