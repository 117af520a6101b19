import { nearestNames, SlipwayError } from "../../base/index.ts";
import { openArchive } from "../archive.ts";
import type { Archive, ArchiveChoice, BaseRooms, DebianPackage } from "../contract.ts";
import { type BaseRecipe, materialPackages } from "./recipe.ts";

/** The packages of a recipe, both lists sorted by name. */
export interface RecipePackages {
  readonly packages: readonly DebianPackage[];
  /** Those that only give files. */
  readonly materials: readonly DebianPackage[];
}

/**
 * The packages that a recipe is made of now: the archive is asked, also when it was asked a moment ago.
 * Throws as openArchive does.
 */
export async function currentRecipePackages(
  recipe: BaseRecipe,
  options: ArchiveChoice & { readonly step?: string | undefined },
  rooms: Pick<BaseRooms, "cache" | "ctx">,
): Promise<RecipePackages & { readonly archive: Archive }> {
  const { suite, arch } = recipe;
  const archive = await openArchive({ ...options, ...rooms, suite, arch, maxAge: 0 });
  return { archive, ...recipePackages(archive, recipe) };
}

/**
 * Chooses a recipe's packages of an archive.
 * @throws SLIP_PACKAGE for one that the archive does not have, and for one to leave out that would not be there.
 */
export function recipePackages(archive: Archive, recipe: BaseRecipe): RecipePackages {
  const { resolve, without = [], places = {} } = recipe;
  const chosen = new Map([...new Set(recipe.packages)].map((text) => entryOf(archive, text, recipe)));
  for (const found of resolve ? archive.resolve(resolve) : [])
    if (!chosen.has(found.name)) chosen.set(found.name, found);
  for (const name of without) {
    if (chosen.delete(name)) continue;
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot leave out the package "${name}": nothing brings it into the base`,
      hint: near(name, chosen.keys()) ?? "take it out of the list",
      location: places[`without ${name}`],
    });
  }
  const packages = [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const materials = materialPackages(recipe).filter((name) => !chosen.has(name));
  return { packages, materials: materials.map((name) => entryOf(archive, name, recipe)[1]) };
}

/** The newest version of `NAME`, or the one of `NAME=VERSION`. */
function entryOf(archive: Archive, text: string, { places = {} }: BaseRecipe): readonly [string, DebianPackage] {
  const [name = "", version] = text.split("=", 2);
  const versions = archive.versions(name);
  const found = version === undefined ? versions[0] : versions.find((entry) => entry.version === version);
  if (found) return [name, found];
  const where = `in ${archive.codename} for ${archive.arch}`;
  if (versions.length > 0) {
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot find version ${version ?? ""} of the package "${name}" ${where}`,
      hint: `the archive has ${versions.map((entry) => entry.version).join(", ")}`,
      location: places[text],
    });
  }
  throw new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot find the package "${name}" ${where}`,
    hint: [
      near(name, archive.names()),
      "look for its name at https://packages.debian.org; not every package is there for every architecture",
    ]
      .filter(Boolean)
      .join(" "),
    location: places[text],
  });
}

function near(name: string, names: Iterable<string>): string | undefined {
  const found = nearestNames(name, names);
  return found.length > 0 ? `did you mean ${found.join(", ")}?` : undefined;
}
