import { type Ctx, SlipwayError } from "../../base/index.ts";
import { builtInSuite, distrolessReference } from "../../debian/index.ts";
import { familiarName, formatPlatform, parsePlatform, parseReference, type Platform } from "../../oci/index.ts";
import type { BuildBaseOptions, BuiltBase } from "../api/base-api.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { findImage } from "../images/find-image.ts";
import { readOutputs, storedNames } from "../outputs/read-outputs.ts";
import { debianPlatform } from "./debian-arch.ts";
import { builtFor } from "./platforms.ts";

/** The engine's part of `buildBase`. */
export async function buildBaseInEngine(
  options: Plain<BuildBaseOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<BuiltBase> {
  const { name, suite, nonroot = false, debug = false, debianMirror } = options;
  const { store } = engine;
  const whole = distrolessReference({ name, suite: builtInSuite(suite), nonroot, debug });
  const platforms = platformsOf(options.archs);
  // What cannot be written is known before anything is made.
  const outputs = readOutputs({ ...options, platforms: platforms.length });
  await engine.checkReachable(outputs, ctx);

  const images = [];
  for (const platform of platforms) {
    const made = await engine.makeBase(whole, platform, debianMirror, ctx, true);
    if (!made) throw unknownBase(name);
    const { size } = findImage(store, made.id);
    images.push({ imageId: made.id, platform: formatPlatform(platform), origin: made.origin, size });
  }
  const ids = images.map(({ imageId }) => imageId);
  const [first, ...others] = ids;
  if (first === undefined) throw new Error("a base for no platform");
  // Who asks for a base by name wants to keep it.
  for (const id of ids) store.images.tagBeside(whole, id, { asked: true });
  for (const tag of storedNames(options)) store.images.tag(tag, first, ...others);
  return {
    name: familiarName(parseReference(whole)),
    images,
    outputs: outputs.length > 0 ? await engine.writeOutputs({ ids, outputs }, ctx) : [],
  };
}

function platformsOf(archs: readonly string[] = []): readonly Platform[] {
  const words = archs.flatMap((text) => text.split(",")).map((text) => text.trim());
  const named = words.map((word) => (word.includes("/") ? word : (debianPlatform(word) ?? `linux/${word}`)));
  return builtFor(named.map((word) => (word === "linux/" ? "" : formatPlatform(parsePlatform(word))))).platforms;
}

function unknownBase(name: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `There is no built-in base "${name}"` });
}
