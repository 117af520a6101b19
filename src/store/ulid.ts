import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A random id of 26 characters that sorts by the time it was made (github.com/ulid/spec). */
export function ulid(time: number = Date.now()): string {
  let text = "";
  for (let rest = time, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = alphabet.charAt(rest % 32) + text;
  for (const byte of randomBytes(16)) text += alphabet.charAt(byte % 32);
  return text;
}

/** The milliseconds since the epoch at which an id was made; NaN for other texts. */
export function ulidTime(id: string): number {
  let time = 0;
  for (const character of id.slice(0, 10)) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return Number.NaN;
    time = time * 32 + digit;
  }
  return id.length === 26 ? time : Number.NaN;
}
