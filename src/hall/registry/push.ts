import type { Pushed, PushOptions } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";

/**
 * Sends images of the store to the registries that their names say.
 * @throws SLIP_IMAGE_UNKNOWN, SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_CONFIG
 */
export async function push({ signal, onEvent, ...options }: PushOptions): Promise<readonly Pushed[]> {
  return callEngine("push", options, { signal, onEvent });
}
