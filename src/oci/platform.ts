import { SlipwayError } from "../base/index.ts";
import type { Platform } from "./model.ts";

/** Node's names of architectures in the words of the image-spec (GOARCH). */
const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm",
  ia32: "386",
  ppc64: "ppc64le",
  s390x: "s390x",
  riscv64: "riscv64",
  loong64: "loong64",
};

/** Other names that people write for them. */
const aliases: Readonly<Record<string, Platform>> = {
  x86_64: { os: "linux", architecture: "amd64" },
  "x86-64": { os: "linux", architecture: "amd64" },
  aarch64: { os: "linux", architecture: "arm64" },
  armhf: { os: "linux", architecture: "arm", variant: "v7" },
  armel: { os: "linux", architecture: "arm", variant: "v6" },
  i386: { os: "linux", architecture: "386" },
};

/** The platform of this machine (image-spec, image-index.md, "platform"). */
export function defaultPlatform(): Platform {
  return normal({ os: "linux", architecture: architectures[process.arch] ?? process.arch });
}

/** `linux/arm64/v8` as people write it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normal(platform);
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * Reads `os/architecture[/variant]`, or an architecture alone, which means Linux.
 * @throws SLIP_USAGE
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  const good = parts.length <= 3 && parts.every((part) => /^[a-z0-9_.-]+$/.test(part));
  if (!good) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot read platform "${text}"`,
      hint: "a platform is os/architecture[/variant], for example linux/amd64",
    });
  }
  const [first = "", second, third] = parts;
  const os = second === undefined ? "linux" : first;
  const name = second ?? first;
  const alias = aliases[name];
  const variant = third ?? alias?.variant;
  return normal({ os, architecture: alias?.architecture ?? name, ...(variant === undefined ? {} : { variant }) });
}

/** True when an image for `candidate` runs on `wanted`. */
export function platformFits(candidate: Platform, wanted: Platform): boolean {
  const one = normal(candidate);
  const other = normal(wanted);
  if (one.os !== other.os || one.architecture !== other.architecture) return false;
  return one.variant === undefined || other.variant === undefined || one.variant === other.variant;
}

/** arm64 is v8 whether or not it is said (image-spec, image-index.md, "Platform Variants"). */
function normal({ os, architecture, variant }: Platform): Platform {
  const implied = (architecture === "arm64" && variant === "v8") || variant === "";
  return { os, architecture, ...(variant === undefined || implied ? {} : { variant }) };
}
