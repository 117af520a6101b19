/**
 * Names as byte strings: one character (U+0000 to U+00FF) a byte. File names on Linux and in tar are bytes, not text; this way they
 * sort bytewise with `<`, work as map keys, and survive a round trip when they are not UTF-8.
 */

const beyondAscii = /[^\x00-\x7f]/;

/** For calls of node:fs: text where it can be, which is faster, otherwise bytes. */
export function fsPath(bytes: string): string | Buffer {
  return beyondAscii.test(bytes) ? Buffer.from(bytes, "latin1") : bytes;
}

/** A path given as text. */
export function toBytes(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/** For messages. */
export function toText(bytes: string): string {
  return beyondAscii.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}
