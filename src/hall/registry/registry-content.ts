import { createReadStream } from "node:fs";
import type { Bytes, Digest } from "../../base/index.ts";
import type { ImageContent } from "../../import/index.ts";
import type { Descriptor, Reference } from "../../oci/index.ts";
import type { RegistryClient, RegistryCtx, RegistryImage } from "../../registry/index.ts";
import type { Store } from "../../store/index.ts";

/**
 * The blobs of an image in a registry. They come side by side as soon as it is known which are needed, and stay in the store as they are: whoever
 * pushes the image, or one made of it, sends the same bytes. Disposing of it ends what still comes.
 */
export class RegistryContent implements ImageContent, AsyncDisposable {
  readonly name: string;
  readonly #reference: Reference;
  readonly #image: RegistryImage;
  readonly #client: RegistryClient;
  readonly #store: Store;
  readonly #ctx: RegistryCtx;
  readonly #stop = new AbortController();
  readonly #coming = new Map<Digest, Promise<void>>();

  constructor(
    name: string,
    reference: Reference,
    image: RegistryImage,
    rooms: { readonly client: RegistryClient; readonly store: Store; readonly ctx: RegistryCtx },
  ) {
    this.name = name;
    this.#reference = reference;
    this.#image = image;
    this.#client = rooms.client;
    this.#store = rooms.store;
    this.#ctx = { ...rooms.ctx, signal: AbortSignal.any([rooms.ctx.signal, this.#stop.signal]) };
  }

  expect(descriptors: readonly Descriptor[]): void {
    // What fails is told to whoever asks for that blob.
    for (const descriptor of descriptors) this.#bring(descriptor).catch(() => undefined);
  }

  async *blob(descriptor: Descriptor): Bytes {
    const { config } = this.#image;
    if (descriptor.digest === config.descriptor.digest) {
      yield config.bytes;
      return;
    }
    await this.#bring(descriptor);
    yield* createReadStream(this.#store.blobs.path(descriptor.digest), { highWaterMark: 1 << 18 }) as Bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#coming.values());
  }

  #bring(descriptor: Descriptor): Promise<void> {
    const { digest } = descriptor;
    let coming = this.#coming.get(digest);
    if (!coming) {
      coming = this.#download(descriptor);
      this.#coming.set(digest, coming);
    }
    return coming;
  }

  async #download(descriptor: Descriptor): Promise<void> {
    const { digest, size } = descriptor;
    const { blobs } = this.#store;
    // Images that are pulled at once may share it.
    await using _lock = await this.#store.lock(`blob ${digest}`, this.#ctx.signal);
    if (await blobs.stat(digest)) {
      this.#ctx.emit({ type: "progress", direction: "download", digest, current: size, total: size });
      return;
    }
    await this.#client.blob(this.#reference, descriptor, (bytes) => blobs.write(bytes, descriptor), this.#ctx);
  }
}
