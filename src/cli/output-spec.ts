import { didYouMean } from "../base/index.ts";
import type { OutputSpec } from "../index.ts";
import { usage } from "./args.ts";
import { csvFields } from "./csv.ts";

const types = ["image", "registry", "oci", "docker", "local", "tar", "cacheonly"] as const;

/**
 * One `--output`: `type=oci,dest=out.tar`; a bare path is a local folder, "-" a tar on standard output (docker buildx, "--output"). What the
 * attributes mean is for whoever builds.
 * Throws SLIP_USAGE.
 */
export function parseOutput(text: string): OutputSpec {
  if (text === "") throw usage("Empty value for --output", "write type=local,dest=FOLDER");
  if (text === "-") return { type: "tar", dest: "-", attributes: {} };
  const fields = csvFields("--output", text);
  if (fields.length === 1 && fields[0]?.[1] === undefined) return { type: "local", dest: text, attributes: {} };

  const attributes: Record<string, string> = {};
  for (const [key, value] of fields) {
    if (value === undefined) throw usage(`Invalid field "${key}" in --output ${text}`, "fields are key=value");
    attributes[key.trim().toLowerCase()] = value;
  }
  const { type, dest, ...rest } = attributes;
  if (type === undefined) throw usage(`No type in --output ${text}`, `add type=, one of: ${types.join(", ")}`);
  const known = types.find((item) => item === type);
  if (known === undefined) {
    throw usage(`Unknown type "${type}" in --output`, didYouMean(type, types) ?? `one of: ${types.join(", ")}`);
  }
  // An archive without a file is for whoever reads standard output.
  const streams = known === "tar" || (known === "oci" && rest["tar"] !== "false");
  const place = dest ?? (streams ? "-" : undefined);
  return { type: known, ...(place !== undefined && { dest: place }), attributes: rest };
}

/** The outputs with `--push`: those of type image go to their registry; one is added where none does. */
export function withPush(outputs: readonly OutputSpec[]): readonly OutputSpec[] {
  const pushed = outputs.map((output) =>
    output.type === "image" ? { ...output, attributes: { ...output.attributes, push: "true" } } : output,
  );
  const goes = pushed.some(({ type }) => type === "image" || type === "registry");
  return goes ? pushed : [...pushed, { type: "registry", attributes: {} }];
}

/** The outputs with `--load`: one of them goes into a Docker Engine. */
export function withLoad(outputs: readonly OutputSpec[]): readonly OutputSpec[] {
  const loaded = outputs.some(({ type, dest }) => type === "docker" && dest === undefined);
  return loaded ? outputs : [...outputs, { type: "docker", attributes: {} }];
}

/** Checks that none writes a tar onto a terminal. */
export function checkOutputs(outputs: readonly OutputSpec[], stdoutIsTTY: boolean): void {
  if (stdoutIsTTY && outputs.some(({ dest }) => dest === "-")) {
    throw usage("Refusing to write an archive to the terminal", "give a file as dest, or redirect the output");
  }
}
