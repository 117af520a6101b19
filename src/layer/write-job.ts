import { closeSync, openSync, writeSync } from "node:fs";
import { type CancelFlag, Hasher, throwIfCancelled } from "../base/index.ts";
import { encoder } from "./compress.ts";
import type { WriteLayerOptions, WrittenLayer } from "./contract.ts";
import { Growth } from "./growth.ts";
import { defaultLevel } from "./levels.ts";
import { tarOfTree } from "./tree-tar.ts";
import { WrittenBack } from "./written-back.ts";

/** What crosses over to the worker: the options, with a number that becomes 1 when the work is to end. */
export type WriteJob = Omit<WriteLayerOptions, "signal" | "growth"> & {
  readonly cancel?: CancelFlag | undefined;
  /** As in Growth. */
  readonly growth?: SharedArrayBuffer | undefined;
};

/** writeLayer in the worker thread. */
export async function runWrite(job: WriteJob): Promise<WrittenLayer> {
  const { compression, output } = job;
  const level = job.level ?? defaultLevel[compression];
  const opened = typeof output === "string" ? openSync(output, "w", 0o644) : undefined;
  const fd = typeof output === "object" ? output.fd : opened;
  const back = opened === undefined ? undefined : new WrittenBack(opened);
  const growth = job.growth && new Growth(job.growth);
  let ended = false;
  try {
    const inner = new Hasher();
    const outer = compression === "none" ? undefined : new Hasher();
    let size = 0;
    const coder = encoder(compression, level, (bytes) => {
      // What is being compressed when the work is given up comes later, when the descriptor may be another file's.
      if (ended) return;
      outer?.update(bytes);
      size += bytes.length;
      if (fd !== undefined) writeAll(fd, bytes);
      back?.wrote(bytes.length);
      growth?.grew(size);
    });
    const { upper: root, overlayXattrs, epoch } = job;
    const pieces = tarOfTree({ root, overlayXattrs, epoch, take: () => coder.take() });
    let uncompressedSize = 0;
    try {
      let step = pieces.next();
      for (; !step.done; step = pieces.next()) {
        throwIfCancelled(job.cancel);
        inner.update(step.value);
        uncompressedSize += step.value.length;
        await coder.write(step.value);
      }
      await coder.end();
      const diffId = inner.digest();
      return { diffId, uncompressedSize, digest: outer?.digest() ?? diffId, size, ...step.value };
    } finally {
      // closes the file that was being read
      pieces.return({ entries: 0, fileBytes: 0 });
    }
  } finally {
    ended = true;
    await back?.idle();
    if (opened !== undefined) closeSync(opened);
  }
}

/** Writes everything; a pipe that is full for now (standard output may be one that does not block) is tried again. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 2);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
