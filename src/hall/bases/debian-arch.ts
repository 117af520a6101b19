import { SlipwayError } from "../../base/index.ts";
import type { DebianArch } from "../../debian/index.ts";
import { defaultPlatform, formatPlatform, type Platform } from "../../oci/index.ts";

/** Debian's names of architectures, by those of images. */
const names: Readonly<Record<string, DebianArch>> = {
  "linux/amd64": "amd64",
  "linux/arm64": "arm64",
  "linux/arm/v7": "armhf",
  "linux/arm/v6": "armel",
  "linux/arm/v5": "armel",
  "linux/386": "i386",
  "linux/ppc64le": "ppc64el",
  "linux/riscv64": "riscv64",
  "linux/s390x": "s390x",
};

/** The platform of one of Debian's architectures: `linux/arm/v7` of armhf. */
export function debianPlatform(arch: string): string | undefined {
  return Object.keys(names).find((platform) => names[platform] === arch);
}

/** Debian's name of an architecture, this machine's without one. Throws SLIP_UNSUPPORTED for one that Debian does not have. */
export function debianArch(platform: Platform = defaultPlatform()): DebianArch {
  const { os, architecture, variant } = platform;
  // Debian's amd64 and arm64 run on every variant of them.
  const name = formatPlatform(architecture === "arm" ? { os, architecture, variant } : { os, architecture });
  const arch = Object.hasOwn(names, name) ? names[name] : undefined;
  if (arch) return arch;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `The Debian archive has nothing for ${formatPlatform(platform)}`,
    hint: `it has ${Object.keys(names).join(", ")}`,
  });
}
