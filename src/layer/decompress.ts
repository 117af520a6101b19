import { createRequire } from "node:module";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type * as Xz from "xz-decompress";
import { type Bytes, release, toSlipwayError } from "../base/index.ts";
import { bunzip2 } from "./bunzip2.ts";
import { invalidArchive } from "./invalid.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** What the first bytes say; "none" for everything else, a tar among it. */
export type Detected = "none" | "gzip" | "zstd" | "xz" | "bzip2";

/** Bytes that detectCompression needs to be sure. */
const magicLength = 6;

function detectCompression(head: Uint8Array): Detected {
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);
  if (begins(0x1f, 0x8b)) return "gzip";
  // a frame, or a skippable frame (RFC 8878, 3.1.2)
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if ((head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return "zstd";
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return "xz";
  return begins(0x42, 0x5a, 0x68) && head[3]! >= 0x31 && head[3]! <= 0x39 ? "bzip2" : "none";
}

/**
 * The bytes inside gzip, zstd, xz or bzip2, whichever the first bytes say, or the bytes themselves.
 * @throws SLIP_LAYER_INVALID for damaged or cut streams
 */
export async function* decompress(source: Bytes): Bytes {
  const { head, rest } = await peek(source, magicLength);
  const kind = detectCompression(head);
  if (kind === "none") yield* rest;
  else if (kind === "gzip") yield* through(rest, createGunzip({ chunkSize }), kind);
  else if (kind === "zstd") yield* through(zstdFrames(rest), createZstdDecompress({ chunkSize }), kind);
  else if (kind === "xz") yield* xz(rest);
  else yield* bunzip2(rest);
}

const chunkSize = 512 * 1024;

async function* through(source: Bytes, transform: Transform, kind: string): Bytes {
  let failure: unknown;
  // the error of whatever broke first: the source's own, or the decoder's
  const fed = feed(source, transform).catch((error: unknown) => {
    if (transform.destroyed) return;
    failure ??= error;
    transform.destroy(error as Error);
  });
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } catch (error) {
    const cause = failure ?? error;
    const { code } = cause as NodeJS.ErrnoException;
    const damaged = typeof code === "string" && (code.startsWith("Z_") || code.startsWith("ZSTD_"));
    if (!damaged) throw cause;
    throw invalidArchive(
      code === "Z_BUF_ERROR" ? `its ${kind} data are cut off` : `its ${kind} data are damaged`,
      cause,
    );
  } finally {
    // whoever left early may count on a closed source
    transform.destroy();
    await fed;
  }
}

/** Each chunk's memory goes as soon as the decoder has read it. */
async function feed(source: Bytes, transform: Transform): Promise<void> {
  for await (const chunk of source) {
    await new Promise<void>((taken, failed) => {
      // a decoder that fails over a chunk does not always say that it is done with it
      const gone = (): void => failed(new Error("the decoder has ended"));
      transform.once("close", gone);
      transform.write(chunk, (error) => {
        transform.off("close", gone);
        if (error) failed(error);
        else taken();
      });
    });
    release(chunk);
  }
  transform.end();
}

async function* xz(source: Bytes): Bytes {
  // a CommonJS module whose names Node cannot see from an import
  const { XzReadableStream } = createRequire(import.meta.url)("xz-decompress") as typeof Xz;
  let failure: Error | undefined;
  const watched = (async function* () {
    try {
      yield* source;
    } catch (error) {
      failure = toSlipwayError(error);
      throw failure;
    }
  })();
  const stream = new XzReadableStream(ReadableStream.from(watched));
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw failure ?? invalidArchive("its xz data are damaged or cut off", error);
  }
}

/** The first bytes, as many as there are up to `count`, and a stream that still begins with them. */
async function peek(source: Bytes, count: number): Promise<{ readonly head: Uint8Array; readonly rest: Bytes }> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  let done = false;
  while (length < count && !done) {
    const step = await iterator.next();
    if (step.done) done = true;
    else {
      read.push(step.value);
      length += step.value.byteLength;
    }
  }
  const rest = (async function* () {
    try {
      yield* read;
      while (!done) {
        const step = await iterator.next();
        if (step.done) done = true;
        else yield step.value;
      }
    } finally {
      if (!done) await iterator.return?.();
    }
  })();
  const head = read.length === 1 ? read[0]! : Buffer.concat(read);
  return { head, rest };
}
