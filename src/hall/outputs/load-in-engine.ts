import { createReadStream, statSync } from "node:fs";
import { type Bytes, type Ctx, SlipwayError } from "../../base/index.ts";
import {
  archivedImages,
  type ArchivedImage,
  type ArchivedImages,
  type ImageArchive,
  importImage,
  noteManifest,
  openImageArchive,
  openImageFolder,
  readDocument,
} from "../../import/index.ts";
import {
  familiarName,
  formatPlatform,
  parseConfig,
  parsePlatform,
  parseReference,
  platformFits,
} from "../../oci/index.ts";
import type { Loaded, LoadOptions } from "../api/load-api.ts";
import { originKey } from "../bases/stored-base.ts";
import { readUnpackLimits } from "../config/storage-config.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { noteIndex } from "../registry/known-blobs.ts";
import { knownAttached, noteAttached, storeAttached } from "./came-attached.ts";
import { keepBlobs } from "./keep-blobs.ts";

/** The engine's part of `load`. */
export async function loadInEngine(
  { file, platforms }: Plain<LoadOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly Loaded[]> {
  const step = "load";
  const started = Date.now();
  announce(ctx, step, `load ${file === "-" ? "standard input" : file}`);
  try {
    const archive = await open(file, engine, ctx);
    const loaded: Loaded[] = [];
    const wanted = platforms?.map(parsePlatform);
    for (const images of await archivedImages(archive)) {
      loaded.push(...(await takeIn(images, wanted, archive, step, engine, ctx)));
    }
    if (loaded.length === 0) {
      throw new SlipwayError({
        code: "SLIP_IMAGE_UNKNOWN",
        message: `Cannot load ${archive.name}: it has no image for ${platforms?.join(" or ")}`,
        hint: "leave --platform away to load what it has",
      });
    }
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
    return loaded;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

async function open(file: string, { store }: Engine, { signal }: Ctx): Promise<ImageArchive> {
  const stat = file === "-" ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file !== "-" && !stat) {
    throw new SlipwayError({ code: "SLIP_CONTEXT", message: `Cannot load ${file}: there is no such file` });
  }
  if (stat?.isDirectory()) return openImageFolder(file);
  const source = stat
    ? createReadStream(file, readable)
    : createReadStream("", { ...readable, fd: 0, autoClose: false });
  const name = stat ? `the archive ${file}` : "standard input";
  return openImageArchive(source as Bytes, { name, folder: store.scratch({ untilClosed: true }), signal });
}

const readable = { highWaterMark: 1 << 20 };

/** The images of one name; it then stands for them. */
async function takeIn(
  { names, images, index }: ArchivedImages,
  wanted: readonly ReturnType<typeof parsePlatform>[] | undefined,
  archive: ImageArchive,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly Loaded[]> {
  const { store } = engine;
  const loaded: Loaded[] = [];
  for (const image of images) {
    const config = parseConfig(await readDocument(image.content, image.manifest.value.config));
    if (wanted && !wanted.some((platform) => platformFits(config, platform))) continue;
    const imageId = await takeInOne(image, archive, step, engine, ctx);
    loaded.push({ imageId, platform: formatPlatform(config), names: names.map(familiar) });
  }
  const [first, ...others] = loaded.map(({ imageId }) => imageId);
  if (index) noteIndex([...(first ? [first] : []), ...others], index, store);
  if (first !== undefined) for (const name of names) store.images.tag(name, first, ...others);
  return loaded;
}

function familiar(name: string): string {
  return familiarName(parseReference(name));
}

async function takeInOne(
  image: ArchivedImage,
  archive: ImageArchive,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<Loaded["imageId"]> {
  const { store, snapshotter, namespace } = engine;
  const { descriptor, indexes, manifest } = image;
  await using _lock = await store.lock(`import ${descriptor.digest}`, ctx.signal);
  const made = await importImage(
    image.content,
    { descriptor, indexes, manifest: manifest.value },
    {
      store,
      snapshotter,
      overlayXattrs: namespace.overlayXattrs,
      squashOwners: namespace.kind === "single-id",
      limits: readUnpackLimits(),
      signal: ctx.signal,
      onProgress: (current, total) =>
        ctx.emit({ type: "step-progress", id: step, label: "unpacking layers", current, total, unit: "bytes" }),
    },
  );
  noteManifest(made, descriptor.digest, indexes, store);
  await keepBlobs(made.id, image, archive, engine, ctx);
  const documents = await storeAttached(image.attached ?? [], store);
  if (!image.attached) {
    ctx.emit({
      type: "warning",
      message: `Attestations of an image in ${archive.name} stay behind: not all of them are there, or they are more than is kept for an image`,
      hint: "the image itself is whole; what is pushed or saved of it goes without them",
    });
  }
  // An archive without its manifest says nothing about what is attached to it, and one that leaves it out takes nothing away.
  if (image.whole && (documents.length > 0 || !knownAttached(descriptor.digest, store))) {
    noteAttached(made.id, descriptor.digest, { documents }, store);
  }
  store.facts.set(originKey(made.id), archive.name, made.id);
  // What `prune --all` leaves: nothing else brings it again.
  store.facts.set(`loaded ${made.id}`, true, made.id);
  return made.id;
}
