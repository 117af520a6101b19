import { type Ctx, type Digest, isSlipwayError } from "../../base/index.ts";
import {
  exportDocker,
  type ExportImage,
  exportLocal,
  exportOci,
  exportTar,
  type NamedImage,
} from "../../export/index.ts";
import type { WrittenOutput } from "../api/output-api.ts";
import type { Attestations } from "../attestations/attestations.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { findImage } from "../images/find-image.ts";
import { exportImage, withOwnTimes } from "./export-image.ts";
import { openFileTree } from "./file-tree.ts";
import type { ArchiveOutput, ImageOutput, LoadOutput, LocalOutput, Output, TarOutput } from "./output.ts";

export interface OutputsRequest {
  /** An image a platform. */
  readonly ids: readonly Digest[];
  readonly outputs: readonly Output[];
  /** The images have attestations (keepAttestations): they go with each wherever it goes. */
  readonly attested?: boolean | undefined;
}

type Attested = OutputsRequest & Partial<Attestations>;

/** Throws, before anything is built, for an engine to load into that is not there. */
export async function checkReachable(outputs: readonly Output[], ctx: Ctx): Promise<void> {
  for (const output of outputs) {
    if (output.type === "load") await (await import("../docker/load-into-docker.ts")).checkDocker(output, ctx);
  }
}

/**
 * Writes the outputs of a build side by side, all from the same images; a layer that several of them compress alike is compressed once. The
 * first failure ends the others.
 * Throws SLIP_OUTPUT and SLIP_UNSUPPORTED; nothing half-written stays.
 */
export async function writeOutputs(given: OutputsRequest, engine: Engine, ctx: Ctx): Promise<readonly WrittenOutput[]> {
  const request = { ...given, ...(given.attested && (await attestations(engine, ctx))) };
  const stop = new AbortController();
  const part: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  let failure: { readonly error: unknown } | undefined;
  const all = request.outputs.map(async (output) => {
    try {
      return await writeOutput(output, request, engine, part);
    } catch (error) {
      // What one gave up, another may have waited for: the layer that they share tells neither of them why.
      if (failure === undefined || isCancelled(failure.error)) failure = { error };
      stop.abort();
      return [];
    }
  });
  const written = await Promise.all(all);
  if (failure) throw failure.error;
  return written.flat();
}

function isCancelled(error: unknown): boolean {
  return isSlipwayError(error) && error.code === "SLIP_CANCELLED";
}

async function attestations(engine: Engine, ctx: Ctx): Promise<Attestations> {
  return (await import("../attestations/attestations.ts")).attestationsOf(engine, ctx);
}

async function writeOutput(
  output: Output,
  request: Attested,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly WrittenOutput[]> {
  switch (output.type) {
    case "image":
      return pushOutput(output, request, engine, ctx);
    case "load":
      return loadOutput(output, request, engine, ctx);
    case "oci":
    case "docker":
      return [await inStep(output, ctx, () => writeArchive(output, request, engine, ctx))];
    case "local":
    case "tar":
      return [await inStep(output, ctx, () => writeFiles(output, request, engine, ctx))];
  }
}

async function pushOutput(
  { push, names, form, ownTimes }: ImageOutput,
  request: Attested,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly WrittenOutput[]> {
  if (!push) return [];
  const { pushImage } = await import("../registry/push-image.ts");
  const images = await imagesOf(request, ownTimes, engine);
  const records = request.ids.map((id) => findImage(engine.store, id));
  return pushImage({ records, images, names, form, ...push }, engine, ctx);
}

async function loadOutput(
  output: LoadOutput,
  request: Attested,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly WrittenOutput[]> {
  const { loadIntoDocker } = await import("../docker/load-into-docker.ts");
  return [await loadIntoDocker(output, await imagesOf(request, output.ownTimes, engine), engine, ctx)];
}

/** Shows an output as a step. */
async function inStep(
  { type, dest }: { readonly type: string; readonly dest: string },
  ctx: Ctx,
  write: () => Promise<WrittenOutput>,
): Promise<WrittenOutput> {
  const step = `output ${type} ${dest}`;
  const started = Date.now();
  announce(ctx, step, `exporting to ${type} ${dest === "-" ? "standard output" : dest}`);
  try {
    const written = await write();
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
    return written;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

async function writeArchive(
  { type, dest, tar, names, form, ownTimes }: ArchiveOutput,
  request: Attested,
  engine: Engine,
  ctx: Ctx,
): Promise<WrittenOutput> {
  const named: NamedImage = { images: await imagesOf(request, ownTimes, engine), names };
  const write = type === "oci" ? exportOci : exportDocker;
  const { location, descriptor, configs } = await write([named], { dest, tar, ...form }, ctx);
  return { type, dest: location, digest: descriptor?.digest, descriptor, names, configs };
}

async function writeFiles(
  output: LocalOutput | TarOutput,
  { ids, files }: Attested,
  engine: Engine,
  ctx: Ctx,
): Promise<WrittenOutput> {
  const { type, dest, split } = output;
  const records = ids.map((id) => findImage(engine.store, id));
  await using tree = await openFileTree(
    records,
    split,
    engine,
    files && { files, prefix: output.attestationPrefix, named: !split && records.length > 1 },
  );
  const { roots, epoch } = tree;
  const { location } =
    output.type === "local"
      ? await exportLocal(roots, { dest, epoch, clean: output.clean }, ctx)
      : await exportTar(roots[0], { dest, epoch }, ctx);
  return { type, dest: location };
}

async function imagesOf({ ids, attach }: Attested, ownTimes: boolean, engine: Engine): Promise<NamedImage["images"]> {
  const [first, ...others] = await Promise.all(
    ids.map(async (id): Promise<ExportImage> => {
      const record = findImage(engine.store, id);
      const whole = exportImage(engine, record);
      const image = ownTimes ? await withOwnTimes(whole, record, engine) : whole;
      return { ...image, attach: attach?.({ ...record, config: image.config }) };
    }),
  );
  return [first as ExportImage, ...others];
}
