import { type Ctx, isSlipwayError } from "../../base/index.ts";
import {
  type ImageForm,
  type NamedImage,
  type PreparedPush,
  pushContent,
  type PushContentOptions,
} from "../../export/index.ts";
import { noteManifest } from "../../import/index.ts";
import { formatReference, parseReference, type Reference } from "../../oci/index.ts";
import type { RegistryClient, RegistryCtx } from "../../registry/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { WrittenOutput } from "../api/output-api.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { noteRepository, repositoriesOf } from "./known-blobs.ts";
import { transferCtx } from "./transfer-events.ts";

export interface PushRequest {
  /** One a platform. */
  readonly records: readonly ImageRecord[];
  /** The same as they are to go out. */
  readonly images: NamedImage["images"];
  /** The index that they came with. */
  readonly index?: NamedImage["index"];
  /** References with a tag. */
  readonly names: readonly string[];
  /** Repositories that get the images without a tag. */
  readonly repositories?: readonly string[] | undefined;
  readonly form?: ImageForm | undefined;
  /** The registries may speak plain HTTP, or have certificates that do not verify. */
  readonly insecure?: boolean | undefined;
}

/**
 * Pushes images of one name, for each platform one, under several names. A layer is compressed once and stays in the store so; one that came from a
 * registry goes out as it came, and a registry that has it is not sent it again.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY
 */
export async function pushImage(request: PushRequest, engine: Engine, ctx: Ctx): Promise<readonly WrittenOutput[]> {
  const targets = targetsOf(request);
  const domains = [...new Set(targets.map(({ reference }) => reference.domain))];
  const client = await engine.registries(request.insecure ? { insecure: domains } : "patient");
  let prepared: PreparedPush | undefined;
  const pushed: WrittenOutput[] = [];
  for (const { name, reference } of targets) {
    const step = `push ${name}`;
    const started = Date.now();
    announce(ctx, step, `push ${name}`);
    try {
      const registry = transferCtx(step, "uploading", ctx);
      prepared ??= await sentAhead(client, reference, registry, (ahead, signal) =>
        prepare(request, ahead, engine, { ...ctx, signal }),
      );
      const { content, root, configs } = prepared;
      await client.push(reference, content, registry);
      noteRepository(
        reference,
        content.blobs.map(({ descriptor }) => descriptor),
        engine.store,
      );
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: root.digest.slice(0, 19) });
      const dest = reference.tag === undefined ? `${name}@${root.digest}` : name;
      pushed.push({ type: "registry", dest, digest: root.digest, descriptor: root, names: [dest], configs });
    } catch (error) {
      endFailed(ctx, step, started, error);
      throw error;
    }
  }
  return pushed;
}

function targetsOf({
  names,
  repositories = [],
}: PushRequest): readonly { readonly name: string; readonly reference: Reference }[] {
  const tagged = names.map((name) => parseReference(name));
  const untagged = repositories.map((name) => ({ ...parseReference(name), tag: undefined }));
  return [
    ...tagged.map((reference) => ({ name: formatReference(reference), reference })),
    ...untagged.map((reference) => ({ name: `${reference.domain}/${reference.path}`, reference })),
  ];
}

type Ahead = Pick<PushContentOptions, "onLayer" | "onGrowing">;

/** Sends each layer while the next is prepared, and a large one while it is compressed. The work ends early for who may not push. */
async function sentAhead(
  client: RegistryClient,
  reference: Reference,
  ctx: RegistryCtx,
  work: (ahead: Ahead, signal: AbortSignal) => Promise<PreparedPush>,
): Promise<PreparedPush> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const sent: Promise<void>[] = [];
  try {
    const begun = (one: Promise<void>): Promise<void> => {
      one.catch((error: unknown) => {
        // Other failures may be gone the next time, and what is compressed is kept until then.
        if (isSlipwayError(error) && error.code === "SLIP_UNAUTHORIZED") stop.abort(error);
      });
      sent.push(one);
      return one;
    };
    const ahead: Ahead = {
      onLayer: (blob) => void begun(client.pushBlobs(reference, [blob], { ...ctx, signal })),
      onGrowing: (blob) => begun(client.pushGrowing(reference, blob, { ...ctx, signal })),
    };
    const prepared = await work(ahead, signal);
    await Promise.all(sent);
    return prepared;
  } catch (error) {
    // Unless it has ended with a reason.
    stop.abort(error);
    await Promise.allSettled(sent);
    throw ctx.signal.aborted ? error : stop.signal.reason;
  }
}

async function prepare(request: PushRequest, ahead: Ahead, engine: Engine, ctx: Ctx): Promise<PreparedPush> {
  const { store } = engine;
  const { records, images, index, names, repositories = [], form } = request;
  const prepared = await pushContent(
    { images, names: [...names, ...repositories], index },
    { ...form, keeper: store, repositoriesOf: (blob) => repositoriesOf(blob, store), ...ahead },
    ctx,
  );
  const { manifests, root } = prepared;
  for (const [at, { digest }] of manifests.entries()) {
    // What is pushed is found by its digest, here as there.
    noteManifest(records[at] as ImageRecord, digest, digest === root.digest ? [] : [root.digest], store);
  }
  return prepared;
}
