import { chmodSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import type { ContainerConfig } from "../../oci/index.ts";
import type { SnapshotRecord } from "../../store/index.ts";
import { openArchive } from "../archive.ts";
import { clampTimes, setFolderTimes } from "../clean-root.ts";
import type { Archive, ArchiveChoice, BaseRooms, DebianPackage, MadeBase, OwnerPolicy } from "../contract.ts";
import { checkOverlaps, type UnpackedPackage } from "../dpkg-database.ts";
import { RootFiles } from "../root-files.ts";
import { debianWorkers } from "../debian-workers.ts";
import { unpackPackages } from "../unpack-packages.ts";
import { warnOfOwners } from "./warn-of-owners.ts";
import { withoutMirror } from "../without-mirror.ts";
import { finishRoot } from "./finish-root.ts";
import { recipePackages } from "./recipe-packages.ts";
import { type BaseRecipe, materialPaths } from "./recipe.ts";
import { type SourceLayer, splitLayers } from "./split-layers.ts";

export interface FromRecipeOptions extends ArchiveChoice {
  readonly owner: OwnerPolicy;
  /** Names the step of progress events. */
  readonly step?: string | undefined;
  /** One that is open already, for the recipe's suite and architecture. */
  readonly archive?: Archive | undefined;
}

export interface MadeFromRecipe extends MadeBase {
  /** Bottom first; the last is its snapshot. */
  readonly layers: readonly SnapshotRecord[];
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
): Promise<MadeFromRecipe> {
  const { cache, ctx, snapshotter } = rooms;
  const { owner, step } = options;
  const { suite, arch } = recipe;
  if (owner === "squash") warnOfOwners(recipe, ctx);
  debianWorkers().start();
  const archive = options.archive ?? (await openArchive({ ...options, suite, arch, cache, ctx }));
  const { packages, materials } = recipePackages(archive, recipe);
  const all = [...packages, ...materials];
  const debs = await archive.fetch(all);

  await using active = await snapshotter.prepare();
  const root = active.upper;
  chmodSync(root, 0o755);
  if (isMerged(archive)) await mergeUsr(root, recipe);
  const job = { keepIn: cache.folder, ctx, step };
  const [unpacked, given] = await allDone([
    unpackPackages({ ...job, root, packages, debs: debs.slice(0, packages.length), owner }),
    unpackMaterials(active.scratch, materials, (name, into) => {
      const at = all.findIndex((entry) => entry.name === name);
      const one = { packages: all.slice(at, at + 1), debs: debs.slice(at, at + 1) };
      const only = materialPaths(recipe, name);
      return unpackPackages({ ...job, ...one, only, step: undefined, root: into, owner: "squash" });
    }),
  ]);
  checkOverlaps(unpacked);
  const files = new RootFiles(root);
  finishRoot(files, { recipe, unpacked, given, materials: active.scratch, time: archive.date, owner });
  clampTimes(root, Math.floor(archive.date / 1000));
  if (recipe.layers !== undefined) setFolderTimes(root, 0);
  const { layers: budget = 1 } = recipe;
  const split = budget > 1 ? await splitLayers({ root, unpacked, budget, snapshotter, owner }) : undefined;
  const layers = split?.map(({ record }) => record) ?? [await active.commit()];
  const snapshot = layers.at(-1);
  if (!snapshot) throw new Error("a base without files");

  const created = new Date(archive.date).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    snapshot,
    layers,
    created,
    architecture: recipe.arch,
    config: configOf(recipe),
    history: (split ?? [undefined]).map((layer) => ({
      created,
      created_by: `slipway: distroless ${recipe.name} from ${withoutMirror(archive.origin)}`,
      comment: layer ? whatIsIn(layer) : "made from the Debian archive",
    })),
    origin: archive.origin,
    packages: all,
  };
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

/** As Promise.all, but none is still at work in the root when it throws. */
async function allDone<A, B>(works: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** Packages that give single files, each in a folder of its own. */
async function unpackMaterials(
  scratch: string,
  materials: readonly DebianPackage[],
  unpack: (name: string, into: string) => Promise<readonly UnpackedPackage[]>,
): Promise<readonly UnpackedPackage[]> {
  const unpacked: UnpackedPackage[] = [];
  for (const { name } of materials) {
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

/** For people: a few of the source packages of a layer. */
function whatIsIn({ sources }: SourceLayer): string {
  const others = sources.length > 4 ? ` and ${sources.length - 3} more` : "";
  const some = sources.slice(0, others === "" ? 4 : 3).join(", ");
  return some === "" ? "what the recipe adds" : `made from the Debian archive: ${some}${others}`;
}
