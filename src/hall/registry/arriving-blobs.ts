import { openSync } from "node:fs";
import { type Bytes, type Digest, Limiter, release, SlipwayError, toSlipwayError } from "../../base/index.ts";
import { openOciLayout } from "../../import/index.ts";
import { Growth } from "../../layer/index.ts";
import { parseReference } from "../../oci/index.ts";
import type { RegistryClient, RegistryCtx } from "../../registry/index.ts";
import type { BlobWatch, LayerSource, RemoteLayer, Store } from "../../store/index.ts";
import { repositoriesOf } from "./known-blobs.ts";

/** One try to bring a blob: its file, while it grows. */
export class Arrival implements BlobWatch {
  readonly growth = new Growth();
  /** The blob was in the store before anybody asked for it. */
  readonly kept: boolean;
  /** Whether its bytes were the promised ones and are in the store; false when it has to be begun anew, or was given up. */
  readonly whole: Promise<boolean>;
  readonly #end: (whole: boolean) => void;
  readonly #final: string;
  #file: string | undefined;

  /** @param final where the file is at the end. @param size of a blob that is there. */
  constructor(final: string, size?: number) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.whole = promise;
    this.#end = resolve;
    this.#final = final;
    this.kept = size !== undefined;
    if (size === undefined) return;
    this.growth.grew(size);
    this.end(true);
  }

  began(file: string): void {
    this.#file = file;
  }

  grew(bytes: number): void {
    this.growth.grew(bytes);
  }

  end(whole: boolean): void {
    this.growth.end(whole);
    this.#end(whole);
  }

  /** Opens the file to be read while it grows. */
  open(): number {
    // It is renamed as soon as it is whole, and this is told a moment later.
    for (const file of [this.#file, this.#final, this.#final]) {
      try {
        if (file !== undefined) return openSync(file, "r");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    throw new SlipwayError({ code: "SLIP_STORE", message: `Cannot read ${this.#final}: it is gone` });
  }
}

interface Coming {
  /** All tries so far. */
  readonly arrivals: Arrival[];
  /** Tells of the next. */
  next: PromiseWithResolvers<void>;
  /** The way of the blob into the store. */
  done: Promise<void>;
}

/** More than there are connections to a registry; each has a file that is open, and some memory. */
const atOnce = 8;

export interface ArrivingRooms {
  readonly client: () => Promise<RegistryClient>;
  readonly store: Store;
  readonly ctx: RegistryCtx;
}

/**
 * Blobs of remote layers on their way into the store, side by side. They stay as they are: whoever pushes the layers sends the same bytes. One can be
 * read while it comes. Disposing ends what still comes.
 */
export class ArrivingBlobs implements AsyncDisposable {
  readonly #rooms: ArrivingRooms;
  readonly #stop = new AbortController();
  readonly #limiter = new Limiter(atOnce);
  readonly #coming = new Map<Digest, Coming>();

  constructor(rooms: ArrivingRooms) {
    const signal = AbortSignal.any([rooms.ctx.signal, this.#stop.signal]);
    this.#rooms = { ...rooms, ctx: { ...rooms.ctx, signal } };
  }

  /** Lets them come, the first first. What fails is told to whoever asks for that blob. */
  expect(layers: readonly RemoteLayer[]): void {
    for (const layer of layers) this.#comingOf(layer);
  }

  /** Brings a blob into the store. Throws what its places answered, when none has it. */
  bring(layer: RemoteLayer): Promise<void> {
    return this.#comingOf(layer).done;
  }

  /** The latest try; the one after a try that failed. Throws as `bring` when there will be none. */
  async arrival(layer: RemoteLayer, after?: Arrival): Promise<Arrival> {
    const coming = this.#comingOf(layer);
    for (;;) {
      const latest = coming.arrivals.at(-1);
      if (latest && latest !== after) return latest;
      const { promise } = coming.next;
      await Promise.race([promise, coming.done]);
      if (coming.arrivals.at(-1) !== latest) continue;
      await coming.done;
      throw new SlipwayError({
        code: "SLIP_INTERNAL",
        message: `The blob ${layer.blob.digest} came, and nobody was told`,
      });
    }
  }

  /** Has a blob come again that was in the store and was damaged there. */
  async again(layer: RemoteLayer): Promise<void> {
    const coming = this.#comingOf(layer);
    await this.#rooms.store.blobs.delete(layer.blob.digest);
    this.#start(layer, coming);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#coming.values()].map(({ done }) => done));
  }

  #comingOf(layer: RemoteLayer): Coming {
    const { digest } = layer.blob;
    let coming = this.#coming.get(digest);
    if (!coming) {
      coming = { arrivals: [], next: Promise.withResolvers(), done: Promise.resolve() };
      this.#coming.set(digest, coming);
      this.#start(layer, coming);
    }
    return coming;
  }

  #start(layer: RemoteLayer, coming: Coming): void {
    coming.done = this.#limiter.run(() => this.#bring(layer, coming));
    coming.done.catch(() => undefined);
  }

  async #bring(layer: RemoteLayer, coming: Coming): Promise<void> {
    const { store, ctx } = this.#rooms;
    const { blob } = layer;
    // Images that are pulled at once may share it.
    await using _lock = await store.lock(`blob ${blob.digest}`, ctx.signal);
    if (await store.blobs.stat(blob.digest)) {
      const total = blob.size;
      ctx.emit({ type: "progress", direction: "download", blob: blob.digest, current: total, total });
      add(coming, new Arrival(store.blobs.path(blob.digest), total));
      return;
    }
    let failure: SlipwayError | undefined;
    for (const source of placesOf(layer, store)) {
      try {
        await this.#from(source, layer, coming);
        return;
      } catch (error) {
        if (ctx.signal.aborted) throw error;
        // What went wrong first is what was expected to work.
        failure ??= toSlipwayError(error);
      }
    }
    throw failure ?? nowhere(layer);
  }

  async #from(source: LayerSource, { blob }: RemoteLayer, coming: Coming): Promise<void> {
    const { store, client, ctx } = this.#rooms;
    const take = async (bytes: Bytes): Promise<void> => {
      const arrival = new Arrival(store.blobs.path(blob.digest));
      try {
        await store.blobs.write(bytes, blob, {
          began: (file) => {
            arrival.began(file);
            add(coming, arrival);
          },
          grew: (size) => arrival.grew(size),
          verified: source.kind === "registry",
        });
        arrival.end(true);
      } catch (error) {
        arrival.end(false);
        throw error;
      }
    };
    if (source.kind === "registry") {
      await (await client()).blob(parseReference(source.repository), blob, (bytes) => take(released(bytes)), ctx);
      return;
    }
    await take(openOciLayout(source.path).blob(blob));
  }
}

/** The store copies what it is given: then nobody needs the chunk any more. */
async function* released(bytes: Bytes): Bytes {
  for await (const chunk of bytes) {
    yield chunk;
    release(chunk);
  }
}

function add(coming: Coming, arrival: Arrival): void {
  coming.arrivals.push(arrival);
  const { next } = coming;
  coming.next = Promise.withResolvers();
  next.resolve();
}

/** Where a layer's blob can be had, as far as this store knows. */
function placesOf({ blob, sources }: RemoteLayer, store: Store): readonly LayerSource[] {
  const own = new Set(sources.flatMap((source) => (source.kind === "registry" ? [source.repository] : [])));
  const others = repositoriesOf(blob.digest, store)
    .map(({ domain, path }) => `${domain}/${path}`)
    .filter((repository) => !own.has(repository))
    .map((repository) => ({ kind: "registry", repository }) as const);
  return [...sources, ...others];
}

function nowhere({ blob }: RemoteLayer): SlipwayError {
  return new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot bring the layer ${blob.digest}: nobody is known to have it`,
    hint: "`slipway pull` brings an image with all its layers",
  });
}
