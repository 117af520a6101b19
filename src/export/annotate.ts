import { formatPlatform, type Platform } from "../oci/index.ts";
import type { Annotation, AnnotationPlace } from "./contract.ts";

/**
 * The annotations for one place; undefined when there are none. Of one key the last counts, and one for the platform before one for all.
 * @param platform of the manifest, for places that are about one.
 */
export function annotationsOn(
  place: AnnotationPlace,
  annotations: readonly Annotation[] = [],
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const own = platform && formatPlatform(platform);
  const here = annotations.filter(({ on }) => on === place);
  const all = [
    ...here.filter((one) => one.platform === undefined),
    ...here.filter((one) => one.platform !== undefined && one.platform === own),
  ];
  return all.length === 0 ? undefined : Object.fromEntries(all.map(({ key, value }) => [key, value]));
}
