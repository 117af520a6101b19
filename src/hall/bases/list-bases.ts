import { defaultLevel } from "../../layer/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import { openStore, type Store } from "../../store/index.ts";
import type { BaseSummary, ListBasesOptions } from "../api/list-bases-api.ts";
import { basePlatforms } from "./base-platforms.ts";
import { debianArch } from "./debian-arch.ts";

/**
 * The built-in bases with their sizes: exact for those in the store, otherwise as they were measured. Asks no network.
 * @throws SLIP_IMAGE_UNKNOWN for a suite that there is not, SLIP_UNSUPPORTED for an architecture that Debian does not have.
 */
export async function listBases(options: ListBasesOptions = {}): Promise<readonly BaseSummary[]> {
  const debian = await import("../../debian/index.ts");
  const suites = options.suite === undefined ? (["trixie", "bookworm"] as const) : [debian.builtInSuite(options.suite)];
  const [platform] = basePlatforms(options.arch === undefined ? [] : [options.arch]);
  if (!platform) throw new Error("no platform");
  const arch = debianArch(platform);
  using store = openStore(options.store);
  return suites.flatMap((suite) =>
    debian
      .builtInNames(suite)
      .filter((name) => !/^nodejs\d/.test(name))
      .map((name): BaseSummary => {
        const image = debian.distrolessReference({ name, suite, nonroot: false, debug: false });
        const { packages } = debian.builtInRecipe({ name, suite, nonroot: false, debug: false }, arch);
        const [size, compressed] = debian.baseFacts[suite].sizes[name]?.[arch] ?? [];
        const known = storedBase(image, platform, store);
        return {
          name,
          suite,
          image,
          platform: formatPlatform(platform),
          runtime: debian.runtimeText(name, suite),
          packages: packages.length,
          size: known?.size ?? size,
          compressed: known?.compressed ?? compressed,
          inStore: known !== undefined,
          compressedInStore: known?.compressed !== undefined,
          id: known?.id,
          measured: debian.measuredOn,
        };
      }),
  );
}

/** Of one that was made before, also its compressed size, where it has left the store. */
function storedBase(name: string, platform: Platform, store: Store) {
  const image = store.images.named(name).find(({ config }) => formatPlatform(config) === formatPlatform(platform));
  if (!image) return undefined;
  const { id, size, config } = image;
  const blobs = config.rootfs.diff_ids.map((diffId) => store.layerBlobs.get(diffId, "gzip", defaultLevel.gzip));
  const compressed = blobs.every((blob) => blob !== undefined)
    ? blobs.reduce((sum, blob) => sum + (blob?.size ?? 0), 0)
    : undefined;
  return { id, size, compressed };
}
