import { type Ctx, SlipwayError, toSlipwayError } from "../../base/index.ts";
import type { RemoteLayer, SnapshotId } from "../../store/index.ts";
import { endFailed, type Engine } from "../engine/engine.ts";
import { ArrivingBlobs } from "./arriving-blobs.ts";
import { fillLayers, missingLayers, noteBlob } from "./fill-layers.ts";
import { transferCtx } from "./transfer-events.ts";

/** What a snapshot is to the job, for the progress. */
export interface LayersUse {
  /** As the Dockerfile or the command line has it. */
  readonly name: string;
  readonly stage?: string | undefined;
}

/**
 * Brings the layers that were left where they are until somebody needs their files, with a step of its own in the progress. Several who need the same
 * wait for one.
 */
export class MissingLayers {
  readonly #uses = new Map<SnapshotId, LayersUse>();
  readonly #running = new Map<SnapshotId, Promise<void>>();
  readonly #lost = new Set<SnapshotId>();

  /** Layers that were wanted and could not be brought. */
  get lost(): ReadonlySet<SnapshotId> {
    return this.#lost;
  }

  /** Says what the top snapshot of an image is here. The first to say it counts. */
  name(top: SnapshotId, use: LayersUse): void {
    if (!this.#uses.has(top)) this.#uses.set(top, use);
  }

  /** Throws SLIP_NETWORK and the like, naming what needs the layers. */
  async bring(tops: readonly SnapshotId[], engine: Engine, ctx: Ctx): Promise<void> {
    const last = missingLayers(tops, engine).at(-1);
    if (!last) return;
    let running = this.#running.get(last.id);
    if (!running) {
      running = this.#pull(tops, engine, ctx).finally(() => this.#running.delete(last.id));
      this.#running.set(last.id, running);
    }
    await running;
  }

  /** Brings the blob of one layer into the store, without its files: for who sends the image on. */
  async bringBlob(layer: RemoteLayer, engine: Engine, ctx: Ctx): Promise<void> {
    const { store } = engine;
    if (!(await store.blobs.stat(layer.blob.digest))) {
      await this.#told([layer], engine, ctx, async (step) => {
        const registry = transferCtx(step, "downloading", ctx, layer.blob.size);
        await using blobs = new ArrivingBlobs({ client: () => engine.registries(), store, ctx: registry });
        await blobs.bring(layer);
      });
    }
    noteBlob(layer, engine);
  }

  async #pull(tops: readonly SnapshotId[], engine: Engine, ctx: Ctx): Promise<void> {
    await this.#told(missingLayers(tops, engine), engine, ctx, async (step) => {
      await fillLayers(tops, step, engine, ctx);
    });
  }

  async #told(
    layers: readonly RemoteLayer[],
    engine: Engine,
    ctx: Ctx,
    work: (step: string) => Promise<void>,
  ): Promise<void> {
    const { store } = engine;
    const use = this.#useOf(layers, engine);
    const id = `layers ${layers.at(-1)?.id}`;
    const started = Date.now();
    const text = `pull ${countOf(layers)} of ${use.name}`;
    const step = { id, stage: use.stage, text, inputs: [] };
    ctx.emit({ type: "graph", steps: [step], target: "", skippedStages: [] });
    ctx.emit({ type: "step-start", id, time: started });
    try {
      await work(id);
      ctx.emit({ type: "step-done", id, duration: Date.now() - started });
    } catch (error) {
      const failure = ctx.signal.aborted ? toSlipwayError(error) : explained(error, layers, use);
      for (const layer of layers) if (store.remoteLayers.of(layer.id)) this.#lost.add(layer.id);
      endFailed(ctx, id, started, failure);
      throw failure;
    }
  }

  /** Whose layers they are: what the job calls them, or else an image of the store, the one with the fewest others, and one that was not built here. */
  #useOf(layers: readonly RemoteLayer[], { store }: Engine): LayersUse {
    const top = layers.at(-1)?.id as SnapshotId;
    for (const [named, use] of this.#uses)
      if (store.remoteLayers.missing(named).some(({ id }) => id === top)) return use;
    const cache = store.travelled.sourceOfSnapshot(top);
    if (cache !== undefined) return { name: `the cache ${cache}` };
    const names = store.images
      .list()
      .filter(({ snapshots }) => snapshots.includes(top))
      .toSorted((a, b) => Number(a.facts !== undefined) - Number(b.facts !== undefined))
      .toSorted((a, b) => a.snapshots.length - b.snapshots.length)
      .flatMap(({ id }) => store.images.names(id));
    return { name: names[0] ?? "an image without a name" };
  }
}

function countOf({ length }: readonly RemoteLayer[]): string {
  return length === 1 ? "a layer" : `${length} layers`;
}

const lazy = "files of an image come when a step needs them; `slipway pull` brings all of an image at once";
/** What it would not have come to, had the layers been brought earlier. */
const unreached: ReadonlySet<string> = new Set([
  "SLIP_NETWORK",
  "SLIP_UNAUTHORIZED",
  "SLIP_REGISTRY",
  "SLIP_IMAGE_UNKNOWN",
]);

function explained(error: unknown, layers: readonly RemoteLayer[], { name, stage }: LayersUse): SlipwayError {
  const failure = toSlipwayError(error);
  const user = stage === undefined ? "" : `, which stage ${stage} needs`;
  const reason = failure.message.replace(
    /^Cannot (?:fetch a blob of \S+|bring the layer \S+|unpack the (?:archive|layer)): /,
    "",
  );
  return new SlipwayError({
    code: failure.code,
    message: `Cannot pull ${countOf(layers)} of ${name}${user}: ${reason}`,
    hint: [failure.hint, ...(unreached.has(failure.code) ? [lazy] : [])]
      .filter((hint) => hint !== undefined)
      .join("\n"),
    cause: error,
  });
}
