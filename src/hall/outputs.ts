import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { exportDocker, exportLocal, exportOci, type ExportResult, exportTar } from "../export/index.ts";
import type { BuildResult, OutputSpec } from "./api.ts";
import { exportImage, findImage, wholeNames } from "./export-image.ts";
import { announce, type Engine } from "./machinery.ts";

/** Attributes that each type of output takes besides `type` and `dest`. */
const attributes: Readonly<Record<OutputSpec["type"], readonly string[]>> = {
  oci: ["compression", "compression-level", "tar", "name"],
  docker: ["compression", "compression-level", "name"],
  local: [],
  tar: [],
  image: ["name"],
};

/** Writes the outputs of a build, one after the other. Throws SLIP_OUTPUT and SLIP_UNSUPPORTED; nothing half-written stays. */
export async function writeOutputs(
  id: Digest,
  names: readonly string[],
  outputs: readonly OutputSpec[],
  engine: Engine,
  ctx: Ctx,
): Promise<BuildResult["outputs"]> {
  for (const output of outputs) checkOutput(output);
  const written: BuildResult["outputs"][number][] = [];
  for (const output of outputs) {
    if (output.type === "image") continue;
    const step = `output ${output.type} ${output.dest}`;
    const started = Date.now();
    announce(ctx, step, `exporting to ${output.type} ${output.dest === "-" ? "standard output" : output.dest}`);
    const { location, descriptor } = await writeOutput(id, names, output, engine);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
    written.push({ type: output.type, dest: location, digest: descriptor?.digest });
  }
  return written;
}

/** Throws when an output asks for what slipway does not know; called before a build does anything. */
export function checkOutput(output: OutputSpec): void {
  const known = attributes[output.type];
  const odd = Object.keys(output.attributes).find((key) => !known.includes(key));
  if (odd !== undefined) {
    const message = `The output attribute ${odd}=${output.attributes[odd]} is not supported for type=${output.type}`;
    const hint = known.length > 0 ? `it takes dest, ${known.join(", ")}` : "it takes dest alone";
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint });
  }
  if (output.type !== "image" && !output.dest) {
    const message = `The output type=${output.type} needs a destination`;
    throw new SlipwayError({ code: "SLIP_OUTPUT", message, hint: `write --output type=${output.type},dest=PATH` });
  }
  const { compression, "compression-level": level } = output.attributes;
  if (compression !== undefined && !["gzip", "zstd", "uncompressed"].includes(compression)) {
    const message = `Unknown compression ${compression}`;
    throw new SlipwayError({ code: "SLIP_OUTPUT", message, hint: "it is gzip, zstd or uncompressed" });
  }
  if (level !== undefined && !/^\d+$/.test(level)) {
    throw new SlipwayError({ code: "SLIP_OUTPUT", message: `compression-level must be a number, not ${level}` });
  }
}

async function writeOutput(
  id: Digest,
  names: readonly string[],
  { type, dest = "", attributes: given }: OutputSpec,
  engine: Engine,
): Promise<ExportResult> {
  const record = findImage(engine.store, id);
  if (type === "local" || type === "tar") {
    const write = type === "local" ? exportLocal : exportTar;
    const top = record.snapshots.at(-1);
    if (top === undefined) return write(engine.store.scratch(), { dest });
    await using view = await engine.snapshotter.view(top);
    return await write(await view.root(), { dest });
  }
  const { name, compression, "compression-level": level } = given;
  const options = {
    dest,
    names: wholeNames(name === undefined ? names : name.split(",")),
    compression: compression === "uncompressed" ? ("none" as const) : (compression as "gzip" | "zstd" | undefined),
    level: level === undefined ? undefined : Number(level),
  };
  const image = exportImage(engine, record);
  return type === "oci"
    ? exportOci(image, { ...options, tar: given["tar"] !== "false" })
    : exportDocker(image, { ...options, tar: true });
}
