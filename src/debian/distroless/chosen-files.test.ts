import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { FakeArchive, options } from "../../../test/support/fake-archive.ts";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { SlipwayError, type SourceLocation } from "../../base/index.ts";
import { RootFiles } from "../root-files.ts";
import { currentRecipePackages } from "./recipe-packages.ts";
import type { BaseRecipe } from "./recipe.ts";
import { takeLocales } from "./take-locales.ts";
import { keepTimeZones } from "./time-zones.ts";

const place: SourceLocation = { file: "own.yaml", text: "x", span: { start: 0, end: 1, startLine: 1, endLine: 1 } };
const recipe: BaseRecipe = { name: "own", suite: "bookworm", arch: "amd64", packages: [], config: { env: {} } };

/** A folder with files, and links where the content begins with `->`. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(2), join(root, path));
    else {
      writeFileSync(join(root, path), content);
      utimesSync(join(root, path), 1000, 1000);
    }
  }
  return root;
}

function refusal(action: () => unknown): SlipwayError {
  try {
    action();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
  }
  throw new Error("nothing was refused");
}

describe("time zones", () => {
  const zones = {
    "usr/share/zoneinfo/Europe/Berlin": "TZif berlin",
    "usr/share/zoneinfo/Europe/Paris": "TZif paris",
    "usr/share/zoneinfo/Europe/Oslo": "->Berlin",
    "usr/share/zoneinfo/Etc/UTC": "TZif utc",
    "usr/share/zoneinfo/UTC": "->Etc/UTC",
    "usr/share/zoneinfo/right/UTC": "TZif right",
    "usr/share/zoneinfo/zone.tab": "# table",
  };

  test("that are kept are files with their own time, also those that were links; all else goes", () => {
    const root = tree(zones);
    keepTimeZones(new RootFiles(root), { ...recipe, timezones: ["Europe/Oslo", "UTC"] });
    const folder = join(root, "usr/share/zoneinfo");
    expect(new Set(readdirSync(folder, { recursive: true, encoding: "utf8" }))).toEqual(
      new Set(["Europe", "Europe/Oslo", "UTC"]),
    );
    expect(readFileSync(join(folder, "Europe/Oslo"), "utf8")).toBe("TZif berlin");
    expect(lstatSync(join(folder, "UTC"))).toMatchObject({ mtimeMs: 1_000_000 });
  });

  test.each(["Europe/Berln", "zone.tab", "Europe"])("%s is none, and is refused at its place", (name) => {
    const places = { [`zone ${name}`]: place };
    const error = refusal(() => keepTimeZones(new RootFiles(tree(zones)), { ...recipe, timezones: [name], places }));
    expect(error).toMatchObject({ code: "SLIP_PACKAGE", location: place });
    expect(error.message).toBe(`Cannot find the time zone "${name}"`);
    if (name === "Europe/Berln") expect(error.hint).toMatch(/^did you mean Europe\/Berlin, /);
  });
});

describe("locales", () => {
  const locales = {
    "usr/lib/locale/de_DE.utf8/LC_TIME": "time",
    "usr/lib/locale/de_DE.utf8/LC_CTYPE": "->../aa_DJ.utf8/LC_CTYPE",
    "usr/lib/locale/de_DE.utf8/LC_MESSAGES/SYS_LC_MESSAGES": "->../../aa_DJ.utf8/LC_CTYPE",
    "usr/lib/locale/de_DE.utf8/LC_NAME": "->/../../etc/hostname",
    "usr/lib/locale/aa_DJ.utf8/LC_CTYPE": "ctype",
  };

  test("are whole: what is a link to another one is copied, and nothing from outside", () => {
    const root = tempFolder();
    takeLocales(new RootFiles(root), tree(locales), ["/usr/lib/locale/de_DE.utf8"], recipe);
    const folder = join(root, "usr/lib/locale/de_DE.utf8");
    expect(readdirSync(folder).toSorted()).toEqual(["LC_CTYPE", "LC_MESSAGES", "LC_TIME"]);
    expect(readFileSync(join(folder, "LC_MESSAGES/SYS_LC_MESSAGES"), "utf8")).toBe("ctype");
    expect(lstatSync(join(folder, "LC_CTYPE"))).toMatchObject({ mtimeMs: 1_000_000 });
  });

  test("that the package does not have are refused at their place, with why no other can be made", () => {
    const places = { "locale de_DD.UTF-8": place };
    const error = refusal(() =>
      takeLocales(new RootFiles(tempFolder()), tree(locales), ["/usr/lib/locale/de_DD.utf8"], { ...recipe, places }),
    );
    expect(error).toMatchObject({ code: "SLIP_PACKAGE", location: place });
    expect(error.message).toBe('Cannot find the locale "de_DD.UTF-8" in the package locales-all');
    expect(error.hint).toMatch(/^did you mean de_DE\.UTF-8, .*localedef/);
  });
});

test("packages are chosen by name and version, and refused at their place", async () => {
  const archive = await FakeArchive.start();
  const named = (name: string, version = "1.0", fields = {}) => ({ name, version, fields });
  await archive.publishAll([
    named("libfoo", "1.0"),
    named("libfoo", "2.0"),
    named("app", "1.0", { Depends: "libfoo, helper" }),
    named("helper"),
  ]);
  const { cache, ctx, ...rest } = options(archive);
  const choose = async (more: Partial<BaseRecipe>): Promise<readonly string[]> => {
    const places = Object.fromEntries([...(more.packages ?? []), "without x"].map((text) => [text, place]));
    const { packages } = await currentRecipePackages({ ...recipe, ...more, places }, rest, { cache, ctx });
    return packages.map(({ name, version }) => `${name} ${version}`);
  };
  expect(await choose({ packages: ["libfoo"] })).toEqual(["libfoo 2.0"]);
  expect(await choose({ packages: ["libfoo=1.0", "app"], resolve: ["app"] })).toEqual([
    "app 1.0",
    "helper 1.0",
    "libfoo 1.0",
  ]);
  expect(await choose({ packages: ["app"], resolve: ["app"], without: ["helper"] })).toEqual(["app 1.0", "libfoo 2.0"]);
  const wrong = (more: Partial<BaseRecipe>): Promise<unknown> => choose(more).catch((error: unknown) => error);
  expect(await wrong({ packages: ["libfo"] })).toMatchObject({
    message: 'Cannot find the package "libfo" in bookworm for amd64',
    hint: expect.stringContaining("did you mean libfoo?"),
    location: place,
  });
  expect(await wrong({ packages: ["libfoo=3.0"] })).toMatchObject({
    message: 'Cannot find version 3.0 of the package "libfoo" in bookworm for amd64',
    hint: "the archive has 2.0, 1.0",
    location: place,
  });
  expect(await wrong({ packages: ["app"], without: ["x"] })).toMatchObject({
    message: 'Cannot leave out the package "x": nothing brings it into the base',
    location: place,
  });
});
