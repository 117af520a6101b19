import { type Digest, isDigest, Limiter } from "../../base/index.ts";
import type { Store } from "../../store/index.ts";
import type { DockerEngine } from "./engine-client.ts";
import { blobsOfManifest } from "./noted-blobs.ts";

/** What an engine has of the layers of an image. */
export interface EngineLayers {
  /** How it keeps images: file systems of layers (graph drivers), or blobs (containerd). */
  readonly keeps: "layers" | "blobs";
  /** Whether it has the bottom layers up to and including this one; with "blobs" the blob instead. */
  has(layers: readonly Digest[], at: number, blobs: readonly Digest[]): Digest | undefined;
}

/** Images that are looked at, newest first: what a build stands on is among them. */
const most = 300;

interface Listed {
  readonly Id?: unknown;
  readonly Descriptor?: { readonly digest?: unknown } | undefined;
  readonly Manifests?: readonly { readonly ID?: unknown; readonly Available?: unknown }[] | undefined;
}

/** Asks an engine what it has. */
export async function engineLayers(engine: DockerEngine, store: Store): Promise<EngineLayers> {
  const info = (await engine.get("/info")) as { readonly DriverStatus?: unknown } | undefined;
  const blobs = JSON.stringify(info?.DriverStatus ?? []).includes("io.containerd.snapshotter");
  const listed = (await engine.get(`/images/json?manifests=${blobs ? 1 : 0}`)) as readonly Listed[] | null | undefined;
  const images = Array.isArray(listed) ? (listed as readonly Listed[]).slice(0, most) : [];
  return blobs ? blobsOf(images, store) : layersOf(images, engine, store);
}

/** Manifests that are there with all that they name; which blobs those are, the store knows of those that went through it. */
function blobsOf(images: readonly Listed[], store: Store): EngineLayers {
  const there = new Set<Digest>();
  for (const { Manifests } of images) {
    for (const { ID, Available } of Manifests ?? []) {
      if (Available !== true || typeof ID !== "string" || !isDigest(ID)) continue;
      for (const blob of blobsOfManifest(ID, store)) there.add(blob);
    }
  }
  return { keeps: "blobs", has: (_layers, _at, blobs) => blobs.find((blob) => there.has(blob)) };
}

/** A layer is there on what lies below it, whatever it came from. */
async function layersOf(images: readonly Listed[], engine: DockerEngine, store: Store): Promise<EngineLayers> {
  const chains = new Set<string>();
  const limiter = new Limiter(8);
  await Promise.all(
    images.map(({ Id }) =>
      limiter.run(async () => {
        if (typeof Id !== "string" || !isDigest(Id)) return;
        const layers = store.images.get(Id)?.config.rootfs.diff_ids ?? (await inspected(Id, engine));
        for (const [at] of layers.entries()) chains.add(layers.slice(0, at + 1).join());
      }),
    ),
  );
  return {
    keeps: "layers",
    has: (layers, at) => (chains.has(layers.slice(0, at + 1).join()) ? layers[at] : undefined),
  };
}

async function inspected(id: Digest, engine: DockerEngine): Promise<readonly string[]> {
  const image = (await engine.get(`/images/${id}/json`)) as
    | { readonly RootFS?: { readonly Layers?: unknown } }
    | undefined;
  const layers = image?.RootFS?.Layers;
  return Array.isArray(layers) ? layers.filter((layer) => typeof layer === "string") : [];
}
