import type { Ctx, Digest } from "../base/index.ts";
import { exportDocker, exportLocal, exportOci, type ExportResult, exportTar } from "../export/index.ts";
import type { BuildResult, OutputSpec } from "./api.ts";
import { exportImage, wholeNames } from "./export-image.ts";
import { outputNames } from "./check-output.ts";
import { findImage } from "./find-image.ts";
import { announce, endFailed, type Engine } from "./engine.ts";

/** Writes the outputs of a build, one after the other. Throws SLIP_OUTPUT and SLIP_UNSUPPORTED; nothing half-written stays. */
export async function writeOutputs(
  id: Digest,
  names: readonly string[],
  outputs: readonly OutputSpec[],
  engine: Engine,
  ctx: Ctx,
): Promise<BuildResult["outputs"]> {
  const written: BuildResult["outputs"][number][] = [];
  for (const output of outputs) {
    if (output.type === "image") continue;
    const step = `output ${output.type} ${output.dest}`;
    const started = Date.now();
    announce(ctx, step, `exporting to ${output.type} ${output.dest === "-" ? "standard output" : output.dest}`);
    try {
      const { location, descriptor } = await writeOutput(id, names, output, engine, ctx);
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
      written.push({ type: output.type, dest: location, digest: descriptor?.digest });
    } catch (error) {
      endFailed(ctx, step, started, error);
      throw error;
    }
  }
  return written;
}

async function writeOutput(
  id: Digest,
  names: readonly string[],
  { type, dest = "", attributes: given }: OutputSpec,
  engine: Engine,
  ctx: Ctx,
): Promise<ExportResult> {
  const record = findImage(engine.store, id);
  if (type === "local" || type === "tar") {
    const write = type === "local" ? exportLocal : exportTar;
    const top = record.snapshots.at(-1);
    if (top === undefined) return write(engine.store.scratch(), { dest }, ctx);
    await using view = await engine.snapshotter.view(top);
    return await write(await view.root(), { dest }, ctx);
  }
  const { name, compression, "compression-level": level } = given;
  const options = {
    dest,
    compression: compression === "uncompressed" ? ("none" as const) : (compression as "gzip" | "zstd" | undefined),
    level: level === undefined ? undefined : Number(level),
  };
  const image = {
    image: exportImage(engine, record),
    names: wholeNames(name === undefined ? names : outputNames(name)),
  };
  return type === "oci"
    ? exportOci([image], { ...options, tar: given["tar"] !== "false" }, ctx)
    : exportDocker([image], { ...options, tar: true }, ctx);
}
