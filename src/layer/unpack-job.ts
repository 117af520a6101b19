import { type Bytes, type CancelFlag, Hasher, release, SlipwayError, throwIfCancelled } from "../base/index.ts";
import type { ArchiveLimits, ExtractTarOptions, UnpackLayerOptions, Unpacked } from "./contract.ts";
import { decompress } from "./decompress.ts";
import { Expansion } from "./expansion.ts";
import { TarParser } from "./tar-parser.ts";
import { TreeWriter } from "./tree-writer.ts";

export type UnpackJob = (
  | ({ readonly kind: "layer" } & Omit<UnpackLayerOptions, "signal" | "source">)
  | ({ readonly kind: "plain" } & Omit<ExtractTarOptions, "signal" | "cancel" | "source">)
) & { readonly cancel?: CancelFlag | undefined };

export const defaultLimits: ArchiveLimits = {
  entries: 5_000_000,
  bytes: 256 * 1024 ** 3,
  freely: 8 * 1024 ** 3,
  expansion: 200,
  pathLength: 4000,
  depth: 512,
};

/** unpackLayer and extractTar in the worker thread: files are written synchronously while another thread decompresses what comes next. */
export async function runUnpack(source: Bytes, job: UnpackJob): Promise<Unpacked> {
  // Archives that are added are mostly the builder's own, layers mostly other people's.
  const usual = job.kind === "layer" ? defaultLimits : { ...defaultLimits, freely: defaultLimits.bytes };
  const limits: ArchiveLimits = { ...usual, ...job.limits };
  const writer = new TreeWriter({ ...job, limits });
  const parser = new TarParser(writer);
  const hasher = new Hasher();
  const expansion = new Expansion(limits);
  try {
    for await (const chunk of decompress(expansion.packed(source))) {
      throwIfCancelled(job.cancel);
      expansion.unpacked(chunk.byteLength);
      hasher.update(chunk);
      parser.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      // Nothing of it is kept.
      release(chunk);
    }
    parser.end();
    const diffId = hasher.digest();
    const expected = job.kind === "layer" ? job.expectedDiffId : undefined;
    if (expected !== undefined && diffId !== expected) {
      throw new SlipwayError({
        code: "SLIP_DIGEST_MISMATCH",
        message: `Cannot unpack the layer: its tar has the digest ${diffId}, the image says ${expected}`,
        hint: "the layer is damaged or was changed; get the image again",
      });
    }
    writer.finish();
    const { entries, fileBytes, leftOut } = writer;
    return { diffId, uncompressedSize: expansion.size, entries, fileBytes, leftOut };
  } finally {
    writer.abandon();
  }
}
