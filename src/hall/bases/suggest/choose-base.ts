import { type BaseFacts, distrolessReference, type DistrolessSuite } from "../../../debian/index.ts";
import { compareNumbers, type Mark, type ProgramFacts, type SuggestFacts } from "../../../inspect/index.ts";
import type { Suggestion } from "../../api/suggest-api.ts";
import type { Completing, MissingFile } from "../completing.ts";
import { better, type Candidate, candidateOf } from "./candidates.ts";
import { debugStage, finalStage, ownBaseFile } from "./snippets.ts";

export interface ChooseRooms {
  /** This machine's architecture, as images name it. */
  readonly own: string;
  readonly facts: BaseFacts;
  /** The suites in question, the preferred one first. */
  readonly suites: readonly DistrolessSuite[];
  /** Which packages of a suite have what is missing. */
  readonly complete: (missing: readonly MissingFile[], suite: DistrolessSuite) => Promise<Completing>;
}

type Told = Omit<Suggestion, "subject" | "facts">;

/** Which base fits, from what was found out. */
export async function chooseBase(
  subject: Suggestion["subject"],
  facts: SuggestFacts,
  rooms: ChooseRooms,
): Promise<Suggestion> {
  const told = await answer(subject, facts, rooms);
  const notes = [...told.notes, ...platformNotes(facts, rooms.own), ...shellNotes(facts), ...facts.notes];
  return { subject, ...told, notes, facts };
}

async function answer(subject: Suggestion["subject"], facts: SuggestFacts, rooms: ChooseRooms): Promise<Told> {
  const musl = facts.programs.find(({ linkage, role }) => linkage === "musl" && role === "program");
  if (musl) return none(`${musl.path} is linked with musl`, muslReasons(musl));
  if (facts.packaged !== undefined) return packagedAnswer(subject, facts, rooms);
  const starts = facts.programs.some(({ role, linkage }) => role === "program" && linkage === "glibc");
  const dynamic = starts || facts.programs.some(({ needs }) => needs.length > 0);
  if (!facts.runtime && !dynamic)
    return facts.programs.length > 0 ? staticAnswer(subject, facts, rooms) : shellAnswer(subject, facts, rooms);
  const candidates = rooms.suites.map((suite) => candidateOf(suite, facts, rooms.facts));
  const [best] = candidates.toSorted(better) as [Candidate];
  if (best.lacks !== undefined) return none(candidates.map(({ lacks }) => lacks ?? "").join("; "), []);
  if (best.old.length > 0) return tooNew(candidates);
  return fitting(subject, facts, best, candidates, rooms);
}

async function fitting(
  subject: Suggestion["subject"],
  facts: SuggestFacts,
  first: Candidate,
  candidates: readonly Candidate[],
  { complete, facts: known }: ChooseRooms,
): Promise<Told> {
  let best = first;
  let completed: Completing = { packages: new Map() };
  // A library that no package of one suite has may be another suite's.
  for (const one of [
    first,
    ...candidates.filter((other) => other !== first && other.old.length === 0 && other.lacks === undefined),
  ]) {
    const files = one.missing.map((name): MissingFile => ({ kind: "library", name }));
    const found =
      files.length === 0 ? { packages: new Map<string, readonly string[]>() } : await complete(files, one.suite);
    const left = (candidate: Candidate, { packages }: Completing): number =>
      candidate.missing.filter((name) => !packages.has(name)).length;
    if (one === first || left(one, found) < left(best, completed)) [best, completed] = [one, found];
    if (left(best, completed) === 0) break;
  }
  const { base, suite, missing, differs } = best;
  const image = distrolessReference({ name: base, suite, nonroot: true, debug: false });
  const lacking = missing.map((name) => ({ name, packages: completed.packages.get(name) ?? [] }));
  const packages = [...new Set(lacking.flatMap(({ packages: [one] }) => one ?? []))].sort();
  const unknown = lacking.filter((one) => one.packages.length === 0).map(({ name }) => name);
  const own = packages.length > 0 ? ownBaseFile({ subject, base, suite, packages }) : undefined;
  const reasons = [
    ...facts.steps,
    ...runtimeReasons(facts, best),
    ...facts.programs.flatMap((program) => programReasons(program, best, known)),
    ...candidates.filter((other) => other.suite !== suite).flatMap((other) => otherReasons(other, best)),
    ...candidates
      .filter((other) => isNewerJava(other, best, facts))
      .map((other) => `${other.base} of ${other.suite} runs it as well`),
    ...lacking.map((one) =>
      one.packages[0] === undefined
        ? `${base} has no ${one.name}`
        : `${base} has no ${one.name}: the package ${one.packages[0]} has it`,
    ),
  ];
  const notes = [
    ...differs.map((text) => `${text}: ${remedyOf(facts, best)}`),
    ...(unknown.length > 0
      ? [
          completed.unasked ??
            `no package of ${suite} has ${unknown.join(", ")}: COPY it from the stage that has it, to a folder that LD_LIBRARY_PATH names`,
        ]
      : []),
    ...markNotes(facts),
  ];
  const more =
    missing.length === 0
      ? ""
      : ` with ${packages.length > 0 ? packages.join(", ") : `${missing.join(", ")}, which it lacks`}`;
  const from = own ? own.name : image;
  return {
    answer: missing.length === 0 ? "base" : "own",
    summary: `${base} of ${suite}${more}: ${own ? `an own base, ${own.file}` : image}`,
    base,
    suite,
    image,
    reasons,
    notes,
    missing: lacking,
    dockerfile: finalStage(subject, facts, from),
    recipe: own?.text,
  };
}

function staticAnswer(subject: Suggestion["subject"], facts: SuggestFacts, { suites }: ChooseRooms): Told {
  const [suite] = suites as [DistrolessSuite];
  const marks = facts.programs.flatMap((program) => program.marks.map((mark) => ({ ...mark, path: program.path })));
  const wants = marks.filter(({ kind }) => kind !== "go" && kind !== "dlopen");
  const image = distrolessReference({ name: "static", suite, nonroot: true, debug: false });
  const names = facts.programs.map(({ path }) => path).join(", ");
  const reasons = [...facts.steps, `${names} is statically linked: no loader and no library is needed`];
  if (wants.length === 0) {
    return {
      answer: "scratch",
      summary: `scratch; static (${image}) when it speaks TLS or reads time zones`,
      reasons: [...reasons, "nothing in it tells that it looks for certificates, time zones or accounts"],
      notes: ["scratch has no /tmp, no user names, no certificates and no time zones"],
      image,
      base: "static",
      suite,
      missing: [],
      dockerfile: finalStage(subject, facts, "scratch"),
    };
  }
  return {
    answer: "base",
    summary: `static of ${suite}: ${image}`,
    base: "static",
    suite,
    image,
    reasons: [...reasons, ...wants.map((mark) => markReason(mark))],
    notes: ["on scratch it starts as well, and fails where it asks for one of these"],
    missing: [],
    dockerfile: finalStage(subject, facts, image),
  };
}

/** A program of a package: with that package, and what it depends on. */
async function packagedAnswer(
  subject: Suggestion["subject"],
  facts: SuggestFacts,
  { suites, complete }: ChooseRooms,
): Promise<Told> {
  const [suite] = suites as [DistrolessSuite];
  const path = facts.packaged ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const found = await complete([{ kind: "program", name }], suite);
  const packages = found.packages.get(name) ?? [];
  const [first] = packages;
  const script = facts.programs.length === 0;
  const about = script ? [] : [`it starts with ${path}, a program of the distribution`];
  const own = first === undefined ? undefined : ownBaseFile({ subject, base: "base", suite, packages: [first] });
  return {
    answer: own ? "own" : "none",
    summary: own
      ? `base of ${suite} with ${first}: an own base, ${own.file}`
      : `No base is known: ${found.unasked ?? `no package of ${suite} has a program ${name}`}`,
    base: "base",
    suite,
    image: undefined,
    reasons: [
      ...facts.steps,
      ...about,
      ...(first === undefined ? [] : [`the package ${first} of ${suite} has ${name}`]),
    ],
    notes: script ? [] : ["settings and files that the image adds for it have to be copied too"],
    missing: [{ name, packages }],
    dockerfile: own && finalStage(subject, facts, own.name),
    recipe: own?.text,
  };
}

/** Nothing but a script for a shell, or a command that could not be followed. */
function shellAnswer(subject: Suggestion["subject"], facts: SuggestFacts, { suites }: ChooseRooms): Told {
  const [suite] = suites as [DistrolessSuite];
  if (!facts.shell) return none("what starts could not be found", facts.steps);
  const image = distrolessReference({ name: "static", suite, nonroot: true, debug: true });
  return {
    answer: "base",
    summary: `static of ${suite} in its debug variant, which has a shell: ${image}`,
    base: "static",
    suite,
    image,
    reasons: [...facts.steps, "the bases have no shell but in their debug variants: busybox, as /busybox/sh"],
    notes: [],
    missing: [],
    dockerfile: debugStage(subject, image),
  };
}

function none(why: string, reasons: readonly string[]): Told {
  return { answer: "none", summary: `No base of Debian fits: ${why}`, reasons, notes: [], missing: [] };
}

function muslReasons({ path, loader, needs }: ProgramFacts): readonly string[] {
  const others = needs.filter(({ name }) => !name.startsWith("libc.")).map(({ name }) => name);
  return [
    `${path} asks for ${loader ?? "musl's libc"}, and Debian's programs have glibc`,
    "link it statically: CGO_ENABLED=0 with Go, the target *-unknown-linux-musl with Rust (static by itself), -static with gcc; then static or scratch fits",
    `or build it on Debian, in a stage FROM debian:trixie: then ${others.length > 0 ? `base or cc fits, with ${others.join(", ")}` : "base-nossl fits"}`,
  ];
}

function tooNew(candidates: readonly Candidate[]): Told {
  const [first] = candidates as [Candidate];
  return none("it was built on a newer system", [
    ...new Set(candidates.flatMap(({ old }) => old)),
    `build it on ${first.suite}, in a stage FROM debian:${first.suite}, or link it statically`,
  ]);
}

function runtimeReasons({ runtime }: SuggestFacts, { base, suite }: Candidate): readonly string[] {
  if (!runtime) return [];
  if (runtime.name === "java" && runtime.least !== undefined) {
    return [`the classes of ${runtime.by} need Java ${runtime.least} at least: ${base} of ${suite} has it`];
  }
  return [
    `${runtime.by} wants ${{ python3: "Python", nodejs: "Node.js", java: "Java" }[runtime.name]}: ${base} of ${suite} has it`,
  ];
}

function programReasons(
  { path, needs, bundled }: ProgramFacts,
  { base, suite, missing }: Candidate,
  known: BaseFacts,
): readonly string[] {
  const there = needs.filter(({ name }) => !missing.includes(name));
  const versioned = there.flatMap(({ name, versions }) =>
    versions
      .filter((version) => /^(?:GLIBC|GLIBCXX|OPENSSL)_/.test(version))
      .flatMap((version) => {
        const kind = version.slice(0, version.lastIndexOf("_") + 1);
        const has = known[suite].libraries[name]?.versions.find((one) => one.startsWith(kind));
        return has === undefined ? [] : [{ version, has, kind }];
      }),
  );
  const highest = new Map<string, (typeof versioned)[number]>();
  for (const one of versioned) {
    if (compareNumbers(one.version, highest.get(one.kind)?.version ?? "_0") > 0) highest.set(one.kind, one);
  }
  return [
    ...(there.length > 0
      ? [`${path} needs ${there.map(({ name }) => name).join(", ")}: ${base} has ${there.length === 1 ? "it" : "them"}`]
      : []),
    ...[...highest.values()].map(({ version, has }) => `${path} needs ${version}: ${suite} has ${has}`),
    ...(bundled.length > 0
      ? [
          `${path} brings ${bundled.length === 1 ? "a library" : `${bundled.length} libraries`} of its own: ${bundled.slice(0, 5).join(", ")}${bundled.length > 5 ? ", ..." : ""}`,
        ]
      : []),
  ];
}

function otherReasons({ suite, old, lacks, differs, missing }: Candidate, best: Candidate): readonly string[] {
  if (lacks !== undefined) return [`not ${suite}: ${lacks}`];
  if (old.length > 0) return old.slice(0, 3).map((text) => `not ${suite}: ${text}`);
  if (differs.length > best.differs.length) return differs.map((text) => `not ${suite}: ${text}`);
  return missing.length > best.missing.length
    ? [`not ${suite}: it has no ${missing.filter((name) => !best.missing.includes(name)).join(", ")}`]
    : [];
}

/** Newer releases of Java run what is built for older ones. */
function isNewerJava(other: Candidate, best: Candidate, { runtime }: SuggestFacts): boolean {
  return (
    (runtime?.least ?? runtime?.version) !== undefined &&
    other !== best &&
    other.lacks === undefined &&
    /^java\d/.test(best.base) &&
    other.base !== best.base
  );
}

function remedyOf({ runtime, programs }: SuggestFacts, { suite }: Candidate): string {
  if (runtime?.name === "nodejs") return "try it, or copy the other Node.js from its image onto cc";
  return programs.some(({ python }) => python !== undefined)
    ? `install its packages in a stage FROM debian:${suite}, with pip of python3-pip, so that they are built for that Python`
    : "what is in plain Python mostly runs on it as well: try it";
}

function markReason({ kind, text, path }: Mark & { readonly path: string }): string {
  const what = {
    certificates: "looks for certificates",
    "time zones": "reads time zones",
    accounts: "looks users up",
    go: "",
    dlopen: "",
  }[kind];
  return `${path} ${what}: it has ${JSON.stringify(text)} in it`;
}

function markNotes({ programs }: SuggestFacts): readonly string[] {
  return programs.some(({ marks }) => marks.some(({ kind }) => kind === "go"))
    ? [
        "it is a program of Go that needs C: built with CGO_ENABLED=0 it may do without, and then static or scratch fits",
      ]
    : [];
}

function platformNotes({ architecture }: SuggestFacts, own: string): readonly string[] {
  return architecture === undefined || architecture === own
    ? []
    : [`it is for ${architecture}, and this machine is ${own}: build with --platform linux/${architecture}`];
}

function shellNotes({ shell, command }: SuggestFacts): readonly string[] {
  if (!shell) return [];
  const direct = command.length > 0 ? `: ENTRYPOINT ${JSON.stringify(command)} starts the same without it` : "";
  return [
    `${shell.path} needs a shell (${shell.by}), and the bases have none but in their debug variants${direct}; what it does before has to move into the program or the build`,
  ];
}
