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

/** Other names that people write for them; one with a variant of its own brings that. */
const aliases: ReadonlyMap<string, Pick<Platform, "architecture" | "variant">> = new Map(
  Object.entries({
    x86_64: { architecture: "amd64" },
    "x86-64": { architecture: "amd64" },
    i386: { architecture: "386" },
    aarch64: { architecture: "arm64" },
    armhf: { architecture: "arm", variant: "v7" },
    armel: { architecture: "arm", variant: "v6" },
  }),
);

const knownSystems = new Set(
  "aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris wasi windows".split(" "),
);
const knownArchitectures = new Set(
  "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm".split(" "),
);

/** The variant that an architecture has when none is named: it goes without saying, but for arm. */
const implied: ReadonlyMap<string, string> = new Map(Object.entries({ amd64: "v1", arm64: "v8" }));

/** The platform of this machine (image-spec, image-index.md, "platform"). */
export function defaultPlatform(): Platform {
  return normalPlatform({ os: "linux", architecture: architectures[process.arch] ?? process.arch });
}

/** `linux/arm64`, `linux/arm/v7`, as people write it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalPlatform(platform);
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * Reads `os/architecture[/variant]`, an architecture alone, which means Linux, or a system alone, which means this machine's architecture.
 * Other names for the same are understood: `linux/aarch64`, `armhf`, `x86_64`.
 * @throws SLIP_USAGE
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) throw unreadable(text);
  const [first = "", second, variant] = parts;
  if (second !== undefined) return normalPlatform({ os: first, architecture: second, variant });
  if (knownSystems.has(first) || first === "macos") return { ...defaultPlatform(), os: systemName(first) };
  const platform = normalPlatform({ os: "linux", architecture: first });
  if (!knownArchitectures.has(platform.architecture)) throw unreadable(text);
  return platform;
}

/** True when an image for `candidate` runs on `wanted`: the same, or an older variant of it. */
export function platformFits(candidate: Platform, wanted: Platform): boolean {
  const one = normalPlatform(candidate);
  const other = normalPlatform(wanted);
  if (one.os !== other.os || one.architecture !== other.architecture) return false;
  return one.variant === other.variant || (variantNumber(one) ?? Infinity) <= (variantNumber(other) ?? -1);
}

/** The one of the candidates that is best for a platform: the same before older variants; undefined when none fits. */
export function bestPlatform<T extends { readonly platform: Platform }>(
  candidates: readonly T[],
  wanted: Platform,
): T | undefined {
  const fitting = candidates.filter(({ platform }) => platformFits(platform, wanted));
  const number = ({ platform }: T): number => variantNumber(normalPlatform(platform)) ?? 0;
  return fitting.toSorted((a, b) => number(b) - number(a))[0];
}

/** One way to say a platform: arm64 is v8, amd64 v1 and arm v7 (image-spec, image-index.md, "Platform Variants"). */
export function normalPlatform({ os, architecture, variant, ...rest }: Platform): Platform {
  const alias = aliases.get(architecture);
  const name = alias?.architecture ?? architecture;
  const named = (name.startsWith("arm") && /^\d$/.test(variant ?? "") ? `v${variant}` : variant) || alias?.variant;
  const whole = named ?? (name === "arm" ? "v7" : undefined);
  const plain = whole === undefined || whole === implied.get(name);
  return { ...rest, os: systemName(os), architecture: name, ...(plain ? {} : { variant: whole }) };
}

function systemName(os: string): string {
  return os === "macos" ? "darwin" : os;
}

function variantNumber({ architecture, variant }: Platform): number | undefined {
  const match = /^v(\d+)$/.exec(variant ?? implied.get(architecture) ?? "");
  return match ? Number(match[1]) : undefined;
}

function unreadable(text: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_USAGE",
    message: `Cannot read platform "${text}"`,
    hint: "a platform is os/architecture[/variant], for example linux/amd64, linux/arm64, linux/arm/v7",
  });
}
