import type { SoftwarePackage } from "../../attest/index.ts";
import { cleanAddress, cleanText } from "./text.ts";

/** Of a name or a version. */
const longest = 4096;
/** Tags of the header (rpm, "Package Header"). */
const tag = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  summary: 1004,
  vendor: 1011,
  license: 1014,
  url: 1020,
  arch: 1022,
  sourceRpm: 1044,
} as const;

/**
 * The package of a header as rpm's databases keep it (rpm file format, "Header"): index count, data length, index entries of 16 bytes, data;
 * all big-endian. None for a key of a signer, and for what is damaged.
 */
export function headerPackage(blob: Uint8Array, path: string): readonly SoftwarePackage[] {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < 8) return [];
  const count = bytes.readUInt32BE(0);
  const data = 8 + count * 16;
  if (data > bytes.length) return [];
  const places = new Map<number, number>();
  for (let entry = 8; entry < data; entry += 16) {
    const id = bytes.readUInt32BE(entry);
    if (!places.has(id)) places.set(id, data + bytes.readUInt32BE(entry + 8));
  }
  const text = (id: number): string | undefined => {
    const start = places.get(id);
    if (start === undefined || start >= bytes.length) return undefined;
    const end = bytes.subarray(start, start + longest + 1).indexOf(0);
    return end < 0 ? undefined : cleanText(bytes.toString("utf8", start, start + end));
  };
  const name = text(tag.name);
  if (name === undefined || name === "gpg-pubkey") return [];
  const at = places.get(tag.epoch);
  const epoch = at !== undefined && at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
  const version = [text(tag.version), text(tag.release)].filter(Boolean).join("-");
  const license = text(tag.license);
  return [
    {
      kind: "rpm",
      name,
      version: epoch > 0 ? `${epoch}:${version}` : version,
      architecture: text(tag.arch),
      source: sourceOf(text(tag.sourceRpm)),
      licenses: license === undefined ? undefined : [license],
      supplier: text(tag.vendor),
      homepage: cleanAddress(text(tag.url)),
      summary: text(tag.summary),
      path,
    },
  ];
}

/** `bash-5.2-3.fc40.src.rpm`. */
function sourceOf(file: string | undefined): SoftwarePackage["source"] {
  const [, name, version] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? "") ?? [];
  return name === undefined ? undefined : { name, version };
}
