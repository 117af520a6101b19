import { formatPlatform, parsePlatform, type Platform } from "../../oci/index.ts";
import { debianPlatform } from "./debian-arch.ts";
import { builtFor } from "./platforms.ts";

/**
 * Platforms as `--arch` of a base names them: Debian's names (`armhf`) or platforms, each entry may be a list with commas; this machine's
 * without any. Throws SLIP_USAGE.
 */
export function basePlatforms(archs: readonly string[] = []): readonly Platform[] {
  const words = archs.flatMap((text) => text.split(",")).map((text) => text.trim());
  const named = words.map((word) => (word.includes("/") ? word : (debianPlatform(word) ?? `linux/${word}`)));
  return builtFor(named.map((word) => (word === "linux/" ? "" : formatPlatform(parsePlatform(word))))).platforms;
}
