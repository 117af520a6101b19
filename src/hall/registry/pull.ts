import type { Pulled, PullOptions } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";

/**
 * Brings an image from its registry into the store; only what the store lacks travels.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_IMAGE_UNKNOWN, SLIP_DIGEST_MISMATCH, SLIP_OCI_INVALID, SLIP_CONFIG
 */
export async function pull({ signal, onEvent, ...options }: PullOptions): Promise<readonly Pulled[]> {
  return callEngine("pull", options, { signal, onEvent });
}
