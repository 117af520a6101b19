import { lstatSync } from "node:fs";
import { nearestNames, SlipwayError } from "../../base/index.ts";
import type { RootFiles } from "../root-files.ts";
import type { BaseRecipe } from "./recipe.ts";

const folder = "/usr/share/zoneinfo";

/**
 * Removes all time zones but some. One that is a link becomes the file that it leads to, as a zone of its own.
 * @throws SLIP_PACKAGE for one that the packages do not have, with near names.
 */
export function keepTimeZones(root: RootFiles, { timezones = [], places = {} }: BaseRecipe): void {
  const kept = timezones.map((name) => {
    const found = root.follow(`${root.root}${folder}/${name}`);
    const zone =
      found !== undefined && lstatSync(found).isFile() ? root.read(found.slice(root.root.length)) : undefined;
    // TZif files begin so (RFC 9636, 3.1); the tables beside them do not.
    if (zone?.toString("latin1", 0, 4) !== "TZif" || found === undefined) {
      const near = nearestNames(name, namesBelow(root, ""));
      throw new SlipwayError({
        code: "SLIP_PACKAGE",
        message: `Cannot find the time zone "${name}"`,
        hint:
          near.length > 0
            ? `did you mean ${near.join(", ")}?`
            : "names are such as Europe/Berlin; older ones are in the package tzdata-legacy",
        location: places[`zone ${name}`],
      });
    }
    return { name, zone, time: lstatSync(found).mtime };
  });
  root.remove(folder);
  root.folder("/usr/share");
  for (const { name, zone, time } of kept) {
    root.write(`${folder}/${name}`, zone);
    root.setTime(`${folder}/${name}`, time);
  }
}

function namesBelow(root: RootFiles, inside: string): readonly string[] {
  return root.list(`${folder}/${inside}`).flatMap((name) => {
    const path = `${inside}${name}`;
    if (/^(?:posix|right)$/.test(path) || name.includes(".")) return [];
    return root.list(`${folder}/${path}`).length > 0 ? namesBelow(root, `${path}/`) : [path];
  });
}
