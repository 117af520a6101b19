import { join } from "node:path";
import { type Ctx, type Digest, digestOf, formatByteSize, SlipwayError } from "../../base/index.ts";
import type { LayerStack, Waste } from "../../fold/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { FileTree } from "../../ops/index.ts";
import type { BuildPlan, PlannedHistory } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { SnapshotId, SnapshotRecord, Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { type Engine, endFailed } from "../engine/engine.ts";
import { timeText } from "./assemble.ts";

/** Raised when the same layers come out in another way: those that were made before are not used any more then. */
const version = 1;

/** What becomes of the layers that a build adds. */
export type Shape = "squash" | "fold";

/** What is asked for: squashed layers have nothing left to fold. */
export function shapeOf({ squash, fold }: Pick<BuildOptions, "squash" | "fold">): Shape | undefined {
  return squash ? "squash" : fold ? "fold" : undefined;
}

/** A build's plan and its file system as the image is to have them. */
export interface Shaped {
  readonly plan: BuildPlan;
  readonly result: FileTree;
  /** What was taken out, when that was done just now. */
  readonly waste?: readonly Waste[] | undefined;
}

/** The layers that a build added to its base, bottom first, and those below them. */
export function layersOf(plan: BuildPlan, result: FileTree, store: Store) {
  const top = result.kind === "snapshot" ? result.id : undefined;
  const chain = top === undefined ? [] : store.snapshots.chain(top);
  const count = plan.history.filter(({ layer }) => layer).length;
  return { top, own: chain.slice(chain.length - count), base: chain.slice(0, chain.length - count) };
}

/**
 * Squashes or folds the layers that a build added to its base; those of the base stay. What was made once is kept like the result of a step.
 * Throws NeedsRun where it has to be made and there is no engine; SLIP_INTERNAL when the files would not be the same.
 */
export async function shapeLayers(
  whole: Shaped,
  shape: Shape | undefined,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<Shaped> {
  const { plan, result } = whole;
  const { top, own, base } = layersOf(plan, result, store);
  // In one layer alone nothing is doubled or hidden.
  if (shape === undefined || top === undefined || own.length < 2) return whole;
  const key = shapeKey(shape, top, own.length);
  const shaped = shape === "squash" ? { ...plan, history: squashedHistory(plan, own) } : plan;
  const id = `${shape} ${formatPlatform(plan.platform)}`;
  const step = { id, text: shapeText(shape, plan), inputs: [] };
  ctx.emit({ type: "graph", steps: [step], target: "", skippedStages: [] });
  const known = store.records.get(key);
  if (known) {
    ctx.emit({ type: "step-cached", id });
    return { plan: shaped, result: { kind: "snapshot", id: known.snapshot } };
  }
  if (!engine) throw new NeedsRun();
  const started = Date.now();
  ctx.emit({ type: "step-start", id, time: started });
  try {
    const made = await make({ shape, key, own, base, description: step.text }, engine, ctx);
    const [before, after] = [own, store.snapshots.chain(made.id).slice(base.length)].map(sizeOf) as [number, number];
    const note = before === after ? "no byte less" : `${formatByteSize(before)} became ${formatByteSize(after)}`;
    ctx.emit({ type: "step-done", id, duration: Date.now() - started, note });
    return { plan: shaped, result: { kind: "snapshot", id: made.id }, waste: made.waste };
  } catch (error) {
    endFailed(ctx, id, started, error);
    throw error;
  }
}

/** The key of the record that leads from layers to what they became. @param top the topmost of them. @param own how many there are. */
export function shapeKey(shape: Shape, top: SnapshotId, own: number): Digest {
  return digestOf({ shape, version, top, own });
}

export function sizeOf(layers: readonly SnapshotRecord[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

/** The step for people; where there are several platforms, it says for which. */
export function shapeText(shape: Shape, plan: BuildPlan): string {
  const { platform } = plan.root.origin;
  const layers = plan.history.filter(({ layer }) => layer).length;
  const which = platform === undefined ? `${layers} layers` : `${layers} layers of ${platform}`;
  return shape === "squash" ? `squash ${which} into one` : `fold ${which}`;
}

/**
 * The history with one layer. Every step keeps its line and its time; none of them has a layer of its own any more (image-spec, config.md, "history"),
 * and a last line has what they made together.
 */
function squashedHistory(plan: BuildPlan, own: readonly SnapshotRecord[]): readonly PlannedHistory[] {
  let at = 0;
  let last: PlannedHistory["layer"];
  const lines = plan.history.map(({ entry, layer }): PlannedHistory => {
    if (!layer) return { entry, layer };
    last = layer;
    const { created } = own[at++] as SnapshotRecord;
    const time = plan.epoch === undefined ? timeText(created) : undefined;
    return { entry: { ...entry, created: time, empty_layer: true }, layer: undefined };
  });
  const entry = { created_by: "slipway build --squash", comment: `squashed ${own.length} layers` };
  return [...lines, { entry, layer: last }];
}

interface Job {
  readonly shape: Shape;
  readonly key: Digest;
  readonly own: readonly SnapshotRecord[];
  readonly base: readonly SnapshotRecord[];
  readonly description: string;
}

interface Made {
  readonly id: SnapshotId;
  readonly waste?: readonly Waste[] | undefined;
}

async function make(job: Job, engine: Engine, ctx: Ctx): Promise<Made> {
  const { key, shape, description, own, base } = job;
  const { store } = engine;
  await using _lock = await store.lock(`layers ${key}`, ctx.signal);
  const meanwhile = store.records.get(key);
  if (meanwhile) return { id: meanwhile.snapshot };
  const top = own.at(-1) as SnapshotRecord;
  store.snapshots.use(top.id);
  // Unpacking one asks what lies below it. Where only the base is elsewhere, it stays there.
  const tops: readonly SnapshotId[] = own.some(({ id }) => store.remoteLayers.of(id)) ? [top.id] : [];
  await engine.bringLayers(tops);
  const stack = stackOf(own, base, engine);
  const scratch = store.scratch();
  try {
    const made = await (shape === "squash" ? squashed : folded)(stack, scratch, job, engine, ctx);
    const created = Date.now();
    return { ...made, id: store.records.put({ key, identity: key, snapshot: made.id, created, description }).snapshot };
  } finally {
    await store.discard(scratch);
  }
}

/** The folders of the layers; those of a base that is not all here are not known. */
export function stackOf(
  own: readonly SnapshotRecord[],
  base: readonly SnapshotRecord[],
  { store, namespace }: Pick<Engine, "store" | "namespace">,
): LayerStack {
  const folderOf = ({ id }: SnapshotRecord): string => store.snapshots.folder(id);
  const isHere = base.every(({ id }) => store.remoteLayers.of(id) === undefined);
  return {
    own: own.map(folderOf),
    base: isHere ? base.map(folderOf) : undefined,
    overlayXattrs: namespace.overlayXattrs,
  };
}

async function squashed(
  stack: LayerStack,
  scratch: string,
  { own, base }: Job,
  engine: Engine,
  ctx: Ctx,
): Promise<Made> {
  const { squash } = await import("../../fold/index.ts");
  const { folder, waste } = await squash(stack, scratch, ctx.signal);
  const { created } = own.at(-1) as SnapshotRecord;
  return { id: await publish(folder, base.at(-1)?.id, created, engine), waste };
}

async function folded(stack: LayerStack, scratch: string, { own, base }: Job, engine: Engine, ctx: Ctx): Promise<Made> {
  const { fold } = await import("../../fold/index.ts");
  const { folders, waste } = await fold(stack, scratch, ctx.signal);
  let below = base.at(-1)?.id;
  for (const [at, layer] of own.entries()) {
    const folder = folders[at];
    if (folder !== undefined) below = await publish(folder, below, layer.created, engine);
    // A layer that stays is the same folder on another parent.
    else if (layer.parent !== below && below !== undefined) below = engine.store.snapshots.stack(layer.id, below).id;
    else below = layer.id;
  }
  if (below === undefined)
    throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot fold layers: none is left" });
  return { id: below, waste };
}

/** @param folder the `fs` of a folder of its own. @param created the time of the layer that it stands for, so that the image has the same times. */
async function publish(folder: string, parent: SnapshotId | undefined, created: number, { store }: Engine) {
  const { measureFolder, ulid } = await import("../../store/index.ts");
  const record = { id: ulid(), parent, created, ...(await measureFolder(folder)) };
  return store.snapshots.publish(record, join(folder, "..")).id;
}
