import type { Ctx } from "../../base/index.ts";
import { type ImageExportOptions, type PreparedPush, pushContent } from "../../export/index.ts";
import { noteManifest } from "../../import/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { Pushed } from "../api/api.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { exportImage } from "../outputs/export-image.ts";
import { noteRepository, pulledManifest, repositoriesOf } from "./known-blobs.ts";
import { transferCtx } from "./transfer-events.ts";

export interface PushRequest extends Pick<ImageExportOptions, "compression" | "level"> {
  /** One a platform. */
  readonly images: readonly ImageRecord[];
  /** References with a tag. */
  readonly names: readonly string[];
}

/**
 * Pushes images of one name, for each platform one, under several names. A layer is compressed once and stays in the store so; one that came from a
 * registry goes out as it came, and a registry that has it is not sent it again.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY
 */
export async function pushImage(request: PushRequest, engine: Engine, ctx: Ctx): Promise<readonly Pushed[]> {
  const client = await engine.registries();
  let prepared: PreparedPush | undefined;
  const pushed: Pushed[] = [];
  for (const name of request.names) {
    const reference = parseReference(name);
    const step = `push ${name}`;
    const started = Date.now();
    announce(ctx, step, `push ${name}`);
    try {
      prepared ??= await prepare(request, engine, ctx);
      const { content, root } = prepared;
      await client.push(reference, content, transferCtx(step, "uploading", ctx));
      noteRepository(
        reference,
        content.blobs.map(({ descriptor }) => descriptor),
        engine.store,
      );
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: root.digest.slice(0, 19) });
      pushed.push({ name: formatReference(reference), digest: root.digest });
    } catch (error) {
      endFailed(ctx, step, started, error);
      throw error;
    }
  }
  return pushed;
}

async function prepare({ images, compression, level }: PushRequest, engine: Engine, ctx: Ctx): Promise<PreparedPush> {
  const { store } = engine;
  const prepared = await pushContent(
    images.map((record) => ({
      image: exportImage(engine, record),
      manifest: compression === undefined ? pulledManifest(record.id, store) : undefined,
    })),
    { compression, level, keeper: store, repositoriesOf: (blob) => repositoriesOf(blob, store) },
    ctx,
  );
  const { manifests, root } = prepared;
  for (const [at, { digest }] of manifests.entries()) {
    // What is pushed is found by its digest, here as there.
    noteManifest(images[at] as ImageRecord, digest, digest === root.digest ? [] : [root.digest], store);
  }
  return prepared;
}
