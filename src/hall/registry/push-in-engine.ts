import { type Ctx, type Digest, SlipwayError } from "../../base/index.ts";
import type { NamedImage } from "../../export/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { ImageRecord, Store } from "../../store/index.ts";
import type { Pushed, PushOptions } from "../api/api.ts";
import type { Engine } from "../engine/engine.ts";
import { findImage } from "../images/find-image.ts";
import type { Plain } from "../engine/protocol.ts";
import { checkNoTag } from "./pull-in-engine.ts";
import { withAttestations } from "../attestations/with-attestations.ts";
import { cameIndex } from "./known-blobs.ts";
import { pushImage } from "./push-image.ts";

/** The engine's part of `push`. All names are looked up before anything is sent. */
export async function pushInEngine(options: Plain<PushOptions>, engine: Engine, ctx: Ctx): Promise<readonly Pushed[]> {
  const { store } = engine;
  const names = options.allTags ? options.images.flatMap((name) => tagsOf(name, store)) : options.images;
  const found = names.map((name) => ({ name, images: imagesOf(name, options.platform, store) }));
  const pushed: Pushed[] = [];
  for (const { name, images: records } of found) {
    const images = (await withAttestations(records, engine, ctx)) as NamedImage["images"];
    const index = cameIndex(
      records.map(({ id }) => id),
      store,
    );
    for (const { dest, digest } of await pushImage({ records, images, index, names: [name] }, engine, ctx)) {
      pushed.push({ name: dest, digest: digest as Digest });
    }
  }
  return pushed;
}

function imagesOf(name: string, platform: string | undefined, store: Store): readonly ImageRecord[] {
  if (parseReference(name).digest !== undefined) {
    throw new SlipwayError({
      code: "SLIP_REFERENCE",
      message: `Cannot push ${name}: a push gives an image a tag`,
      hint: "write NAME:TAG",
    });
  }
  const images = store.images.named(name);
  if (images.length === 0) {
    throw new SlipwayError({
      code: "SLIP_IMAGE_UNKNOWN",
      message: `Cannot push ${name}: no image in the store has that name`,
      hint: "`slipway images` lists them; `slipway tag IMAGE NAME` gives one the name that it is to have there",
    });
  }
  return platform === undefined ? images : [findImage(store, name, platform)];
}

/** All names that images of the store have in a repository. */
function tagsOf(name: string, store: Store): readonly string[] {
  const repository = parseReference(name);
  checkNoTag(name, repository);
  const all = store.images.list().flatMap(({ id }) => store.images.names(id));
  const own = [...new Set(all)].filter((one) => {
    const { domain, path, tag } = parseReference(one);
    return domain === repository.domain && path === repository.path && tag !== undefined;
  });
  if (own.length > 0) return own.map((one) => formatReference(parseReference(one))).sort();
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot push ${name}: no image in the store has a name of that repository`,
    hint: "`slipway images` lists them",
  });
}
