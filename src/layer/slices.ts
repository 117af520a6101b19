import { constants } from "node:zlib";
import { deflateAtOnce, giveBack } from "./deflate-at-once.ts";

/** A part of what is compressed. */
export interface Slice {
  readonly bytes: Buffer;
  /** It looks as if deflate would only spend time on it, as with archives, pictures, what is encrypted: `isTrialInVain` tells. */
  readonly isDense: boolean;
}

/** Bytes of a slice at most. */
const sliceSize = 1024 * 1024;
/** Bytes that are judged at once, by three samples: at the beginning, in the middle, at the end. */
const unitSize = 64 * 1024;
const sampleSize = 512;
/** Bytes that are judged by one sample where dense bytes begin and end. */
const edgeSize = 4 * 1024;
/** Fewer dense bytes side by side are not worth a slice of their own. */
const leastDense = 4 * unitSize;
/** Bytes that are deflated to see. */
const trialSize = 16 * 1024;

/**
 * How unevenly bytes may be spread (Pearson's chi-squared against all bytes alike, 255 degrees of freedom): in one sample, where text has thousands,
 * archives have some hundreds and noise has 255 give or take 23; and in all samples together, a byte each, where more would let codes of bytes save
 * a percent.
 */
const unevenSample = 1000;
const unevenByte = 0.12;

/** Cuts bytes into slices for deflate and slices that look dense. The same bytes are always cut alike. */
export function slicesOf(bytes: Buffer): readonly Slice[] {
  const slices: Slice[] = [];
  const deflated = (end: number): void => {
    for (; done < end; done = Math.min(end, done + sliceSize)) {
      slices.push({ bytes: bytes.subarray(done, Math.min(end, done + sliceSize)), isDense: false });
    }
  };
  let done = 0;
  for (let at = 0; at < bytes.length;) {
    const end = denseUntil(bytes, at);
    if (end - at < leastDense) {
      at = Math.max(end, at + unitSize);
      continue;
    }
    const dense = widened(bytes, { from: at, to: end }, done);
    deflated(dense.from);
    slices.push({ bytes: bytes.subarray(dense.from, dense.to), isDense: true });
    done = at = dense.to;
  }
  deflated(bytes.length);
  return slices;
}

/** What is dense begins and ends between two units. */
function widened(bytes: Buffer, dense: { from: number; to: number }, least: number): { from: number; to: number } {
  let { from, to } = dense;
  const isDense = (at: number): boolean => unevenness(countsOf(bytes, at), sampleSize) <= unevenSample;
  while (from - edgeSize >= least && isDense(from - edgeSize)) from -= edgeSize;
  while (to + edgeSize <= bytes.length && isDense(to + edgeSize - sampleSize)) to += edgeSize;
  return { from, to };
}

/** Where units that look dense end; `from` when the first of them does not. */
function denseUntil(bytes: Buffer, from: number): number {
  const all = new Uint32Array(256);
  let [end, sampled] = [from, 0];
  for (; end + unitSize <= bytes.length; end += unitSize) {
    const samples = [end, end + (unitSize >> 1), end + unitSize - sampleSize].map((at) => countsOf(bytes, at));
    if (samples.some((counts) => unevenness(counts, sampleSize) > unevenSample)) break;
    for (const counts of samples) for (let byte = 0; byte < 256; byte++) all[byte]! += counts[byte] as number;
    sampled += samples.length * sampleSize;
  }
  return sampled > 0 && unevenness(all, sampled) < 400 + unevenByte * sampled ? end : from;
}

function countsOf(bytes: Buffer, at: number): Uint32Array {
  const counts = new Uint32Array(256);
  for (let i = at; i < at + sampleSize; i++) counts[bytes[i] as number]! += 1;
  return counts;
}

function unevenness(counts: Uint32Array, total: number): number {
  let squares = 0;
  for (const count of counts) squares += count * count;
  return (squares * 256) / total - total;
}

/** True when deflate makes nothing of a part of them: bytes may be spread evenly and come again all the same. */
export async function isTrialInVain(bytes: Buffer): Promise<boolean> {
  const middle = Math.max(0, bytes.length - trialSize) >> 1;
  const trial = bytes.subarray(middle, middle + trialSize);
  const result = await deflateAtOnce(trial, { level: constants.Z_BEST_SPEED });
  const isInVain = result.length > trial.length * 0.98;
  giveBack(result);
  return isInVain;
}

/** Largest stored block (RFC 1951, 3.2.4). */
const blockSize = 65_535;

/** Memory for as many bytes as stored blocks. */
export function memoryForStored(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes + 5 * Math.ceil(bytes / blockSize));
}

/**
 * Bytes as stored blocks of deflate, none of them the last; they begin and end on a byte boundary.
 * @param memory where they are put, of memoryForStored: fresh memory for each would take longer than the copy
 */
export function storedBlocks(bytes: Buffer, memory: Buffer): Buffer {
  let to = 0;
  for (let at = 0; at < bytes.length; at += blockSize) {
    const size = Math.min(blockSize, bytes.length - at);
    memory[to] = 0;
    memory.writeUInt16LE(size, to + 1);
    memory.writeUInt16LE(size ^ 0xffff, to + 3);
    bytes.copy(memory, to + 5, at, at + size);
    to += 5 + size;
  }
  return memory.subarray(0, to);
}
