import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { ReadableStream } from "node:stream/web";
import type * as Xz from "xz-decompress";
import { type Bytes, SlipwayError } from "../base/index.ts";
import type { ArMember } from "./ar.ts";

/**
 * The plain bytes of a member or file, by the ending of its name (deb(5) allows .gz, .xz, .zst, none; .bz2 and .lzma died out).
 * Runs in the calling thread: xz takes it fully.
 */
export async function* plainBytes(
  file: string,
  member: ArMember | undefined,
  name: string,
): AsyncGenerator<Uint8Array> {
  const ending = /\.(xz|gz|zst|tar)$/.exec(name)?.[1];
  if (ending === undefined) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot read ${name} of ${file}: this compression is not known`,
      hint: "slipway reads xz, gz, zst and uncompressed packages",
    });
  }
  if (member?.length === 0) return;
  const range = member && { start: member.offset, end: member.offset + member.length - 1 };
  const input = createReadStream(file, { ...range, highWaterMark: 1 << 18 });
  // Whoever reads gets its errors; one after the end (it was closed before it was open) is nobody's.
  input.on("error", () => undefined);
  try {
    if (ending === "xz") yield* unxz(input);
    else if (ending === "tar") yield* input as AsyncIterable<Uint8Array>;
    else {
      const zlib = await import("node:zlib");
      const plain = ending === "gz" ? zlib.createGunzip({ chunkSize: 1 << 18 }) : zlib.createZstdDecompress();
      input.on("error", (error) => plain.destroy(error));
      yield* input.pipe(plain) as AsyncIterable<Uint8Array>;
    }
  } catch (error) {
    throw error instanceof SlipwayError || isSystemError(error) ? error : damaged(file, name, error);
  } finally {
    input.destroy();
  }
}

async function* unxz(input: Bytes): AsyncGenerator<Uint8Array> {
  // A CommonJS module whose names Node cannot see from an import.
  const { XzReadableStream } = createRequire(import.meta.url)("xz-decompress") as typeof Xz;
  // Its streams share one memory and wait for each other, so each is read to its end or cancelled.
  yield* new XzReadableStream(ReadableStream.from(input)) as unknown as Bytes;
}

/** Not of the decoders: a file that cannot be read, a full disk. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function damaged(file: string, name: string, cause: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot unpack ${name} of ${file}: its data are damaged`,
    hint: "the archive, or the file since it was fetched, is damaged: remove the file and build again",
    cause,
  });
}
