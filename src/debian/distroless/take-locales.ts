import { lstatSync } from "node:fs";
import { nearestNames, SlipwayError } from "../../base/index.ts";
import { RootFiles } from "../root-files.ts";
import type { BaseRecipe } from "./recipe.ts";

const folder = "/usr/lib/locale";

/**
 * Copies compiled locales of an unpacked package. What is the same in several of them is a link there from one to another; here each is whole.
 * @param paths theirs: `/usr/lib/locale/de_DE.utf8`.
 * @throws SLIP_PACKAGE for one that the package does not have, with near names.
 */
export function takeLocales(
  root: RootFiles,
  materials: string,
  paths: readonly string[],
  { places = {} }: BaseRecipe,
): void {
  const source = new RootFiles(materials);
  for (const path of paths) {
    if (source.list(path).length > 0) copyLocale(root, source, path);
    else throw unknown(source, path.slice(folder.length + 1), places);
  }
}

function copyLocale(root: RootFiles, source: RootFiles, path: string): void {
  for (const name of source.list(path)) {
    const inside = `${path}/${name}`;
    const found = source.follow(`${source.root}${inside}`);
    const stats = found === undefined ? undefined : lstatSync(found);
    if (stats?.isDirectory()) copyLocale(root, source, inside);
    else if (found !== undefined && stats?.isFile()) {
      root.write(inside, source.read(found.slice(source.root.length)) ?? "");
      root.setTime(inside, stats.mtime);
    }
  }
}

function unknown(source: RootFiles, name: string, places: NonNullable<BaseRecipe["places"]>): SlipwayError {
  const asked = Object.keys(places).find((key) => key.startsWith("locale ") && sameLocale(key.slice(7), name));
  const near = nearestNames(name, source.list(folder)).map((one) => one.replace(/\.utf8/, ".UTF-8"));
  return new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot find the locale "${asked?.slice(7) ?? name}" in the package locales-all`,
    hint: `${near.length > 0 ? `did you mean ${near.join(", ")}? ` : ""}one of your own would have to be compiled by localedef, a program that slipway does not run: compile it elsewhere and list its files in files`,
    location: asked === undefined ? undefined : places[asked],
  });
}

/** As their folders are called: without signs in the character set. */
function sameLocale(a: string, folderName: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return plain(a) === plain(folderName);
}
