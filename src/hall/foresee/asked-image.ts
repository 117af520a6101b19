import type { Ctx } from "../../base/index.ts";
import { parseReference, type Platform } from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import { RegistryClients } from "../registry/open-client.ts";

/**
 * What a build would bring of an image that is not in the store: its registry is asked for manifest and configuration, and nothing of it is kept.
 * @param impatient another source is there: a registry that cannot be reached is given up at once.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_IMAGE_UNKNOWN, SLIP_CONFIG
 */
export async function askedImage(
  name: string,
  platform: Platform,
  impatient: boolean,
  { signal }: Ctx,
): Promise<PlannedImage> {
  using clients = new RegistryClients();
  const reference = parseReference(name);
  const client = clients.get(impatient ? "impatient" : "patient");
  const quiet = { signal, emit: () => undefined };
  const { indexes, manifest, config } = await client.image(reference, platform, quiet, "any-platform");
  const { digest } = (indexes[0] ?? manifest).descriptor;
  return {
    id: config.descriptor.digest,
    name,
    origin: `registry ${reference.domain} ${digest}`,
    config: config.value,
  };
}
