import { closeSync, openSync, readSync } from "node:fs";
import type { Bytes } from "../base/index.ts";
import { Growth } from "./growth.ts";
import { invalidArchive } from "./invalid.ts";

/** A file or a part of one; without a length to its end. */
export interface FileSource {
  readonly file: string;
  readonly offset: number;
  readonly length: number | undefined;
}

/** A file that another thread still writes; `growth` as in Growth. */
export interface GrowingSource {
  readonly fd: number;
  readonly growth: SharedArrayBuffer;
}

const readSize = 512 * 1024;

/** The bytes of a part of a file, read synchronously: for worker threads. */
export async function* readFileSource({ file, offset, length }: FileSource): Bytes {
  const fd = openSync(file, "r");
  try {
    let left = length ?? Number.POSITIVE_INFINITY;
    for (let at = offset; left > 0;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, left));
      const read = readSync(fd, buffer, 0, buffer.length, at);
      if (read === 0) break;
      yield buffer.subarray(0, read);
      at += read;
      left -= read;
    }
    if (length !== undefined && left > 0) throw invalidArchive(`the file ends ${left} bytes too early`);
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file as they come, read synchronously: for worker threads. */
export async function* readGrowingFile({ fd, growth: shared }: GrowingSource): Bytes {
  const growth = new Growth(shared);
  for (let at = 0; ;) {
    const { bytes, state } = await growth.beyond(at);
    if (state === "broken") throw invalidArchive("its source broke");
    if (at >= bytes) return;
    while (at < bytes) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, bytes - at));
      const read = readSync(fd, buffer, 0, buffer.length, at);
      if (read === 0) throw invalidArchive(`its file ends ${bytes - at} bytes too early`);
      yield buffer.subarray(0, read);
      at += read;
      growth.taken = at;
    }
  }
}
