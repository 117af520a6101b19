import type { ArchiveLimits, Owner, TarHeader } from "./contract.ts";
import { TarParser } from "./tar-parser.ts";
import { TreeWriter } from "./tree-writer.ts";
import { defaultLimits } from "./unpack-job.ts";

export interface ExtractHereOptions {
  /** As with extractTar. */
  readonly into: string;
  readonly owner: Owner;
  readonly keepFolders?: boolean | undefined;
  readonly limits?: Partial<ArchiveLimits> | undefined;
  /** Sees every entry before it is made, and its content while it is written; what it throws ends the work. */
  readonly watch?: ExtractWatch | undefined;
}

export interface ExtractWatch {
  entry(header: TarHeader): void;
  /** Bytes of the latest entry; a view that is good only during the call. */
  data(chunk: Buffer): void;
  close(): void;
}

/** Takes an uncompressed tar in pieces and makes its files at once. */
export interface Extraction {
  push(chunk: Uint8Array): void;
  /** After the last piece. */
  finish(): void;
  /** After an error: nothing stays open. */
  abandon(): void;
}

/**
 * extractTar for a caller that is a worker thread itself: done in this thread, for a tar that somebody else decompresses.
 * Every call throws SLIP_LAYER_INVALID as extractTar does.
 */
export function extractHere({ watch, ...options }: ExtractHereOptions): Extraction {
  const limits = { ...defaultLimits, freely: defaultLimits.bytes, ...options.limits };
  const writer = new TreeWriter({ ...options, kind: "plain", limits });
  const parser = new TarParser(
    watch === undefined
      ? writer
      : {
          entry: (header) => {
            watch.entry(header);
            writer.entry(header);
          },
          data: (chunk) => {
            watch.data(chunk);
            writer.data(chunk);
          },
          close: () => {
            watch.close();
            writer.close();
          },
        },
  );
  return {
    push: (chunk) => parser.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
    finish: () => {
      parser.end();
      writer.finish();
    },
    abandon: () => writer.abandon(),
  };
}
