import { SlipwayError } from "../../base/index.ts";
import type { OutputSpec } from "../api/api.ts";

/** Attributes that each type of output takes besides `type` and `dest`. */
const attributes: Readonly<Record<OutputSpec["type"], readonly string[]>> = {
  oci: ["compression", "compression-level", "tar", "name", "rewrite-timestamp"],
  docker: ["compression", "compression-level", "name", "rewrite-timestamp"],
  local: ["platform-split"],
  tar: ["platform-split"],
  image: ["name"],
};

/** The names in an output's attribute `name`: a list with commas between. */
export function outputNames(name: string | undefined): readonly string[] {
  return (name ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/**
 * Throws when an output asks for what slipway does not know, or cannot hold what is built; called before a build does anything.
 * @param platforms how many are built for.
 */
export function checkOutput(output: OutputSpec, platforms = 1): void {
  const known = attributes[output.type];
  const isOff = (key: string): boolean => key === "push" && output.attributes[key] === "false";
  const odd = Object.keys(output.attributes).find((key) => !known.includes(key) && !isOff(key));
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
  for (const key of ["rewrite-timestamp", "platform-split"]) {
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
