import { closeSync, constants, openSync, readSync } from "node:fs";
import { type CancelFlag, fsPath, throwIfCancelled } from "../base/index.ts";
import type { LayerEntry } from "./layer-entry.ts";

/** Bytes compared at a time. */
const pieceSize = 1 << 20;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** True when two regular files hold the same bytes. */
export function sameContent(a: LayerEntry, b: LayerEntry, cancel?: CancelFlag): boolean {
  if (a.stats.size !== b.stats.size) return false;
  if (a.stats.dev === b.stats.dev && a.stats.ino === b.stats.ino) return true;
  using first = open(a.path);
  using second = open(b.path);
  const size = Math.min(pieceSize, Number(a.stats.size));
  const [left, right] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
  for (let at = 0; at < a.stats.size;) {
    throwIfCancelled(cancel);
    const length = fill(first.fd, left, at);
    if (length === 0 || fill(second.fd, right, at) !== length) return false;
    if (left.compare(right, 0, length, 0, length) !== 0) return false;
    at += length;
  }
  return true;
}

/** Reads until the buffer is full or the file ends. */
function fill(fd: number, buffer: Buffer, from: number): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, from + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function open(path: string): Disposable & { readonly fd: number } {
  const fd = openSync(fsPath(path), flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
