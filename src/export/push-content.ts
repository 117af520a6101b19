import { join } from "node:path";
import type { Bytes, Ctx, Digest } from "../base/index.ts";
import type { Descriptor, Reference } from "../oci/index.ts";
import type { PushBlob, PushContent } from "../registry/index.ts";
import type { BlobKeeper, ImageForm, NamedImage } from "./contract.ts";
import { fileBytes } from "./file-bytes.ts";
import { GrowingFile, type UseGrowing } from "./growing-file.ts";
import type { BlobTarget, Follower, Layout, WrittenBlob } from "./layout.ts";
import { placeNamed } from "./place-named.ts";

export interface PushContentOptions extends ImageForm {
  readonly keeper: BlobKeeper;
  /** Repositories that are known to have a blob. */
  readonly repositoriesOf: (blob: Digest) => readonly Reference[];
  /** Hears of each layer as soon as it is ready, while the next is being compressed. */
  readonly onLayer?: ((blob: PushBlob) => void) | undefined;
  /** Hears of a large layer that is being compressed, in place of onLayer. */
  readonly onGrowing?: UseGrowing | undefined;
}

/** What goes to a registry, with the manifest of each image, and what the name will stand for: the manifest, or the index of several platforms. */
export interface PreparedPush {
  readonly content: PushContent;
  readonly manifests: readonly Descriptor[];
  readonly root: Descriptor;
  /** Digests of the configurations, one a platform. */
  readonly configs: readonly Digest[];
}

/**
 * Prepares images of one name, one a platform, for a registry. Layers are compressed here for the first time in their life, and kept for the next;
 * those that came in go out as they came, and are not brought where the registry has them.
 */
export async function pushContent(
  named: NamedImage,
  { keeper, repositoriesOf, onLayer, onGrowing, ...form }: PushContentOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<PreparedPush> {
  // Asked at each push: what has gone to one repository may be taken from there by the next.
  const withOrigins = (blob: PushBlob): PushBlob => ({
    ...blob,
    get origins() {
      return repositoriesOf(blob.descriptor.digest);
    },
  });
  const files = new BlobFiles(keeper, onLayer && ((blob) => onLayer(withOrigins(blob))), onGrowing);
  const { placed, documents, manifests, root, attachedBlobs } = await placeNamed(files, named, new Map(), form, ctx);
  const blobs = placed.flatMap((one) => [
    ...one.layers.map((layer) => withOrigins(files.blob(layer))),
    files.blob(one.config),
  ]);
  blobs.push(...attachedBlobs.map((blob) => files.blob(blob)));
  const configs = placed.map(({ config }) => config.digest);
  return { content: { blobs, documents }, manifests, root, configs };
}

type Bring = (() => Promise<void>) | undefined;

/** Where the bytes of blobs are, as the place that images are laid out in; nothing is copied. */
export class BlobFiles implements Layout {
  readonly location = "-";
  readonly #keeper: BlobKeeper;
  /** Bytes, or the path of a file and what brings it there. */
  readonly #blobs = new Map<Digest, Uint8Array | { readonly file: string; readonly bring?: Bring }>();

  readonly #onFile: ((blob: PushBlob) => void) | undefined;
  readonly follow: Layout["follow"];
  /** Blobs that are used since before they were whole. */
  readonly #followed = new Set<Digest>();

  /**
   * @param onFile hears of each blob that is a file
   * @param onGrowing hears of one that becomes a large file; onFile does not then
   */
  constructor(keeper: BlobKeeper, onFile?: (blob: PushBlob) => void, onGrowing?: UseGrowing) {
    this.#keeper = keeper;
    this.#onFile = onFile;
    this.follow = onGrowing && ((file) => this.#follow(file, onGrowing));
  }

  blob({ mediaType, digest, size }: Descriptor): PushBlob {
    const blob = this.#blobs.get(digest) ?? { file: this.#keeper.blobs.path(digest) };
    const open = (from: number): Bytes => ("file" in blob ? bytesOf(blob, from) : piece(blob, from));
    return { descriptor: { mediaType, digest, size }, open };
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    this.#blobs.set(`sha256:${path.slice(path.lastIndexOf("/") + 1)}`, bytes);
  }

  async addFile(digest: Digest, file: string, size: number, bring?: Bring): Promise<void> {
    this.#blobs.set(digest, { file, bring });
    if (!this.#followed.has(digest)) this.#onFile?.(this.blob({ mediaType: "application/octet-stream", digest, size }));
  }

  async addWritten<T extends WrittenBlob>(write: (target: BlobTarget) => Promise<T>): Promise<T> {
    const file = join(this.#keeper.scratch({ untilClosed: true }), "blob");
    const written = await write(file);
    await this.addFile(written.digest, file, written.size);
    return written;
  }

  async #follow(file: string, use: UseGrowing): Promise<Follower> {
    const growing = await GrowingFile.open(file, use);
    return {
      growth: growing.growth,
      end: async (written) => {
        if (await growing.end(written)) this.#followed.add(written.digest);
      },
      fail: (error) => growing.fail(error),
    };
  }

  commit(): Promise<number> {
    return Promise.resolve(0);
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}

async function* bytesOf({ file, bring }: { readonly file: string; readonly bring?: Bring }, start: number): Bytes {
  await bring?.();
  yield* fileBytes(file, start);
}

async function* piece(bytes: Uint8Array, from: number): Bytes {
  yield bytes.subarray(from);
}
