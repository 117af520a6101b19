import { SlipwayError } from "../../src/base/index.ts";
import type { Archive, DebianPackage } from "../../src/debian/contract.ts";
import { formatRelation, parseRelations, type Relation } from "../../src/debian/relation.ts";
import type { AptRoot } from "./apt-root.ts";

export interface Compared {
  readonly name: string;
  /** How many packages apt installs; undefined when it refuses. */
  readonly count: number | undefined;
  /** Undefined when both say the same. */
  readonly difference: string | undefined;
  /** Why they differ, found in the packages; undefined when that explains only a part of the difference, or nothing. */
  readonly reason: string | undefined;
}

type Resolved = { readonly packages: readonly DebianPackage[] } | { readonly refused: string };

/** What slipway and apt install for a package where nothing is installed: `+` slipway alone, `-` apt alone. */
export async function compareWithApt(archive: Archive, apt: AptRoot, name: string): Promise<Compared> {
  const [ours, theirs] = [resolved(archive, name), await apt.install(name)];
  const same = { name, difference: undefined, reason: undefined };
  if ("refused" in theirs) {
    if ("refused" in ours) return { ...same, count: undefined };
    return { ...same, count: undefined, difference: `apt refuses: ${refusal(theirs.refused)}` };
  }
  const count = theirs.packages.length;
  if ("refused" in ours) return { ...same, count, difference: `slipway refuses: ${ours.refused}` };
  const found = theirs.packages.map((text) => versionOf(archive, text));
  const only = (some: readonly DebianPackage[], others: readonly DebianPackage[]): readonly DebianPackage[] =>
    some.filter((one) => !others.some((other) => other.name === one.name && other.version === one.version));
  const [plus, minus] = [only(ours.packages, found), only(found, ours.packages)];
  if (plus.length + minus.length === 0) return { ...same, count };
  const parts = [...plus.map(({ name: one }) => `+${one}`), ...minus.map(({ name: one }) => `-${one}`)];
  return { name, count, difference: parts.join(" "), reason: choices(ours.packages, found, plus, minus) };
}

/**
 * The dependencies that leave a choice, in packages that both install, and that the two met differently: by a package that only one of them
 * has. All other packages that only one has must be needed by those.
 */
function choices(
  ours: readonly DebianPackage[],
  theirs: readonly DebianPackage[],
  plus: readonly DebianPackage[],
  minus: readonly DebianPackage[],
): string | undefined {
  const reasons: string[] = [];
  const explained = new Set<DebianPackage>();
  const both = ours.filter((one) => theirs.some((other) => other.name === one.name));
  // First the dependencies that the two meet by nothing in common, then those that one meets twice.
  for (const twice of [false, true]) {
    for (const by of both) {
      for (const group of groupsOf(by)) {
        const meet = (packages: readonly DebianPackage[]): readonly DebianPackage[] =>
          packages.filter((one) => group.some((relation) => satisfies(one, relation)));
        const [here, there] = [meet(ours), meet(theirs)];
        const apart = [...here.filter((one) => plus.includes(one)), ...there.filter((one) => minus.includes(one))];
        if (!apart.some((one) => !explained.has(one)) || here.length === 0 || there.length === 0) continue;
        // The first that is asked for came in whichever way: nobody chose.
        if (both.some((one) => one.name === group[0]?.name)) continue;
        if (!twice && here.some((one) => there.some((other) => other.name === one.name))) continue;
        for (const one of apart) explained.add(one);
        const wanted = group.map(formatRelation).join(" | ");
        reasons.push(`${by.name} needs ${wanted}: slipway has ${namesOf(here)}, apt ${namesOf(there)}`);
      }
    }
  }
  for (let grown = true; grown;) {
    const needed = [...plus, ...minus].filter(
      (one) =>
        !explained.has(one) &&
        [...explained].some((by) => groupsOf(by).some((group) => group.some((relation) => satisfies(one, relation)))),
    );
    for (const one of needed) explained.add(one);
    grown = needed.length > 0;
  }
  return explained.size === plus.length + minus.length ? reasons.sort().join("; ") : undefined;
}

function namesOf(packages: readonly DebianPackage[]): string {
  return packages
    .map(({ name }) => name)
    .sort()
    .join(" and ");
}

function groupsOf(entry: DebianPackage): readonly (readonly Relation[])[] {
  return [...parseRelations(entry.preDepends), ...parseRelations(entry.depends)];
}

function satisfies(entry: DebianPackage, { name }: Relation): boolean {
  return entry.name === name || parseRelations(entry.provides).some(([provided]) => provided?.name === name);
}

function versionOf(archive: Archive, text: string): DebianPackage {
  const [name = "", version] = text.split(" ");
  const found = archive.versions(name).find((entry) => entry.version === version);
  if (!found) throw new Error(`apt installs ${text}, which slipway's index does not have`);
  return found;
}

function resolved(archive: Archive, name: string): Resolved {
  try {
    return { packages: archive.resolve([name]) };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "SLIP_PACKAGE") return { refused: error.message };
    throw error;
  }
}

/** The lines of apt that say what cannot be had. */
function refusal(output: string): string {
  const lines = output.split("\n").filter((line) => / : |Depends:|Unable|candidate/.test(line));
  return lines.map((line) => line.trim()).join("; ");
}
