import type { ArchiveLimits, Owner, TarHeader } from "./contract.ts";
import { invalidArchive } from "./invalid.ts";
import { TarParser } from "./tar-parser.ts";
import { TreeWriter } from "./tree-writer.ts";
import { defaultLimits } from "./unpack-job.ts";

export interface ExtractHereOptions {
  /** As with extractTar. */
  readonly into: string;
  readonly owner: Owner;
  readonly keepFolders?: boolean | undefined;
  readonly limits?: Partial<ArchiveLimits> | undefined;
  /** Whether an entry is made; without it all are. A hard link needs what it leads to. */
  readonly take?: ((header: TarHeader) => boolean) | undefined;
  /** Sees every entry before it is made, and its content while it is written; what it throws ends the work. */
  readonly watch?: ExtractWatch | undefined;
}

export interface ExtractWatch {
  /** @param position how many bytes of the tar lie before the entry's content */
  entry(header: TarHeader, position: number): void;
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
export function extractHere({ watch, take, ...options }: ExtractHereOptions): Extraction {
  const limits = { ...defaultLimits, freely: defaultLimits.bytes, ...options.limits };
  const writer = new TreeWriter({ ...options, kind: "plain", limits });
  let passed = 0;
  const parser: TarParser = new TarParser({
    entry: (header) => {
      watch?.entry(header, parser.position);
      if (take === undefined || take(header)) writer.entry(header);
      else if (++passed > limits.entries) throw invalidArchive(`it has more than ${limits.entries} entries`);
    },
    data: (chunk) => {
      watch?.data(chunk);
      writer.data(chunk);
    },
    close: () => {
      watch?.close();
      writer.close();
    },
  });
  return {
    push: (chunk) => parser.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
    finish: () => {
      parser.end();
      writer.finish();
    },
    abandon: () => writer.abandon(),
  };
}
