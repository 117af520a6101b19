import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** An empty folder, whatever was there. */
export function fresh(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Writes one file with its folders. */
export function put(file: string, text: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A tree of small files of 100 to 4,000 bytes, 500 a folder. */
export function manyFiles(folder: string, count: number): void {
  const bytes = noise(8192, 7);
  for (let i = 0; i < count; i++) {
    const at = join(folder, `d${Math.floor(i / 500)}`);
    if (i % 500 === 0) mkdirSync(at, { recursive: true });
    const size = 100 + ((i * 7919) % 3900);
    writeFileSync(join(at, `f${i}.txt`), bytes.subarray(i % 4096, (i % 4096) + size));
  }
}

/** `total` bytes in files of 16 MiB, half of it noise and half the same lines over and over: it compresses to about half. */
export function bigFiles(folder: string, total: number): void {
  mkdirSync(folder, { recursive: true });
  const block = 1 << 20;
  const lines = Buffer.alloc(block, "the same line of text, as logs and sources have it\n");
  for (let at = 0, n = 0; at < total; n++) {
    const file = openSync(join(folder, `big${n}.bin`), "w");
    for (let i = 0; i < 16 && at < total; i++, at += block)
      writeSync(file, i % 2 === 0 ? noise(block, n * 16 + i) : lines);
    closeSync(file);
  }
}

/** Bytes that do not compress, the same at every call (xorshift32). */
function noise(size: number, seed: number): Buffer {
  const words = new Uint32Array(size / 4);
  let x = (seed + 1) * 0x9e3779b1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return Buffer.from(words.buffer);
}
