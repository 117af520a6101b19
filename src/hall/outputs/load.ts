import type { Loaded, LoadOptions } from "../api/load-api.ts";
import { callEngine } from "../engine/call-engine.ts";

/**
 * Takes the images of an archive into the store, under their names: what `docker save`, `podman save`, skopeo and `save` write, also compressed.
 * @throws SLIP_CONTEXT for a file that cannot be read, SLIP_OCI_INVALID, SLIP_DIGEST_MISMATCH, SLIP_LAYER_INVALID, SLIP_IMAGE_UNKNOWN; an image is
 * taken in whole or not at all
 */
export async function load({ signal, onEvent, ...options }: LoadOptions): Promise<readonly Loaded[]> {
  const streams = options.file === "-" ? { stdin: true, terminal: false } : undefined;
  return callEngine("load", options, { signal, onEvent, streams });
}
