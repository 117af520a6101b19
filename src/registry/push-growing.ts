import { isSlipwayError } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { GrowingBlob, RegistryCtx } from "./contract.ts";
import { progressOf } from "./progress.ts";
import { isThere, pushBlob } from "./push-blob.ts";
import type { Remote } from "./remote.ts";
import { begin, briefly, giveUp, type Session, sessionOf, stateOf, stream } from "./upload.ts";

/** What is left of it costs more than asking whether the registry has the blob. */
const worthAsking = 8 * 1024 * 1024;
let count = 0;

/**
 * Uploads a blob while it is being made: one stream (distribution-spec, "Pushing a blob in chunks"), ended with the digest when that is known. What
 * fails on the way is mended as pushBlob does it, with what the registry has by then.
 * @param chunk bytes that one request uploads at most: with such a limit nothing is sent before the blob is whole
 * @throws what made the blob come to nothing, and what pushBlob throws
 */
export async function pushGrowing(
  remote: Remote,
  blob: GrowingBlob,
  chunk: number | undefined,
  ctx: RegistryCtx,
): Promise<Descriptor> {
  const name = `growing ${++count}`;
  const ahead = chunk === undefined ? new Ahead(remote, blob, name, ctx) : undefined;
  // A registry that takes nothing from us is told of before the blob is whole.
  const refused = ahead?.done.then(() => blob.whole) ?? blob.whole;
  let descriptor: Descriptor;
  try {
    descriptor = await Promise.race([blob.whole, refused]);
    if (ahead && descriptor.size - ahead.sent > worthAsking && (await isThere(remote, descriptor, ctx))) {
      await ahead.stop();
      ctx.emit({ type: "exists", digest: descriptor.digest });
      return descriptor;
    }
  } catch (error) {
    await ahead?.stop();
    throw error;
  }
  const begun = await ahead?.done;
  const open = (from: number): ReturnType<GrowingBlob["open"]> => blob.open(from);
  await pushBlob(remote, { descriptor, open }, { chunk, mountFrom: [], begun, name }, ctx);
  return descriptor;
}

/** The part of the upload that does not know its end. */
class Ahead {
  /** What it came to: nothing when the upload is to begin anew. Rejects when the registry takes nothing from us, or all is over. */
  readonly done: Promise<Session | undefined>;
  /** Bytes. */
  sent = 0;
  readonly #remote: Remote;
  readonly #blob: GrowingBlob;
  readonly #ctx: RegistryCtx;
  readonly #stop = new AbortController();
  #session: Session | undefined;
  #isOver = false;

  constructor(remote: Remote, blob: GrowingBlob, name: string, ctx: RegistryCtx) {
    this.#remote = remote;
    this.#blob = blob;
    this.#ctx = ctx;
    this.done = this.#send(progressOf("upload", name, undefined, ctx));
    // Waited for when the blob is whole.
    this.done.catch(() => undefined);
  }

  /** A registry that keeps up sees the stream end, and tells where the upload is: docker's takes no word about it at the place that it told of before. */
  async stop(): Promise<void> {
    this.#isOver = true;
    const late = setTimeout(() => this.#stop.abort(), briefly);
    await this.done.catch(() => undefined);
    clearTimeout(late);
    await this.#giveUp();
  }

  async #giveUp(): Promise<void> {
    if (this.#session && !this.#ctx.signal.aborted) await giveUp(this.#remote, this.#session, this.#ctx);
    this.#session = undefined;
  }

  async #send(progress: (sent: number) => void): Promise<Session | undefined> {
    const ctx = { ...this.#ctx, signal: AbortSignal.any([this.#ctx.signal, this.#stop.signal]) };
    try {
      this.#session = sessionOf(this.#remote, await begin(this.#remote, "", ctx), 0);
      return (this.#session = await stream(this.#remote, () => this.#counted(progress), this.#session, ctx));
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (isSlipwayError(error) && error.code === "SLIP_UNAUTHORIZED") throw error;
      return this.#after(error, ctx);
    }
  }

  /** What failed here may do so again, and is told then; only a cut leaves something to go on with. */
  async #after(error: unknown, ctx: RegistryCtx): Promise<Session | undefined> {
    try {
      await this.#remote.retrier(ctx).after(error);
      return (this.#session &&= await stateOf(this.#remote, this.#session, Number.POSITIVE_INFINITY, ctx));
    } catch {
      ctx.signal.throwIfAborted();
      await this.#giveUp();
      return undefined;
    }
  }

  async *#counted(progress: (sent: number) => void): ReturnType<GrowingBlob["open"]> {
    this.sent = 0;
    for await (const chunk of this.#blob.open(0)) {
      if (this.#isOver) return;
      yield chunk;
      this.sent += chunk.byteLength;
      progress(this.sent);
    }
  }
}
