import { chmodSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { SlipwayError } from "../../base/index.ts";
import type { ContainerConfig } from "../../oci/index.ts";
import { openArchive } from "../archive.ts";
import { clampTimes } from "../clean-root.ts";
import type { Archive, ArchiveChoice, BaseRooms, DebianPackage, MadeBase, OwnerPolicy } from "../contract.ts";
import { checkOverlaps, type UnpackedPackage } from "../dpkg-database.ts";
import { RootFiles } from "../root-files.ts";
import { unpackPackages } from "../unpack-packages.ts";
import { withoutMirror } from "../without-mirror.ts";
import { finishRoot } from "./finish-root.ts";
import { type BaseRecipe, materialPackages } from "./recipe.ts";

export interface FromRecipeOptions extends ArchiveChoice {
  readonly owner: OwnerPolicy;
  /** Names the step of progress events. */
  readonly step?: string | undefined;
}

/** What making a base from a recipe stands on: nothing is run. */
export type RecipeRooms = Omit<BaseRooms, "executor">;

/**
 * Makes a base from the signed archive: the packages' files, unpacked side by side into one snapshot, then what the recipe adds. No program of a
 * package runs, so that a base for any architecture is made on every machine; the same state of the archive gives the same bytes, with no time
 * later than the archive's own.
 *
 * With `owner: "squash"`, for a namespace with one id, everything belongs to root.
 *
 * @throws SLIP_NETWORK and SLIP_VERIFY as openArchive does; SLIP_PACKAGE for a package that the archive does not have.
 */
export async function makeFromRecipe(
  recipe: BaseRecipe,
  options: FromRecipeOptions,
  rooms: RecipeRooms,
): Promise<MadeBase> {
  const { cache, ctx, snapshotter } = rooms;
  const { owner, step } = options;
  const archive = await openArchive({ ...options, suite: recipe.suite, arch: recipe.arch, cache, ctx });
  const { packages, materials } = recipePackages(archive, recipe);
  const all = [...packages, ...materials];
  const debs = await archive.fetch(all);

  await using active = await snapshotter.prepare();
  const root = active.upper;
  const scratch = `${cache.folder}/materials-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    chmodSync(root, 0o755);
    if (isMerged(archive)) await mergeUsr(root, recipe);
    const job = { keepIn: cache.folder, ctx, step };
    const unpacked = await unpackPackages({ ...job, root, packages, debs: debs.slice(0, packages.length), owner });
    checkOverlaps(unpacked);
    const given = await unpackMaterials(scratch, recipe, (entry, into) => {
      const at = all.findIndex(({ name }) => name === entry);
      return unpackPackages({
        ...job,
        step: undefined,
        root: into,
        packages: all.slice(at, at + 1),
        debs: debs.slice(at, at + 1),
        owner: "squash",
      });
    });
    finishRoot(new RootFiles(root), { recipe, unpacked, given, materials: scratch, time: archive.date, owner });
    clampTimes(root, Math.floor(archive.date / 1000));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const snapshot = await active.commit();

  const created = new Date(archive.date).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    snapshot,
    created,
    architecture: recipe.arch,
    config: configOf(recipe),
    history: [
      {
        created,
        created_by: `slipway: distroless ${recipe.name} from ${withoutMirror(archive.origin)}`,
        comment: "made from the Debian archive",
      },
    ],
    origin: archive.origin,
    packages: all,
  };
}

/**
 * The packages that a recipe is made of now: the archive is asked, also when it was asked a moment ago.
 * Throws as openArchive does.
 */
export async function currentRecipePackages(
  recipe: BaseRecipe,
  options: ArchiveChoice & { readonly step?: string | undefined },
  rooms: Pick<BaseRooms, "cache" | "ctx">,
): Promise<{ readonly archive: Archive; readonly packages: readonly DebianPackage[] }> {
  const { suite, arch } = recipe;
  const archive = await openArchive({ ...options, ...rooms, suite, arch, maxAge: 0 });
  const { packages, materials } = recipePackages(archive, recipe);
  return { archive, packages: [...packages, ...materials] };
}

/** Both sorted by name: those of the image, and those that only give files. Throws SLIP_PACKAGE. */
function recipePackages(
  archive: Archive,
  recipe: BaseRecipe,
): { readonly packages: readonly DebianPackage[]; readonly materials: readonly DebianPackage[] } {
  const named = [...new Set(recipe.packages)].sort();
  const packages = recipe.resolve ? archive.resolve(named) : named.map((name) => newest(archive, name));
  const there = new Set(packages.map(({ name }) => name));
  const materials = materialPackages(recipe).filter((name) => !there.has(name));
  return { packages, materials: materials.map((name) => newest(archive, name)) };
}

function newest(archive: Archive, name: string): DebianPackage {
  const [found] = archive.versions(name);
  if (found) return found;
  throw new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot find the package "${name}" in ${archive.codename} for ${archive.arch}`,
    hint: "look for its name at https://packages.debian.org; not every package is there for every architecture",
  });
}

/** From trixie on packages ship nothing outside of /usr, and base-files the links to it. */
function isMerged({ codename }: Archive): boolean {
  return codename !== "bookworm";
}

/** Before anything is unpacked, and also without base-files: what says /lib lands in /usr/lib. */
async function mergeUsr(root: string, { arch }: BaseRecipe): Promise<void> {
  for (const name of ["bin", "sbin", "lib", ...(arch === "amd64" || arch === "ppc64el" ? ["lib64"] : [])]) {
    await mkdir(`${root}/usr/${name}`, { recursive: true });
    await symlink(`usr/${name}`, `${root}/${name}`);
  }
}

/** Packages that give single files, each in a folder of its own. */
async function unpackMaterials(
  scratch: string,
  recipe: BaseRecipe,
  unpack: (name: string, into: string) => Promise<readonly UnpackedPackage[]>,
): Promise<readonly UnpackedPackage[]> {
  const unpacked: UnpackedPackage[] = [];
  for (const name of materialPackages(recipe)) {
    const into = `${scratch}/${name}`;
    await mkdir(into, { recursive: true });
    unpacked.push(...(await unpack(name, into)));
  }
  return unpacked;
}

/** The configuration of the image. */
export function configOf({ config }: BaseRecipe): ContainerConfig {
  const { env, entrypoint, cmd, user, workdir, labels } = config;
  return {
    ...(user !== undefined && { User: user }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(cmd && { Cmd: cmd }),
    ...(workdir !== undefined && { WorkingDir: workdir }),
    ...(labels && Object.keys(labels).length > 0 && { Labels: labels }),
  };
}
