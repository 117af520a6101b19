/**
 * An archive's origin without the address that it was read from: `archive bookworm 12.15 2026-07-11`. What an image says of itself has no more than
 * this, so that it is the same image whichever mirror gave the same state.
 */
export function withoutMirror(origin: string): string {
  return origin.replace(/ \S+:\/\/\S+/, "");
}
