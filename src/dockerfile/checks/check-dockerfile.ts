import { isSlipwayError } from "../../base/index.ts";
import type { Dockerfile, Instruction, Stage, Staged } from "../ast.ts";
import { type CheckOptions, instructionOptions, isChecked } from "../check-options.ts";
import { parseTrigger } from "../parse-dockerfile.ts";
import { stages } from "../stages.ts";
import type { CheckFacts, Finding, FromVisit, Report, Rule, SourceVisit, Visit } from "./contract.ts";
import { reachedStages, referencesOf, stageBefore } from "./reached-stages.ts";
import { checkRules } from "./rules.ts";
import { expand, globalScope, StageScope } from "./stage-scope.ts";

/**
 * Looks at a file with all of BuildKit's build checks. Never throws for a file that the parser took.
 * @returns what they found, in the order of the lines.
 */
export function checkDockerfile(dockerfile: Dockerfile, options: CheckOptions, facts: CheckFacts): readonly Finding[] {
  const run = new Run(dockerfile, options);
  const staged = stagesOf(dockerfile);
  run.file(staged);
  if (staged !== undefined) checkStages(dockerfile, staged, facts, run);
  return run.findings.toSorted((a, b) => a.location.span.startLine - b.location.span.startLine);
}

function stagesOf(dockerfile: Dockerfile): Staged | undefined {
  try {
    return stages(dockerfile);
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return undefined;
  }
}

/** Every stage is gone through, for what later ones take from it; the findings in those that are not built are dropped. */
function checkStages(dockerfile: Dockerfile, staged: Staged, facts: CheckFacts, run: Run): void {
  const { escape } = dockerfile;
  const globals = globalScope(staged.globalArgs, facts, escape);
  const given = Object.keys(facts.buildArgs).length > 0;
  const defaults = given
    ? globalScope(staged.globalArgs, { ...facts, buildArgs: platformOverrides(facts) }, escape)
    : globals;
  const ended: StageScope[] = [];
  const needs: (readonly number[])[] = [];
  const found: Finding[][] = [];
  for (const stage of staged.stages) {
    const { from } = stage;
    const get = (name: string): string | undefined => globals.values.get(name);
    const image = expand(from.image.text, get, escape);
    const byDefault = expand(from.image.text, (name) => defaults.values.get(name), escape);
    const platform = from.platform && expand(from.platform.text, get, escape);
    const replaced = stage.name !== undefined && facts.namedContexts.has(stage.name);
    const below = replaced ? undefined : baseStage(staged, stage, image.text, facts);
    const isScratch = image.text?.toLowerCase() === "scratch";
    const base = below || replaced || isScratch || !image.text ? undefined : facts.base(image.text, platform?.text);
    const known = isScratch || replaced ? nothing : base;
    run.from({
      stage,
      image,
      platform,
      declared: globals.declared,
      defaultImage: [...byDefault.unset].some((name) => defaults.demanded.has(name)) ? undefined : byDefault.text,
      isStage: below !== undefined || replaced,
      base,
      facts,
    });
    const start = below === undefined ? undefined : ended[below.index];
    const scope = start?.next() ?? StageScope.over(known, escape);
    const instructions = [...triggersOf(start?.onbuild ?? known?.onbuild ?? [], stage), ...visitsOf(stage)];
    const here = new Set<number>(below === undefined ? [] : [below.index]);
    found.push(
      run.collect(() => {
        for (const { instruction, about } of replaced ? [] : instructions) {
          run.instruction({ stage, instruction, about, scope, facts });
          for (const reference of referencesOf(instruction, scope)) {
            const other = facts.namedContexts.has(reference.toLowerCase())
              ? undefined
              : stageBefore(staged.stages, reference, stage.index);
            if (other !== undefined) here.add(other.index);
            else run.source({ image: reference, about, base: facts.base(reference, undefined), facts });
          }
          scope.apply(instruction, globals.values, facts.buildArgs);
        }
      }),
    );
    ended.push(scope);
    needs.push([...here]);
  }
  for (const index of reachedStages(staged.stages, needs, facts.target)) run.findings.push(...(found[index] ?? []));
}

const nothing = { env: [], shell: false, onbuild: [] };

/** Build arguments that stand for the platform's count as defaults. */
function platformOverrides({ buildArgs, platformArgs }: CheckFacts): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(buildArgs).filter(([name]) => platformArgs.has(name)));
}

function baseStage(staged: Staged, stage: Stage, image: string | undefined, facts: CheckFacts): Stage | undefined {
  if (image === undefined || /^\d+$/.test(image) || facts.namedContexts.has(image.toLowerCase())) return undefined;
  return stageBefore(staged.stages, image, stage.index);
}

type Told = Pick<Visit, "instruction" | "about">;

function visitsOf({ instructions }: Stage): readonly Told[] {
  return instructions.map((instruction) => ({ instruction, about: instruction }));
}

/** The base's triggers; what they find is marked at FROM. */
function triggersOf(expressions: readonly string[], { from }: Stage): readonly Told[] {
  return expressions.flatMap((text) => {
    try {
      return [{ instruction: parseTrigger(text, { image: from.image.text }), about: from }];
    } catch (error) {
      if (!isSlipwayError(error)) throw error;
      return [];
    }
  });
}

/** One run of the rules over a file. */
class Run {
  findings: Finding[] = [];
  readonly #dockerfile: Dockerfile;
  readonly #options: CheckOptions;
  readonly #own = new Map<Instruction, CheckOptions>();
  readonly #reports: readonly Report[];

  constructor(dockerfile: Dockerfile, options: CheckOptions) {
    this.#dockerfile = dockerfile;
    this.#options = options;
    this.#reports = checkRules.map((rule) => this.#report(rule));
  }

  file(staged: Staged | undefined): void {
    const visit = { dockerfile: this.#dockerfile, staged };
    checkRules.forEach((rule, at) => rule.file?.(visit, this.#reports[at] as Report));
  }

  from(visit: FromVisit): void {
    checkRules.forEach((rule, at) => rule.from?.(visit, this.#reports[at] as Report));
  }

  source(visit: SourceVisit): void {
    checkRules.forEach((rule, at) => rule.source?.(visit, this.#reports[at] as Report));
  }

  instruction(visit: Visit): void {
    const { kind } = visit.instruction;
    checkRules.forEach(({ instructions }, at) => {
      // The table's type holds each handler to its own kind.
      const look = instructions?.[kind] as ((visit: Visit, report: Report) => void) | undefined;
      look?.(visit, this.#reports[at] as Report);
    });
  }

  /** What is found during a call, apart from the rest. */
  collect(call: () => void): Finding[] {
    const before = this.findings;
    this.findings = [];
    call();
    const own = this.findings;
    this.findings = before;
    return own;
  }

  #report({ name, detail, experimental }: Rule): Report {
    return (about, message, span = about.span) => {
      if (!isChecked(name, experimental === true, this.#optionsOf(about))) return;
      this.findings.push({ rule: name, message, detail, location: { ...about.location, span } });
    };
  }

  #optionsOf(instruction: Instruction): CheckOptions {
    let options = this.#own.get(instruction);
    if (options === undefined) {
      options = instructionOptions(instruction, this.#options);
      this.#own.set(instruction, options);
    }
    return options;
  }
}
