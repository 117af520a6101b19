import type { SaveOptions } from "./api.ts";
import { callEngine } from "./call-engine.ts";

/** Writes an image of the store to an archive. Throws SLIP_IMAGE_UNKNOWN, SLIP_OUTPUT. */
export async function save({ signal, ...options }: SaveOptions): Promise<void> {
  await callEngine("save", options, { signal });
}
