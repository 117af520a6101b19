import { nearestNames, SlipwayError } from "../base/index.ts";
import type { DebianPackage } from "./contract.ts";
import { formatRelation, parseRelations, type Relation, type RelationGroup } from "./relation.ts";
import { versionSatisfies } from "./version.ts";

/** What a resolution asks of an archive. */
export interface PackageSource {
  /** Highest version first. */
  versions(name: string): readonly DebianPackage[];
  /** Names of packages that have a version which provides the name. */
  providers(name: string): readonly string[];
  names(): Iterable<string>;
}

/**
 * A minimal install without recommendations: the names, then all that they depend on.
 *
 * A real package beats one that provides the name. Among alternatives one that is chosen already wins, otherwise the leftmost that can be
 * had; among packages that provide a name the one of the highest priority, then the one that lacks least. Dependencies that one package alone satisfies are settled first, so that fewer packages come in: what they bring may be one of the
 * alternatives, or provide a name. Names that packages only provide come last. Provides satisfies a version only when it names one (policy 7.5).
 *
 * @param names package names, `name=version` for one version.
 * @returns sorted by name.
 * @throws SLIP_PACKAGE for an unknown name, a dependency that nothing satisfies, or two packages that exclude each other.
 */
export function resolvePackages(
  archive: PackageSource,
  arch: string,
  names: readonly string[],
): readonly DebianPackage[] {
  const source = remembered(archive);
  const chosen = new Map<string, DebianPackage>();
  /** Virtual name -> chosen packages that provide it. */
  const provided = new Map<string, Set<DebianPackage>>();
  const hard: { readonly by: DebianPackage; readonly group: RelationGroup }[] = [];
  const open: { readonly by: DebianPackage; readonly group: RelationGroup }[] = [];
  const last: { readonly by: DebianPackage; readonly group: RelationGroup }[] = [];

  const choose = (entry: DebianPackage): void => {
    if (chosen.has(entry.name)) return;
    chosen.set(entry.name, entry);
    for (const [relation] of parseRelations(entry.provides)) {
      if (!relation) continue;
      const set = provided.get(relation.name) ?? new Set();
      provided.set(relation.name, set.add(entry));
    }
    for (const group of [...parseRelations(entry.preDepends), ...parseRelations(entry.depends)]) {
      (!hasChoice(group) ? hard : isVirtual(group) ? last : open).push({ by: entry, group });
    }
  };

  /** More than one package could satisfy it. */
  const hasChoice = (group: RelationGroup): boolean => {
    const names = new Set<string>();
    for (const relation of group) {
      if (source.versions(relation.name).some((entry) => matches(entry, relation, arch))) names.add(relation.name);
      for (const name of source.providers(relation.name)) {
        if (source.versions(name).some((entry) => providesRelation(entry, relation, arch))) names.add(name);
      }
      if (names.size > 1) return true;
    }
    return false;
  };

  const isVirtual = (group: RelationGroup): boolean =>
    group.every((relation) => source.versions(relation.name).length === 0);

  const isSatisfied = (relation: Relation): boolean => {
    const real = chosen.get(relation.name);
    if (real && matches(real, relation, arch)) return true;
    return [...(provided.get(relation.name) ?? [])].some((entry) => providesRelation(entry, relation, arch));
  };

  /** How many of its dependencies are not there yet. */
  const lacks = (entry: DebianPackage): number =>
    [...parseRelations(entry.preDepends), ...parseRelations(entry.depends)].filter((group) => !group.some(isSatisfied))
      .length;

  const excludes = (entry: DebianPackage): boolean =>
    [...chosen.values()].some((other) => conflictBetween(entry, other, arch) !== undefined);

  const candidate = (relation: Relation): DebianPackage | undefined => {
    // A second version of a chosen package cannot be added.
    const real = chosen.has(relation.name)
      ? []
      : source.versions(relation.name).filter((entry) => matches(entry, relation, arch));
    const virtual = source
      .providers(relation.name)
      .filter((name) => !chosen.has(name))
      .flatMap((name) => source.versions(name).find((entry) => providesRelation(entry, relation, arch)) ?? [])
      .sort((a, b) => priorityRank(a) - priorityRank(b) || lacks(a) - lacks(b) || (a.name < b.name ? -1 : 1));
    const all = [...real.slice(0, 1), ...virtual];
    return all.find((entry) => !excludes(entry)) ?? all[0];
  };

  for (const name of names) choose(requested(source, name, arch));
  for (;;) {
    const next = hard.shift() ?? open.shift() ?? last.shift();
    if (!next) break;
    if (next.group.some(isSatisfied)) continue;
    const candidates = next.group.flatMap((relation) => candidate(relation) ?? []);
    const pick = candidates.find((entry) => !excludes(entry)) ?? candidates[0];
    if (!pick) throw unsatisfied(source, next.by, next.group);
    choose(pick);
  }

  const result = [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [at, entry] of result.entries()) {
    for (const other of result.slice(at + 1)) {
      const conflict = conflictBetween(entry, other, arch);
      if (conflict) {
        throw new SlipwayError({
          code: "SLIP_PACKAGE",
          message: `Cannot install "${entry.name}" and "${other.name}" together: ${conflict}`,
          hint: "ask for packages that do not exclude each other",
        });
      }
    }
  }
  return result;
}

/** The same, each name looked up once: libc6 is asked for by everything. */
function remembered(source: PackageSource): PackageSource {
  const versions = new Map<string, readonly DebianPackage[]>();
  const providers = new Map<string, readonly string[]>();
  return {
    versions: (name) => getOrMake(versions, name, (one) => source.versions(one)),
    providers: (name) => getOrMake(providers, name, (one) => source.providers(one)),
    names: () => source.names(),
  };
}

function getOrMake<T>(map: Map<string, T>, name: string, make: (name: string) => T): T {
  let value = map.get(name);
  if (value === undefined) map.set(name, (value = make(name)));
  return value;
}

function requested(source: PackageSource, text: string, arch: string): DebianPackage {
  const [name = "", version] = text.split("=", 2);
  const versions = source.versions(name);
  if (versions.length > 0) {
    const found = version === undefined ? versions[0] : versions.find((entry) => entry.version === version);
    if (found) return found;
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot find version ${version ?? ""} of the package "${name}" in the archive`,
      hint: `the archive has ${versions.map((entry) => entry.version).join(", ")}`,
    });
  }
  const providers = source.providers(name);
  const relation: Relation = { name, qualifier: undefined, operator: undefined, version: undefined };
  if (providers.length === 1 && version === undefined) {
    const only = source.versions(providers[0] ?? "").find((entry) => providesRelation(entry, relation, arch));
    if (only) return only;
  }
  if (providers.length > 0) {
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot install "${name}": it is a virtual package`,
      hint: `choose one that provides it: ${providers.slice(0, 8).join(", ")}`,
    });
  }
  const near = nearestNames(name, source.names());
  throw new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot find the package "${name}" in the archive`,
    hint: near.length > 0 ? `did you mean ${near.join(", ")}?` : "look for its name at https://packages.debian.org",
  });
}

function unsatisfied(source: PackageSource, by: DebianPackage, group: RelationGroup): SlipwayError {
  const wanted = group.map(formatRelation).join(" | ");
  const there = group.flatMap((relation) =>
    source.versions(relation.name).map((entry) => `${entry.name} ${entry.version}`),
  );
  return new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot install "${by.name}" ${by.version}: nothing satisfies its dependency on ${wanted || "an unreadable relation"}`,
    hint: there.length > 0 ? `the archive has ${there.join(", ")}` : "the archive has no package of that name",
  });
}

function matches(entry: DebianPackage, relation: Relation, arch: string): boolean {
  return (
    entry.name === relation.name &&
    archFits(relation.qualifier, arch) &&
    (relation.operator === undefined || versionSatisfies(entry.version, relation.operator, relation.version ?? ""))
  );
}

function providesRelation(entry: DebianPackage, relation: Relation, arch: string): boolean {
  if (!archFits(relation.qualifier, arch)) return false;
  return parseRelations(entry.provides).some(([provide]) => {
    if (provide?.name !== relation.name) return false;
    if (relation.operator === undefined) return true;
    return (
      provide.version !== undefined && versionSatisfies(provide.version, relation.operator, relation.version ?? "")
    );
  });
}

/** Only one architecture is installed, so a qualifier either means it or nothing that can be had. */
function archFits(qualifier: string | undefined, arch: string): boolean {
  return qualifier === undefined || qualifier === "any" || qualifier === "native" || qualifier === arch;
}

/** Why the two cannot be installed together, or undefined (policy 7.3, 7.4). */
function conflictBetween(a: DebianPackage, b: DebianPackage, arch: string): string | undefined {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const [field, verb] of [
      [one.conflicts, "conflicts with"],
      [one.breaks, "breaks"],
    ] as const) {
      if (field === "") continue;
      for (const relation of parseRelations(field).flat()) {
        if (matches(other, relation, arch) || providesRelation(other, relation, arch)) {
          return `${one.name} ${verb} ${formatRelation(relation)}`;
        }
      }
    }
  }
  return undefined;
}

function priorityRank(entry: DebianPackage): number {
  const at = ["required", "important", "standard", "optional", "extra"].indexOf(entry.priority);
  return at < 0 ? 5 : at;
}
