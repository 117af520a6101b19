import type { OpenFile } from "../in-root.ts";

const pageSize = 4096;
const slotSize = 16;
const blockSize = 16;
/** Blocks begin with their mark, the package's number, a generation and the length of what follows. */
const blobHead = 16;
const marks = { header: "RpmP", slot: "Slot", blob: "BlbS" } as const;

/**
 * Headers of an rpm database in the format ndb (rpm, lib/backend/ndb; SUSE's): a file of pages, of which the first ones hold slots, each
 * leading to a blob. All little-endian.
 * @returns undefined for what is no such file; damaged slots are passed over.
 */
export function* ndbHeaders(
  file: OpenFile,
  most: { readonly slots: number; readonly header: number },
): Generator<Buffer, boolean> {
  const head = file.read(0, 32);
  if (head.length < 32 || head.toString("latin1", 0, 4) !== marks.header || head.readUInt32LE(4) !== 0) return false;
  const slots = Math.min((head.readUInt32LE(12) * pageSize) / slotSize, most.slots);
  // The file's own header takes the place of the first two.
  for (let at = 2; at < slots; at++) {
    const slot = file.read(at * slotSize, slotSize);
    if (slot.length < slotSize || slot.toString("latin1", 0, 4) !== marks.slot) break;
    const [number, block] = [slot.readUInt32LE(4), slot.readUInt32LE(8)];
    if (number === 0) continue;
    const blob = file.read(block * blockSize, blobHead);
    if (blob.length < blobHead || blob.toString("latin1", 0, 4) !== marks.blob || blob.readUInt32LE(4) !== number)
      continue;
    const length = blob.readUInt32LE(12);
    if (length > most.header) continue;
    yield file.read(block * blockSize + blobHead, length);
  }
  return true;
}
