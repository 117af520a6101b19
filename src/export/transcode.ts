import { createReadStream, createWriteStream } from "node:fs";
import { PassThrough, Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import { type Bytes, type Digest, Hasher, SlipwayError } from "../base/index.ts";
import { type Compression, decompress } from "../layer/index.ts";
import type { BlobTarget, WrittenBlob } from "./layout.ts";

export interface TranscodeOptions {
  /** The blob as it is, compressed in any way. */
  readonly file: string;
  /** Of what is inside. */
  readonly diffId: Digest;
  readonly compression: Compression;
  readonly level: number;
  readonly output: BlobTarget;
  readonly signal: AbortSignal;
}

/**
 * Compresses a layer that came in in another way. What is inside stays byte for byte: a folder that it was unpacked to may not give the same tar.
 * @throws SLIP_DIGEST_MISMATCH when it is not the layer that it should be
 */
export async function transcode(options: TranscodeOptions): Promise<WrittenBlob> {
  const { file, diffId, output, signal } = options;
  const [inside, outside] = [new Hasher(), new Hasher()];
  let size = 0;
  const plain = hashed(decompress(createReadStream(file, { highWaterMark: 1 << 18 }) as Bytes), inside);
  const encoder = encoderOf(options);
  const target =
    typeof output === "string"
      ? createWriteStream(output, { flags: "wx", mode: 0o600 })
      : createWriteStream("", { fd: output.fd, autoClose: false });
  const counted = async function* (source: AsyncIterable<Uint8Array>): Bytes {
    for await (const chunk of hashed(source, outside)) {
      size += chunk.byteLength;
      yield chunk;
    }
  };
  const input = Readable.from(plain, { objectMode: false });
  await pipeline(input, encoder, counted, target, { signal });
  const found = inside.digest();
  if (found === diffId) return { digest: outside.digest(), size };
  throw new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot compress the layer ${diffId} anew: its archive holds ${found}`,
    hint: "the archive in the store is damaged; `slipway prune --all` drops it, and the image can be pulled again",
  });
}

function encoderOf({ compression, level }: TranscodeOptions): Transform {
  if (compression === "gzip") return createGzip({ level, chunkSize: 1 << 18 });
  if (compression === "none") return new PassThrough();
  return createZstdCompress({ chunkSize: 1 << 18, params: { [constants.ZSTD_c_compressionLevel]: level } });
}

async function* hashed(source: AsyncIterable<Uint8Array>, hasher: Hasher): Bytes {
  for await (const chunk of source) {
    hasher.update(chunk);
    yield chunk;
  }
}
