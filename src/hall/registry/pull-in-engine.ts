import { type Ctx, SlipwayError } from "../../base/index.ts";
import { defaultPlatform, formatReference, parsePlatform, parseReference, type Reference } from "../../oci/index.ts";
import type { Pulled, PullOptions } from "../api/api.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { pullImage } from "./pull-image.ts";
import { transferCtx } from "./transfer-events.ts";

/** The engine's part of `pull`. */
export async function pullInEngine(options: Plain<PullOptions>, engine: Engine, ctx: Ctx): Promise<readonly Pulled[]> {
  const platform = options.platform === undefined ? defaultPlatform() : parsePlatform(options.platform);
  const pulled: Pulled[] = [];
  for (const name of await namesOf(options, engine, ctx)) {
    const { id, digest, isNew } = await pullImage({ name, platform, whole: true }, engine, ctx);
    // Who asks for an image by name wants to keep it.
    if (parseReference(name).digest === undefined) engine.store.images.tagBeside(name, id, { asked: true });
    pulled.push({ name, digest, imageId: id, isNew });
  }
  return pulled;
}

async function namesOf({ image, allTags }: Plain<PullOptions>, engine: Engine, ctx: Ctx): Promise<readonly string[]> {
  const reference = parseReference(image);
  if (!allTags) return [formatReference(reference)];
  checkNoTag(image, reference);
  const { domain, path } = reference;
  const client = await engine.registries();
  const names: string[] = [];
  for await (const tag of client.tags(reference, transferCtx("tags", "", { ...ctx, emit: () => {} }))) {
    names.push(formatReference({ domain, path, tag }));
  }
  return names;
}

/** `--all-tags` is about a repository. Throws SLIP_USAGE for a name with a tag or digest. */
export function checkNoTag(image: string, { digest }: Reference): void {
  if (digest === undefined && !image.slice(image.lastIndexOf("/") + 1).includes(":")) return;
  throw new SlipwayError({
    code: "SLIP_USAGE",
    message: `--all-tags takes a repository, and ${image} names one image of it`,
    hint: "leave the tag away",
  });
}
