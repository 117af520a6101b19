import { SlipwayError } from "../base/index.ts";
import { type Descriptor, formatPlatform, type Index, mediaTypes, type Platform, platformFits } from "../oci/index.ts";

const indexTypes: ReadonlySet<string> = new Set([mediaTypes.oci.index, mediaTypes.docker.index]);
const manifestTypes: ReadonlySet<string> = new Set([mediaTypes.oci.manifest, mediaTypes.docker.manifest]);

/**
 * The entry of an index for a platform (image-spec, image-index.md): the same variant, else the highest below it; among equals the first. The only
 * image of an index that tells no platforms fits all; entries that are indexes themselves come last.
 */
export function choosePlatform({ manifests }: Index, wanted: Platform): Descriptor | undefined {
  const images = manifests.filter((entry) => manifestTypes.has(entry.mediaType) && !isAttestation(entry));
  const [best] = images
    .flatMap((entry) => {
      const rank = entry.platform && rankOf(entry.platform, wanted);
      return rank === undefined ? [] : [{ entry, rank }];
    })
    .sort((a, b) => a.rank - b.rank);
  if (best) return best.entry;
  const [only, ...others] = images;
  if (only && others.length === 0 && only.platform === undefined) return only;
  return manifests.find(
    (entry) =>
      indexTypes.has(entry.mediaType) && (entry.platform === undefined || rankOf(entry.platform, wanted) !== undefined),
  );
}

/** SLIP_IMAGE_UNKNOWN with the platforms that there are. */
export function noSuchPlatform(
  name: string,
  manifests: readonly Pick<Descriptor, "platform">[],
  wanted: Platform,
): SlipwayError {
  const there = manifests.flatMap(({ platform }) =>
    platform && platform.os !== "unknown" ? [formatPlatform(platform)] : [],
  );
  const some = [...new Set(there)].slice(0, 20);
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot pull ${name}: it has no image for ${formatPlatform(wanted)}`,
    hint: some.length === 0 ? "it has no image for any platform" : `it has ${some.join(", ")}; choose with --platform`,
  });
}

export function isIndexDescriptor({ mediaType }: Descriptor): boolean {
  return indexTypes.has(mediaType);
}

/** BuildKit keeps attestations beside the images of an index. */
function isAttestation({ annotations, platform }: Descriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] !== undefined || platform?.os === "unknown";
}

const lastRank = 100;

/** 0 for the best; undefined for what does not run there. */
function rankOf(candidate: Platform, wanted: Platform): number | undefined {
  const [has, wants] = [numberOf(candidate), numberOf(wanted)];
  if (!platformFits({ ...candidate, variant: "" }, { ...wanted, variant: "" })) return undefined;
  if (has === undefined || wants === undefined) return candidate.variant === wanted.variant ? 0 : undefined;
  if (has <= wants) return wants - has;
  // It tells no variant, and may be meant for all.
  return candidate.variant === undefined || candidate.variant === "" ? lastRank : undefined;
}

/** Variants as levels: what runs on one runs on all above it. What is not said is the lowest that is usual. */
function numberOf({ architecture, variant }: Platform): number | undefined {
  if (variant === undefined || variant === "") return { amd64: 1, arm64: 8, arm: 7 }[architecture] ?? 0;
  const level = /^v(\d{1,2})$/.exec(variant)?.[1];
  return level === undefined ? undefined : Number(level);
}
