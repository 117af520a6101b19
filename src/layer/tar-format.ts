import type { TarEntryType } from "./contract.ts";

/** Everything in a tar is a multiple of this (POSIX pax, "ustar Interchange Format"). */
export const blockSize = 512;

/** Largest values of the octal fields; beyond them a PAX record is needed. */
export const maxOctal7 = 0o7777777;
export const maxOctal11 = 0o77777777777;

/** Go's archive/tar, which most readers of layers use, refuses more in one extended header. */
export const maxPaxBytes = 1024 * 1024;

export const typeFlags: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  link: "1",
  symlink: "2",
  char: "3",
  block: "4",
  dir: "5",
  fifo: "6",
};

/** Attributes that travel in layers: capabilities and users' own. Never overlayfs' marks, which would forge whiteouts and redirections. */
export function travels(attribute: string): boolean {
  if (attribute === "security.capability") return true;
  return attribute.startsWith("user.") && !attribute.startsWith("user.overlay.");
}

export function roundUp(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}
