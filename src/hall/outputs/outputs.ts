import type { Ctx, Digest } from "../../base/index.ts";
import {
  exportDocker,
  type ExportImage,
  exportLocal,
  exportOci,
  type ExportResult,
  type ImageExportOptions,
  exportTar,
} from "../../export/index.ts";
import type { BuildResult, OutputSpec } from "../api/api.ts";
import { exportImage, wholeNames, withOwnTimes } from "./export-image.ts";
import { openFileTree } from "./file-tree.ts";
import { isPushed, outputNames, pushedNames } from "./check-output.ts";
import { findImage } from "../images/find-image.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";

/**
 * Writes the outputs of a build, one after the other.
 * @param ids an image a platform.
 * Throws SLIP_OUTPUT and SLIP_UNSUPPORTED; nothing half-written stays.
 */
export async function writeOutputs(
  ids: readonly Digest[],
  names: readonly string[],
  outputs: readonly OutputSpec[],
  engine: Engine,
  ctx: Ctx,
): Promise<BuildResult["outputs"]> {
  const written: BuildResult["outputs"][number][] = [];
  for (const output of outputs) {
    if (output.type === "image") {
      if (isPushed(output)) written.push(...(await pushOutput(ids, pushedNames(output, names), output, engine, ctx)));
      continue;
    }
    const step = `output ${output.type} ${output.dest}`;
    const started = Date.now();
    announce(ctx, step, `exporting to ${output.type} ${output.dest === "-" ? "standard output" : output.dest}`);
    try {
      const { location, descriptor } = await writeOutput(ids, names, output, engine, ctx);
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
      written.push({ type: output.type, dest: location, digest: descriptor?.digest });
    } catch (error) {
      endFailed(ctx, step, started, error);
      throw error;
    }
  }
  return written;
}

async function pushOutput(
  ids: readonly Digest[],
  names: readonly string[],
  { attributes }: OutputSpec,
  engine: Engine,
  ctx: Ctx,
): Promise<BuildResult["outputs"]> {
  const { pushImage } = await import("../registry/push-image.ts");
  const images = ids.map((id) => findImage(engine.store, id));
  const pushed = await pushImage({ images, names, ...compressionOf(attributes) }, engine, ctx);
  return pushed.map(({ name, digest }) => ({ type: "registry", dest: name, digest }));
}

function compressionOf({
  compression,
  "compression-level": level,
}: OutputSpec["attributes"]): Pick<ImageExportOptions, "compression" | "level"> {
  return {
    compression: compression === "uncompressed" ? "none" : (compression as "gzip" | "zstd" | undefined),
    level: level === undefined ? undefined : Number(level),
  };
}

async function writeOutput(
  ids: readonly Digest[],
  names: readonly string[],
  { type, dest = "", attributes: given }: OutputSpec,
  engine: Engine,
  ctx: Ctx,
): Promise<ExportResult> {
  const records = ids.map((id) => findImage(engine.store, id));
  if (type === "local" || type === "tar") {
    const split = given["platform-split"] === undefined ? records.length > 1 : given["platform-split"] === "true";
    const write = type === "local" ? exportLocal : exportTar;
    await using tree = await openFileTree(records, split, engine);
    return await write(tree.root, { dest, epoch: tree.epoch }, ctx);
  }
  const { name } = given;
  const options = { dest, ...compressionOf(given) };
  const [image, ...others] = await Promise.all(
    records.map(async (record) => {
      const whole = exportImage(engine, record);
      return given["rewrite-timestamp"] === "false" ? withOwnTimes(whole, record, engine) : whole;
    }),
  );
  const named = {
    image: image as ExportImage,
    others,
    names: wholeNames(name === undefined ? names : outputNames(name)),
  };
  return type === "oci"
    ? exportOci([named], { ...options, tar: given["tar"] !== "false" }, ctx)
    : exportDocker([named], { ...options, tar: true }, ctx);
}
