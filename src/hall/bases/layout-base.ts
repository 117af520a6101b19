import { type Ctx, SlipwayError } from "../../base/index.ts";
import { findManifest, importedImage, importImage, openOciLayout, parseLayoutReference } from "../../import/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import { readUnpackLimits } from "../config/storage-config.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { originKey } from "./stored-base.ts";

/**
 * The image that `oci-layout://FOLDER[:TAG][@DIGEST]` names; taken into the store when it is not there. Undefined for every other name.
 * @throws SLIP_CONTEXT, SLIP_IMAGE_UNKNOWN, SLIP_OCI_INVALID, SLIP_DIGEST_MISMATCH, SLIP_LAYER_INVALID, NeedsRun
 */
export async function layoutBase(
  name: string,
  platform: Platform,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<PlannedImage | undefined> {
  const reference = parseLayoutReference(name);
  if (!reference) return undefined;
  const layout = openOciLayout(reference.folder);
  const found = await findManifest(layout, layout.find(reference), platform);
  const origin = `image layout ${reference.folder}`;
  const known = (): PlannedImage | undefined => {
    const image = importedImage(found.descriptor.digest, platform, store);
    return image && store.images.use(image.id) ? { ...image, name, origin: `store (${origin})` } : undefined;
  };
  const there = known();
  if (there) return there;
  if (!engine) throw new NeedsRun();
  await using _lock = await store.lock(`import ${found.descriptor.digest}`, ctx.signal);
  // Another build may have taken it in while this one waited.
  const other = known();
  if (other) return other;
  const step = `import ${name}`;
  const started = Date.now();
  announce(ctx, step, `load ${name}`);
  try {
    const image = await importImage(layout, found, {
      store,
      snapshotter: engine.snapshotter,
      overlayXattrs: engine.namespace.overlayXattrs,
      squashOwners: engine.namespace.kind === "single-id",
      limits: readUnpackLimits(),
      signal: ctx.signal,
      onProgress: (current, total) =>
        ctx.emit({ type: "step-progress", id: step, label: "unpacking layers", current, total, unit: "bytes" }),
    });
    store.facts.set(originKey(image.id), origin, image.id);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
    return { ...image, name, origin };
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

/**
 * SLIP_IMAGE_UNKNOWN for a digest that nothing in the store has.
 * @param away why no registry could be asked.
 * @param ofArchive without the digest, the archive makes a base of that name.
 */
export function unknownDigest(name: string, store: Store, away?: SlipwayError, ofArchive = false): SlipwayError {
  const plain = name.replace(/@.*$/, "");
  const there = store.images.find(plain);
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot find the image ${JSON.stringify(name)}: nothing in the store has that digest${away ? ", and its registry cannot be asked" : ""}`,
    cause: away,
    hint: there
      ? `${plain} in the store is the image ${there.id}: FROM ${plain}@${there.id} names that one for ever`
      : ofArchive
        ? `only its registry has that digest: FROM ${plain} is made from the Debian archive, and slipway lock writes down of which packages`
        : "--build-context NAME=oci-layout://FOLDER@DIGEST takes one from an image layout",
  });
}
