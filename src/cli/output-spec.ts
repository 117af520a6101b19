import { didYouMean, SlipwayError } from "../base/index.ts";
import type { OutputSpec } from "../index.ts";
import { usage } from "./args.ts";
import { csvFields } from "./csv.ts";

const types = ["image", "oci", "docker", "local", "tar"] as const;
const refused: Readonly<Record<string, string>> = {
  cacheonly: "leave --output away: without a tag nothing but the cache refers to the image",
};

/**
 * One `--output`: `type=oci,dest=out.tar`; a bare path is a local folder, "-" a tar on standard output (docker buildx, "--output").
 * Throws SLIP_USAGE, or SLIP_UNSUPPORTED for docker's other types.
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
  const { type: given, dest, ...others } = attributes;
  const type = given === "registry" ? "image" : given;
  const rest = given === "registry" ? { push: "true", ...others } : others;
  if (type === undefined) throw usage(`No type in --output ${text}`, `add type=, one of: ${types.join(", ")}`);
  const instead = refused[type];
  if (instead !== undefined) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Output type ${type} is not supported`,
      hint: instead,
    });
  }
  const known = types.find((item) => item === type);
  if (known === undefined) {
    throw usage(`Unknown type "${type}" in --output`, didYouMean(type, types) ?? `one of: ${types.join(", ")}`);
  }
  if (rest["push-by-digest"] !== undefined && rest["push-by-digest"] !== "false") {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Pushing without a name (push-by-digest=${rest["push-by-digest"]}) is not supported`,
      hint: "push under a tag: the digest that it has there is in the summary",
    });
  }
  if (known === "image") {
    if (dest !== undefined)
      throw usage(`Output type ${given} takes no dest`, "the image lands in the store; name it with --tag");
    return { type: known, attributes: rest };
  }
  if (dest === undefined || dest === "") throw usage(`No dest in --output ${text}`, destHint(known));
  if (known === "local" && dest === "-")
    throw usage("Output type local needs a folder as dest", "type=tar,dest=- writes a tar");
  return { type: known, dest, attributes: rest };
}

/** The outputs with `--push`: those of type image go to their registry; one is added where there is none. */
export function withPush(outputs: readonly OutputSpec[]): readonly OutputSpec[] {
  const pushed = (output: OutputSpec): OutputSpec => ({
    ...output,
    attributes: { ...output.attributes, push: "true" },
  });
  if (outputs.some(({ type }) => type === "image")) {
    return outputs.map((output) => (output.type === "image" ? pushed(output) : output));
  }
  return [...outputs, pushed({ type: "image", attributes: {} })];
}

/** Checks that several outputs do not collide and none writes a tar onto a terminal. */
export function checkOutputs(outputs: readonly OutputSpec[], stdoutIsTTY: boolean): void {
  const streams = outputs.filter(({ dest }) => dest === "-");
  if (streams.length > 1) throw usage("Two outputs write to standard output", "give one of them a file as dest");
  if (streams.length === 1 && stdoutIsTTY) {
    throw usage("Refusing to write an archive to the terminal", "give a file as dest, or redirect the output");
  }
}

function destHint(type: string): string {
  return type === "local" ? "add dest=FOLDER" : "add dest=FILE, or dest=- for standard output";
}
