import type { SaveOptions } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";

/** Writes images of the store to one archive; layers that they share are in it once. Throws SLIP_IMAGE_UNKNOWN, SLIP_OUTPUT. */
export async function save({ signal, onEvent, ...options }: SaveOptions): Promise<void> {
  await callEngine("save", options, { signal, onEvent });
}
