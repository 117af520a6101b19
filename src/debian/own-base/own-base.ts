import { readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { SlipwayError, toSlipwayError } from "../../base/index.ts";
import type { DebianArch } from "../contract.ts";
import { builtInRecipe, usualSuite } from "../distroless/built-in.ts";
import type { BaseRecipe } from "../distroless/recipe.ts";
import { accountsOf } from "./accounts.ts";
import { ownCertificates } from "./certificates.ts";
import { type CheckedYaml, checkYaml } from "./checked-yaml.ts";
import { LocalFiles } from "./local-files.ts";
import { localeFiles } from "./locales.ts";
import { type OwnBaseFile, ownBaseSchema } from "./schema.ts";
import { writtenFiles } from "./written-files.ts";

/** A base that a file describes, read whole: also what the file takes from beside it. */
export interface OwnBase {
  /** The file, as it was named. */
  readonly file: string;
  /** What the image is called where nobody names it. */
  readonly name: string;
  readonly suite: string;
  /** The built-in base that it begins with. */
  readonly extends: string | undefined;
  /** Those that the file names; empty is this machine's. */
  readonly archs: readonly DebianArch[];
  /** What is odd and no error. */
  readonly warnings: readonly string[];
  recipe(arch: DebianArch): BaseRecipe;
}

/** Longer files describe no base (bytes). */
const longest = 4 << 20;

/**
 * Reads a file that describes a base, and the files beside it that it names.
 * @throws SLIP_BASE with the place of the first thing that is wrong.
 */
export async function readOwnBase(file: string): Promise<OwnBase> {
  return parseOwnBase(readText(file), file);
}

/** The same for a text; `file` is where it comes from. */
export async function parseOwnBase(text: string, file: string): Promise<OwnBase> {
  const checked = await checkYaml<OwnBaseFile>(
    {
      text,
      file,
      code: "SLIP_BASE",
      empty: "the least that describes a base is a line such as `extends: python3`",
      again: "take the lines of one of them, or of both",
    },
    ownBaseSchema,
  );
  const { value } = checked;
  const name = value.name ?? nameOf(file, checked);
  const archs = value.arch === undefined ? [] : [value.arch].flat();
  const given = { name, local: new LocalFiles(dirname(resolve(file))) };
  const { certificates, warnings } = ownCertificates(checked, given.local);
  const files = writtenFiles(checked, given.local);
  const recipe = (arch: DebianArch): BaseRecipe => recipeOf(checked, { name, certificates, files }, arch);
  // What is wrong is said before anything is made.
  for (const arch of archs.length === 0 ? (["amd64"] as const) : archs) recipe(arch);
  return { file, name, suite: value.suite ?? usualSuite, extends: value.extends, archs, warnings, recipe };
}

interface Read {
  readonly name: string;
  readonly certificates: readonly string[];
  readonly files: ReturnType<typeof writtenFiles>;
}

function recipeOf(
  checked: CheckedYaml<OwnBaseFile>,
  { name, certificates, files }: Read,
  arch: DebianArch,
): BaseRecipe {
  const { value, at, fault } = checked;
  const start = beginning(checked, arch);
  const accounts = accountsOf(checked, { users: start.users ?? [], groups: start.groups ?? [] });
  const written = files(accounts, start);
  const locales = localeFiles(checked);
  const own = (value.packages ?? []).map((text) => text.replace(/=.*/, ""));
  const twice = own.findIndex((one, index) => own.indexOf(one) !== index);
  if (twice >= 0)
    throw fault(["packages", twice], `the package ${own[twice]} is listed twice`, "keep one of the lines");
  const zones = value.timezones === undefined || value.timezones === "all" ? undefined : value.timezones;
  const needsZones = value.timezones !== undefined && value.timezones !== "none";
  const inherited = start.packages.filter(
    (one) => !own.includes(one) && !(zones === "none" && /^tzdata(?:-legacy)?$/.test(one)),
  );
  const packages = [
    ...inherited,
    ...(value.packages ?? []),
    ...(needsZones && ![...inherited, ...own].includes("tzdata") ? ["tzdata"] : []),
  ];
  const useless = (value.without ?? []).findIndex((one) => own.includes(one));
  if (useless >= 0)
    throw fault(["without", useless], `${value.without?.[useless]} is listed in packages too`, "keep one of the lines");
  const user = value.user === undefined ? undefined : accounts.idsOf(value.user, ["user"]);
  const lang = locales.first !== undefined && value.env?.["LANG"] === undefined ? { LANG: locales.first } : {};
  return {
    ...start,
    name,
    packages: packages.toSorted(),
    resolve: value.dependencies ? (value.packages ?? []) : undefined,
    without: value.without,
    taken: [...(start.taken ?? []).filter((taken) => !locales.has(taken)), ...locales.taken],
    timezones: typeof zones === "object" ? zones : undefined,
    ...written,
    users: accounts.users,
    groups: accounts.groups,
    certificates: {
      debian: value.certificates?.debian ?? true,
      own: certificates,
      keystore: value.certificates?.keystore ?? start.certificates?.keystore,
    },
    libraryCache: (start.libraryCache ?? false) || packages.length > start.packages.length,
    slim: value.slim,
    layers: value.layers ?? 1,
    places: Object.fromEntries([
      ...(value.packages ?? []).map((text, index) => [text, at(["packages", index])] as const),
      ...(value.without ?? []).map((text, index) => [`without ${text}`, at(["without", index])] as const),
      ...(typeof zones === "object" ? zones : []).map(
        (text, index) => [`zone ${text}`, at(["timezones", index])] as const,
      ),
      ...(value.locales ?? []).map((text, index) => [`locale ${text}`, at(["locales", index])] as const),
      ...accounts.homes.map(({ path }, index) => [`path ${path}`, at(["users", index, "home"])] as const),
      ...(["folders", "files", "links"] as const).flatMap((key) =>
        (value[key] ?? []).map(
          ({ path }, index) => [`path ${path.replace(/\/$/, "")}`, at([key, index, "path"])] as const,
        ),
      ),
    ]),
    config: {
      env: { ...start.config.env, ...lang, ...value.env },
      entrypoint: value.entrypoint ? nonEmpty(value.entrypoint) : start.config.entrypoint,
      cmd: value.cmd && nonEmpty(value.cmd),
      user: user ? `${user.uid}${value.user?.includes(":") ? `:${user.gid}` : ""}` : start.config.user,
      workdir: value.workdir ?? (user ? "/" : start.config.workdir),
      labels: value.labels,
    },
  };
}

/** The base that it extends; without one what all bases have, and the package that says which system it is. */
function beginning({ value, fault }: CheckedYaml<OwnBaseFile>, arch: DebianArch): BaseRecipe {
  const { extends: name, suite = usualSuite, variant = "" } = value;
  const choice = { suite, nonroot: variant.includes("nonroot"), debug: variant.includes("debug") };
  if (name === undefined) return { ...builtInRecipe({ ...choice, name: "static" }, arch), packages: ["base-files"] };
  try {
    return builtInRecipe({ ...choice, name }, arch);
  } catch (error) {
    const { message, hint } = toSlipwayError(error);
    throw fault(["extends"], message.charAt(0).toLowerCase() + message.slice(1), hint);
  }
}

function nonEmpty(words: readonly string[]): readonly string[] | undefined {
  return words.length > 0 ? words : undefined;
}

/** `my-base` of `conf/My_Base.yaml`. */
function nameOf(file: string, { fault }: CheckedYaml<OwnBaseFile>): string {
  const name = basename(file)
    .replace(/\.[^.]*$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (name !== "") return name;
  throw fault([], "the file's name gives the image none", "add a line such as name: my-base");
}

function readText(file: string): string {
  const refused = (why: string, hint?: string, cause?: unknown): SlipwayError =>
    new SlipwayError({ code: "SLIP_BASE", message: `Cannot read ${file}: ${why}`, hint, cause });
  let bytes: Buffer;
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats)
      throw refused("there is no such file", "name a file that describes a base, or a built-in base such as python3");
    if (stats.isDirectory()) throw refused("it is a folder", "name the file in it that describes the base");
    if (!stats.isFile()) throw refused("it is no file", "what describes a base is a file, beside those that it names");
    if (stats.size > longest) throw refused(`it has ${stats.size} bytes, which no description of a base has`);
    bytes = readFileSync(file);
  } catch (cause) {
    throw cause instanceof SlipwayError ? cause : refused((cause as Error).message, undefined, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused("it is not UTF-8 text");
  }
}
