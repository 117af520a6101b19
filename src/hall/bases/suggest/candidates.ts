import { type BaseFacts, type DistrolessSuite, runtimeVersions } from "../../../debian/index.ts";
import { compareNumbers, type SuggestFacts } from "../../../inspect/index.ts";

/** How a built-in base of a suite fits. */
export interface Candidate {
  readonly suite: DistrolessSuite;
  readonly base: string;
  /** Libraries that it does not have. */
  readonly missing: readonly string[];
  /** Libraries that it has in an older version, in words. */
  readonly old: readonly string[];
  /** What of its runtime differs from what is wanted, in words. */
  readonly differs: readonly string[];
  /** Its runtime is of another release than the one asked for, and does. */
  readonly newer: boolean;
  /** There is no such runtime in the suite. */
  readonly lacks: string | undefined;
}

/** From the smallest to the largest: what a program without a runtime may stand on. */
const plain = ["base-nossl", "base", "cc"] as const;

/** The best base of a suite: the smallest that has all, or that which lacks least. */
export function candidateOf(suite: DistrolessSuite, facts: SuggestFacts, known: BaseFacts): Candidate {
  const { runtime } = facts;
  if (runtime) {
    const found = runtimeBase(suite, facts);
    return { suite, ...found, ...held(suite, found.base, facts, known) };
  }
  const all = plain.map((base) => ({
    suite,
    base,
    differs: [],
    newer: false,
    lacks: undefined,
    ...held(suite, base, facts, known),
  }));
  const fewest = Math.min(...all.map(({ missing }) => missing.length));
  return all.find(({ missing }) => missing.length === fewest) as Candidate;
}

/** The better one first; of two alike the one that was given first. */
export function better(a: Candidate, b: Candidate): number {
  const score = ({ lacks, old, missing, differs, newer }: Candidate): readonly number[] => [
    lacks === undefined ? 0 : 1,
    old.length,
    differs.length,
    missing.length,
    newer ? 1 : 0,
  ];
  const [left, right] = [score(a), score(b)];
  return left.map((value, at) => value - (right[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function held(
  suite: DistrolessSuite,
  base: string,
  { programs }: SuggestFacts,
  known: BaseFacts,
): Pick<Candidate, "missing" | "old"> {
  const missing = new Set<string>();
  const old = new Set<string>();
  const { libraries } = known[suite];
  for (const { path, needs } of programs) {
    for (const { name, versions } of needs) {
      const there = Object.hasOwn(libraries, name) ? libraries[name] : undefined;
      if (!there?.bases.includes(base)) missing.add(name);
      for (const version of versions) {
        const kind = version.slice(0, version.lastIndexOf("_") + 1);
        const has = there?.versions.find((one) => one.slice(0, one.lastIndexOf("_") + 1) === kind);
        if (has !== undefined && compareNumbers(has, version) < 0) {
          old.add(`${path} needs ${version} of ${name}, and ${suite} has ${has}`);
        }
      }
    }
  }
  return { missing: [...missing].sort(), old: [...old] };
}

function runtimeBase(
  suite: DistrolessSuite,
  { runtime, programs }: SuggestFacts,
): Pick<Candidate, "base" | "differs" | "newer" | "lacks"> {
  const has = runtimeVersions(suite);
  switch (runtime?.name) {
    case "java": {
      const wanted = runtime.least ?? Number(runtime.version ?? 0);
      const version = has.java.find((one) => one >= wanted);
      const list = has.java.join(" and ");
      return version === undefined
        ? {
            base: `java${has.java.at(-1)}`,
            differs: [],
            newer: false,
            lacks: `it needs Java ${wanted}, and ${suite} has ${list}`,
          }
        : { base: `java${version}`, differs: [], newer: version !== wanted, lacks: undefined };
    }
    case "nodejs": {
      const { version } = runtime;
      const differs =
        version !== undefined && Number(version) !== has.node
          ? [`it has Node.js ${version}, and ${suite} has ${has.node}`]
          : [];
      return { base: "nodejs", differs, newer: false, lacks: undefined };
    }
    default: {
      const first = programs.find(({ python }) => python !== undefined && python !== has.python);
      const differs = first
        ? [`${first.path} is built for Python ${first.python}, and ${suite} has ${has.python}`]
        : runtime?.version !== undefined && /\./.test(runtime.version) && runtime.version !== has.python
          ? [`it has Python ${runtime.version}, and ${suite} has ${has.python}`]
          : [];
      return { base: "python3", differs, newer: false, lacks: undefined };
    }
  }
}
