import type { SlipwayError, SourceLocation } from "../base/index.ts";
import { expandWord, type Stage } from "../dockerfile/index.ts";
import { normalPlatform, parsePlatform, type Platform } from "../oci/index.ts";
import type { PlannedImage, PlanOptions } from "./contract.ts";
import { wrong } from "./refuse.ts";
import type { StageBase } from "./stage.ts";

/** What `FROM --platform` asks for; undefined without it. Throws SLIP_DOCKERFILE. */
export function askedPlatform(
  { from }: Stage,
  lookup: (name: string) => string | undefined,
  escape: PlanOptions["dockerfile"]["escape"],
): Platform | undefined {
  if (!from.platform) return undefined;
  const location: SourceLocation = { ...from.location, span: from.platform.span };
  const wanted = expandWord(from.platform.text, lookup, { escape: escape, location });
  if (wanted === "") {
    throw wrong(
      `FROM --platform=${from.platform.text} names no platform: its variables are empty`,
      location,
      "BUILDPLATFORM and TARGETPLATFORM are always there; for others give the ARG a default before the first FROM",
    );
  }
  try {
    return parsePlatform(wanted);
  } catch (error) {
    const { message, hint } = error as SlipwayError;
    throw wrong(message, location, hint);
  }
}

/** The platform of an image as its configuration says it. */
export function platformOf({ config }: PlannedImage): Platform {
  const { os, architecture, variant, "os.version": version, "os.features": features } = config;
  const more = {
    ...(version !== undefined && { "os.version": version }),
    ...(features && { "os.features": features }),
  };
  return normalPlatform({ os, architecture, variant, ...more });
}

/** What the image says it is for: what was asked for, else what its base is for. A base of the same machine may say more exactly which. */
export function imagePlatform(end: StageBase, { platform, platformGiven }: PlanOptions): Platform {
  const own = end.image ? platformOf(end.image) : platform;
  if (!platformGiven) return own;
  const same = own.os === platform.os && own.architecture === platform.architecture;
  return same ? { ...own, ...platform } : platform;
}
