import { SlipwayError } from "../../base/index.ts";
import type { OutputSpec } from "../api/api.ts";

/** Attributes that each type of output takes besides `type` and `dest`. */
const attributes: Readonly<Record<OutputSpec["type"], readonly string[]>> = {
  oci: ["compression", "compression-level", "tar", "name", "rewrite-timestamp"],
  docker: ["compression", "compression-level", "name", "rewrite-timestamp"],
  local: ["platform-split"],
  tar: ["platform-split"],
  image: ["name", "push"],
};

/** The names in an output's attribute `name`: a list with commas between. */
export function outputNames(name: string | undefined): readonly string[] {
  return (name ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** Whether an output of type "image" goes to its registry as well. */
export function isPushed({ type, attributes: { push } }: OutputSpec): boolean {
  return type === "image" && push === "true";
}

/**
 * The names that an output of type "image" is pushed under: its own, or else those of the build. Throws SLIP_OUTPUT where there are none.
 * @param tags of the build.
 */
export function pushedNames({ attributes: { name } }: OutputSpec, tags: readonly string[]): readonly string[] {
  const own = outputNames(name);
  const names = own.length > 0 ? own : tags;
  if (names.length > 0) return names;
  throw new SlipwayError({
    code: "SLIP_OUTPUT",
    message: "Cannot push an image without a name",
    hint: "the name says where to: --tag registry.example/team/app:1.0",
  });
}

/**
 * Throws when an output asks for what slipway does not know, or cannot hold what is built; called before a build does anything.
 * @param platforms how many are built for.
 */
export function checkOutput(output: OutputSpec, platforms = 1): void {
  const known = [...attributes[output.type], ...(isPushed(output) ? ["compression", "compression-level"] : [])];
  const odd = Object.keys(output.attributes).find((key) => !known.includes(key));
  if (odd !== undefined) {
    const message = `The output attribute ${odd}=${output.attributes[odd]} is not supported for type=${output.type}`;
    const takes = [...(output.type === "image" ? [] : ["dest"]), ...known];
    const hint = `it takes ${takes.length > 1 ? takes.join(", ") : `${takes.join()} alone`}`;
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint });
  }
  if (output.type !== "image" && !output.dest) {
    const message = `The output type=${output.type} needs a destination`;
    throw new SlipwayError({ code: "SLIP_OUTPUT", message, hint: `write --output type=${output.type},dest=PATH` });
  }
  for (const key of ["rewrite-timestamp", "platform-split", "push"]) {
    const value = output.attributes[key];
    if (value === undefined || value === "true" || value === "false") continue;
    throw new SlipwayError({ code: "SLIP_OUTPUT", message: `${key} must be true or false, not ${value}` });
  }
  if (platforms > 1 && output.type === "docker") {
    const message = "A docker archive holds images of one platform";
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint: "use type=oci, or build for one platform" });
  }
  if (platforms > 1 && output.attributes["platform-split"] === "false") {
    const message = "Files of several platforms in one folder (platform-split=false) are not supported";
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint: "each platform gets a folder without it" });
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
