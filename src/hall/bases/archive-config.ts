import { configAhead, parseArchiveName } from "../../debian/index.ts";
import { familiarName, type ImageConfig, parseReference, type Platform } from "../../oci/index.ts";
import { debianArch } from "./debian-arch.ts";

/**
 * The configuration that an image of the archive will have once it is made; undefined for a name that the archive has nothing for.
 * Throws SLIP_IMAGE_UNKNOWN as parseArchiveName does, SLIP_UNSUPPORTED for a platform that Debian does not have.
 */
export function archiveConfig(name: string, platform: Platform): ImageConfig | undefined {
  const image = name.includes("://") ? undefined : parseArchiveName(familiarName(parseReference(name)));
  if (!image) return undefined;
  return { ...platform, config: configAhead(image, debianArch(platform)), rootfs: { type: "layers", diff_ids: [] } };
}
