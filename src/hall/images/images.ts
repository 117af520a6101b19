import { type Digest, SlipwayError } from "../../base/index.ts";
import { compareImages, type Comparison } from "../../inspect/index.ts";
import { familiarName, parseReference } from "../../oci/index.ts";
import { type ImageRecord, openStore, type Store } from "../../store/index.ts";
import type {
  CommonOptions,
  ImageDetails,
  ImageSummary,
  PruneOptions,
  PruneResult,
  RemoveOptions,
} from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";
import { findImage } from "./find-image.ts";

/** The images in the store, newest first. */
export async function images(options: CommonOptions = {}): Promise<readonly ImageSummary[]> {
  using store = openStore(options.store);
  return store.images.list().map((image) => summary(store, image));
}

/**
 * One image by name, id or beginning of its id.
 * @param options.platform which one of a name for several platforms; this machine's without it, or else the first.
 * Throws SLIP_IMAGE_UNKNOWN.
 */
export async function inspectImage(
  name: string,
  options: CommonOptions & { readonly platform?: string | undefined } = {},
): Promise<ImageDetails> {
  using store = openStore(options.store);
  const image = findImage(store, name, options.platform);
  return {
    ...summary(store, image),
    config: image.config,
    layerSizes: image.snapshots.map((id) => store.snapshots.get(id)?.size ?? 0),
    facts: image.facts,
  };
}

/** Gives an image, with all its platforms, one more name. Throws SLIP_IMAGE_UNKNOWN, SLIP_REFERENCE. */
export async function tagImage(source: string, target: string, options: CommonOptions = {}): Promise<void> {
  using store = openStore(options.store);
  const [first = findImage(store, source), ...others] = store.images.named(source);
  store.images.tag(target, first.id, ...others.map(({ id }) => id));
}

/**
 * Takes names away, and deletes images that have none left; what they alone held goes with them.
 * An id deletes the image with its names, if it has several only with `force`.
 * A name that cannot be removed does not keep the others: `onFailure` hears of each; without it the first is thrown at the end.
 * Throws SLIP_IMAGE_UNKNOWN, SLIP_USAGE.
 */
export async function removeImages(
  names: readonly string[],
  options: RemoveOptions = {},
): Promise<{ readonly untagged: readonly string[]; readonly deleted: readonly Digest[] }> {
  const untagged: string[] = [];
  const deleted: Digest[] = [];
  const failures: SlipwayError[] = [];
  {
    using store = openStore(options.store);
    for (const name of names) {
      try {
        removeOne(store, name, options.force === true, untagged, deleted);
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        failures.push(error);
      }
    }
  }
  if (deleted.length > 0) await callEngine("collect", { store: options.store }, { signal: options.signal });
  for (const failure of failures) {
    if (!options.onFailure) throw failure;
    options.onFailure(failure);
  }
  return { untagged, deleted };
}

function removeOne(store: Store, name: string, force: boolean, untagged: string[], deleted: Digest[]): void {
  const image = findImage(store, name);
  const names = store.images.names(image.id);
  const byId = isIdOf(image.id, name) && !names.includes(name);
  if (byId && names.length > 1 && !force) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Image ${name} has several names: ${names.join(", ")}`,
      hint: "remove the names, or use --force",
    });
  }
  const named = byId ? [image] : store.images.named(name);
  for (const one of byId ? names : [name]) {
    // Given by its id, the images of other platforms keep the name.
    store.images.untag(one, byId ? image.id : undefined);
    untagged.push(familiarName(parseReference(one)));
  }
  for (const { id } of named) {
    if (store.images.names(id).length > 0) continue;
    store.images.remove(id);
    deleted.push(id);
  }
}

function isIdOf(id: Digest, text: string): boolean {
  return id.startsWith(text) || id.slice("sha256:".length).startsWith(text);
}

/** Two images side by side. Throws SLIP_IMAGE_UNKNOWN. */
export async function compare(a: string, b: string, options: CommonOptions = {}): Promise<Comparison> {
  const { store, signal } = options;
  const first = await callEngine("inspect", { image: a, store }, { signal });
  const second = await callEngine("inspect", { image: b, store }, { signal });
  return compareImages(first, second);
}

/** Removes what nothing needs: dangling images, cache that no image stands on, blobs; with `all` more. */
export async function prune({ signal, ...options }: PruneOptions = {}): Promise<PruneResult> {
  return callEngine("prune", options, { signal });
}

function summary(store: Store, image: ImageRecord): ImageSummary {
  const { architecture, os, variant } = image.config;
  const remote = image.snapshots.flatMap((id) => store.remoteLayers.of(id) ?? []);
  return {
    id: image.id,
    names: store.images.names(image.id),
    created: image.created,
    size: image.size,
    layers: image.snapshots.length,
    remoteLayers: remote.length,
    compressedLayers: store.remoteLayers.uncounted(image.snapshots),
    platform: { os, architecture, variant },
  };
}
