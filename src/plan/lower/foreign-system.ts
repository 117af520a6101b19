import { SlipwayError } from "../../base/index.ts";
import type { Instruction } from "../../dockerfile/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { StageBuilder } from "../stage.ts";

/**
 * Stages of another system than Linux are put together from files that were made elsewhere: nothing runs in them. Windows has paths of its own,
 * so there only destinations that mean the same on both are taken.
 * Throws SLIP_UNSUPPORTED.
 */
export function refuseForeignSystem(instruction: Instruction, { platform, config }: StageBuilder): void {
  if (platform.os === "linux") return;
  const { kind, location } = instruction;
  const where = `in a stage for ${formatPlatform(platform)}`;
  if (kind === "run") {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `RUN ${where} is not supported: this is Linux`,
      hint: "make the files in a stage FROM --platform=$BUILDPLATFORM and copy them",
      location,
    });
  }
  if (platform.os !== "windows") return;
  const destination = kind === "copy" || kind === "add" ? instruction.destination : undefined;
  const atRoot = ["", "/", "\\"].includes(config.WorkingDir ?? "");
  const foreign = destination && (/[\\:]/.test(destination.text) || !(atRoot || destination.text.startsWith("/")));
  if (kind !== "workdir" && !foreign) return;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `${kind.toUpperCase()} with a path of Windows is not supported yet`,
    hint: "copy to absolute paths with slashes: /app/app.exe",
    location: destination ? { ...location, span: destination.span } : location,
  });
}
