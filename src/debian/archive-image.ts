import type { ContainerConfig } from "../oci/index.ts";
import type { Executor } from "../sandbox/index.ts";
import { parseBaseName } from "./base-name.ts";
import { currentPackages as currentBasePackages } from "./base-packages.ts";
import type {
  Archive,
  ArchiveChoice,
  BaseName,
  BaseRooms,
  DebianArch,
  DebianPackage,
  MadeBase,
  OwnerPolicy,
} from "./contract.ts";
import { builtInRecipe, type DistrolessChoice, distrolessName } from "./distroless/built-in.ts";
import { parseDistrolessName } from "./distroless/distroless-name.ts";
import { configOf, makeFromRecipe } from "./distroless/make-from-recipe.ts";
import { currentRecipePackages } from "./distroless/recipe-packages.ts";
import { baseConfig, makeBase } from "./make-base.ts";

/** An image that the archive gives, by the name that it has in a registry. */
export type ArchiveImage =
  | (BaseName & { readonly kind: "debian" })
  | (DistrolessChoice & { readonly kind: "distroless" });

/**
 * Which image of the archive a name means: `debian:bookworm-slim`, `gcr.io/distroless/cc-debian13:nonroot`.
 * @returns undefined for a name that is neither, and for a digest, which only a registry can answer.
 * @throws SLIP_IMAGE_UNKNOWN for one of them that the archive cannot make, with those that it can.
 */
export function parseArchiveName(name: string): ArchiveImage | undefined {
  const distroless = parseDistrolessName(name);
  if (distroless) return { kind: "distroless", ...distroless };
  const base = parseBaseName(name);
  return base && { kind: "debian", ...base };
}

/** Whether making it runs programs of its architecture. */
export function runsPrograms({ kind }: ArchiveImage): boolean {
  return kind === "debian";
}

/** The configuration that it will have. */
export function configAhead(image: ArchiveImage, arch: DebianArch): ContainerConfig {
  return image.kind === "distroless" ? configOf(builtInRecipe(image, arch)) : baseConfig;
}

/** Raised when the same packages give another image than before. */
const recipesVersion = 4;

/** What tells images of the same packages apart; empty for the one that is meant by packages alone. */
export function kindOf(image: ArchiveImage): string {
  if (image.kind === "distroless") return `${distrolessName(image)} ${recipesVersion}`;
  return image.slim ? "slim" : "";
}

export interface ArchiveImageOptions extends ArchiveChoice {
  readonly arch: DebianArch;
  /** Names the step of progress and output events. */
  readonly step?: string | undefined;
}

/**
 * The packages that it would be made of now: the archive is asked, also when it was asked a moment ago.
 * Throws as openArchive does.
 */
export async function currentPackages(
  image: ArchiveImage,
  options: ArchiveImageOptions,
  rooms: Pick<BaseRooms, "cache" | "ctx">,
): Promise<{ readonly archive: Archive; readonly packages: readonly DebianPackage[] }> {
  if (image.kind === "debian") return currentBasePackages({ ...options, ...image }, rooms);
  const { archive, packages, materials } = await currentRecipePackages(
    builtInRecipe(image, options.arch),
    options,
    rooms,
  );
  return { archive, packages: [...packages, ...materials] };
}

/**
 * Makes it from the signed archive.
 * @param rooms.executor asked for only where programs run.
 * @throws SLIP_NETWORK, SLIP_VERIFY, SLIP_PACKAGE
 */
export async function makeArchiveImage(
  image: ArchiveImage,
  options: ArchiveImageOptions & { readonly owner: OwnerPolicy },
  rooms: Omit<BaseRooms, "executor"> & { readonly executor: () => Promise<Executor> },
): Promise<MadeBase> {
  if (image.kind === "distroless") return makeFromRecipe(builtInRecipe(image, options.arch), options, rooms);
  return makeBase({ ...options, ...image }, { ...rooms, executor: await rooms.executor() });
}
