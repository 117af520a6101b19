import { SlipwayError, toSlipwayError } from "../../base/index.ts";
import { HttpStatusError, withoutPassword } from "../../fetch/index.ts";
import { fetchPackages } from "../archive.ts";
import type { Archive, ArchiveCache, ArchiveChoice, DebianPackage } from "../contract.ts";
import { type BaseRecipe, wantsOf } from "../distroless/recipe.ts";
import type { RecipePackages } from "../distroless/recipe-packages.ts";
import { chooseMirrors } from "../mirror.ts";
import type { BaseLock, LockedArch, LockedPlace } from "./base-lock.ts";

/** What a lock makes of the archive as it is now. */
export interface LockSource {
  readonly lock: BaseLock;
  /** Names of the lock and of what it belongs to, for messages. */
  readonly file: string;
  readonly base: string;
}

/**
 * What a lock pins for a recipe.
 * @param archive opened for the recipe's suite and architecture, from the network just now.
 */
export function lockRecipe(
  archive: Archive,
  recipe: BaseRecipe,
  { packages, materials }: RecipePackages,
): Pick<BaseLock, "releases"> & { readonly arch: LockedArch } {
  const place = (mirror: string): LockedPlace =>
    mirror === archive.securityMirror && mirror !== archive.mirror ? "debian-security" : "debian";
  const ofSuite = (suite: string, mirror: string): LockedPlace =>
    suite.endsWith("-security") ? "debian-security" : place(mirror);
  const releases = archive.releases.map(({ suite, mirror, version, date, inRelease, file = "InRelease", key }) => {
    if (inRelease === undefined || key === undefined) throw new Error(`the Release of ${suite} was not fetched anew`);
    return {
      suite,
      archive: ofSuite(suite, mirror),
      path: `dists/${suite}/${file}`,
      version,
      date: isoTime(date),
      sha256: inRelease.slice(7),
      key,
    };
  });
  const indexes = archive.releases.map(({ suite, mirror, index }) => ({
    archive: ofSuite(suite, mirror),
    path: `dists/${suite}/${index.path}`,
    size: index.size,
    sha256: index.sha256,
  }));
  const locked = [...packages, ...materials]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({ ...entry, use: packages.includes(entry) ? ("image" as const) : ("files" as const) }))
    .map(({ name, version, architecture, use, suite, mirror, filename, size, sha256 }) => ({
      name,
      version,
      arch: architecture,
      use,
      archive: ofSuite(suite, mirror),
      path: filename,
      size,
      sha256,
    }));
  return { releases, arch: { arch: recipe.arch, wants: wantsOf(recipe), indexes, packages: locked } };
}

/**
 * The archive as a lock has it, for one recipe: nothing but the locked packages, which come out of the store or, where that lacks them, from the mirror.
 * @returns it, and the recipe with just those packages: nothing is resolved again.
 * @throws SLIP_LOCK when the lock is for another suite, architecture or list of packages.
 */
export function lockedArchive(
  { lock, file, base }: LockSource,
  recipe: BaseRecipe,
  options: ArchiveChoice & Parameters<typeof fetchPackages>[2] & { readonly cache: ArchiveCache },
): { readonly archive: Archive; readonly recipe: BaseRecipe } {
  const { suite, arch } = recipe;
  const again = `\`slipway base lock ${base}\` writes it anew`;
  const refused = (why: string, hint: string = again): SlipwayError =>
    new SlipwayError({ code: "SLIP_LOCK", message: `Cannot build ${base} with ${file}: ${why}`, hint });
  if (lock.suite !== suite) throw refused(`it is for ${lock.suite}, and the base of ${suite}`);
  const locked = lock.archs.find((one) => one.arch === arch);
  if (!locked)
    throw refused(
      `it has nothing for ${arch}`,
      `it has ${lock.archs.map((one) => one.arch).join(", ")}; \`slipway base lock --arch ${[...lock.archs.map((one) => one.arch), arch].join(",")} ${base}\` adds it`,
    );
  const wants = wantsOf(recipe);
  const added = wants.filter((one) => !locked.wants.includes(one));
  const removed = locked.wants.filter((one) => !wants.includes(one));
  if (added.length > 0) throw refused(`the base asks for ${some(added)}, which it does not know`);
  if (removed.length > 0) throw refused(`it has ${some(removed)}, which the base does not ask for any more`);

  const mirrors = chooseMirrors({ mirror: options.mirror ?? lock.mirror, securityMirror: options.securityMirror });
  const mirrorOf = (place: LockedPlace): string =>
    place === "debian" || mirrors.securityMirror === "none" ? mirrors.mirror : mirrors.securityMirror;
  const packages = locked.packages.map((one): DebianPackage => ({
    name: one.name,
    version: one.version,
    architecture: one.arch,
    source: one.name,
    essential: false,
    priority: "",
    preDepends: "",
    depends: "",
    provides: "",
    conflicts: "",
    breaks: "",
    multiArch: "",
    installedSize: 0,
    filename: one.path,
    size: one.size,
    sha256: one.sha256,
    mirror: mirrorOf(one.archive),
    suite,
  }));
  const byName = new Map(packages.map((one) => [one.name, one]));
  const version = lock.releases[0]?.version;
  const date = Math.max(...lock.releases.map((release) => Date.parse(release.date)));
  const versions = (name: string): readonly DebianPackage[] => [byName.get(name) ?? []].flat();
  const archive: Archive = {
    suite,
    codename: suite,
    arch,
    mirror: mirrors.mirror,
    securityMirror: mirrors.securityMirror,
    releases: [],
    date,
    fromCache: true,
    origin: `archive ${withoutPassword(mirrors.mirror)} ${suite}${version === undefined ? "" : ` ${version}`} ${isoTime(date).slice(0, 10)}`,
    versions,
    names: () => byName.keys(),
    select: (wanted) => packages.filter(wanted),
    resolve: () => packages,
    fetch: async (wanted) => {
      try {
        return await fetchPackages(wanted, options.cache.blobs, options);
      } catch (error) {
        const missing = [];
        for (const { name, sha256 } of wanted) {
          if (!(await options.cache.blobs.stat(`sha256:${sha256}`))) missing.push(name);
        }
        throw notFetched(toSlipwayError(error), missing, refused, again);
      }
    },
  };
  const names = locked.packages.filter(({ use }) => use === "image").map(({ name }) => name);
  return { archive, recipe: { ...recipe, packages: names, resolve: undefined, without: undefined } };
}

/** What a mirror does not have any more, and what cannot be fetched while there is no network. */
function notFetched(
  error: SlipwayError,
  missing: readonly string[],
  refused: (why: string, hint?: string) => SlipwayError,
  again: string,
): SlipwayError {
  if (error.code !== "SLIP_NETWORK") return error;
  const lacks = `the store lacks ${some(missing)}`;
  const status = error.cause instanceof HttpStatusError ? error.cause.status : undefined;
  if (status === 404 || status === 410) {
    const gone = /package (\S+ \S+) from/.exec(error.message)?.[1] ?? "";
    return refused(
      `the mirror has no ${gone} any more, and ${lacks}`,
      `name a mirror that keeps old packages with --debian-mirror (SLIPWAY_DEBIAN_SECURITY_MIRROR for those of debian-security), or take those of now: ${again}`,
    );
  }
  const { message } = refused(`${lacks}, and ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`);
  return new SlipwayError({ ...error.toJSON(), message, cause: error });
}

/** `a, b and 7 more`, or all of them when they are few. */
function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

/** Seconds, in UTC. */
function isoTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
