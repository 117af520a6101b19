import { type BuildEvent, type Ctx, SlipwayError, type SourceLocation } from "../../base/index.ts";
import {
  type CheckOptions,
  checkOptions,
  type Dockerfile,
  formatLocation,
  type Instruction,
  isChecked,
  instructionOptions,
  stages,
} from "../../dockerfile/index.ts";
import type { ResultFinding, ResultRule } from "../../inspect/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { AssembledImage } from "./assemble.ts";
import type { Engine } from "../engine/engine.ts";

/** Raised when a check is added or changed: what older builds found is then looked at again. */
const version = 1;

/**
 * What the checks of the result find in an image. They look once at each image; a build that is cached reads what they found then. An image of which
 * no step needed all files is not brought for them: a note says that nobody looked.
 * Throws NeedsRun when that is not known and there is no engine.
 */
export async function checkedResult(
  image: AssembledImage,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<readonly ResultFinding[]> {
  const known = store.facts.get(factKey(image));
  if (Array.isArray(known)) return known as readonly ResultFinding[];
  const top = image.snapshots.at(-1);
  if (top === undefined) return [];
  const missing = store.remoteLayers.missing(top);
  if (missing.length > 0) {
    ctx.emit(notLookedAt(missing.length, image.snapshots.length));
    return [];
  }
  if (!engine) throw new NeedsRun();
  const { checkResult } = await import("../../inspect/index.ts");
  await using view = await engine.snapshotter.view(top);
  return checkResult(await view.root(), image.config);
}

function notLookedAt(missing: number, layers: number): BuildEvent {
  const what = missing === layers ? "no layer" : `only ${layers - missing} of the ${layers} layers`;
  return {
    type: "warning",
    note: true,
    message: `The result was not checked: ${what} of the image had to be brought`,
    hint: "`slipway pull` of its base brings them all; then the next build looks at the result",
  };
}

/** Keeps what was found, when all of the image could be looked at; it must be in the store. */
export function keepResult(image: AssembledImage, findings: readonly ResultFinding[], store: Store): void {
  if (store.remoteLayers.missing(image.snapshots.at(-1)).length > 0) return;
  if (store.facts.get(factKey(image)) === undefined) store.facts.set(factKey(image), findings, image.id);
}

function factKey({ id }: AssembledImage): string {
  return `result/${version}/${id}`;
}

/** The build that an image came from. */
interface ResultOf {
  readonly dockerfile: Dockerfile;
  readonly options: Pick<BuildOptions, "buildArgs">;
  readonly plan: BuildPlan;
  /** What was told of the images of other platforms; it is not told again. */
  readonly told: Set<string>;
}

/**
 * Tells what was found as warnings and notes of the build, each with the instruction that it comes from, unless `# check=skip=` says no.
 * @returns the error to end with, when the file wants warnings to be errors.
 */
export async function tellResult(
  findings: readonly ResultFinding[],
  build: ResultOf,
  ctx: Ctx,
): Promise<SlipwayError | undefined> {
  if (findings.length === 0) return undefined;
  const { noteRules, resultRules } = await import("../../inspect/index.ts");
  const options = checkOptions(build.dockerfile, build.options.buildArgs);
  const single = stages(build.dockerfile).stages.length === 1;
  const warned: { readonly rule: ResultRule; readonly location: SourceLocation }[] = [];
  for (const { rule, message, about, hint } of findings) {
    // With one stage there is none that it could stay behind in, and most bases have one.
    if (single && rule === "PackageManagerInFinalStage") continue;
    const instruction = instructionAbout(about, build);
    if (!wanted(rule, instruction, options)) continue;
    const { location } = instruction;
    const note = noteRules.has(rule);
    if (!note) warned.push({ rule, location });
    const key = `${rule} ${location.span.startLine} ${message}`;
    if (build.told.has(key)) continue;
    build.told.add(key);
    ctx.emit({
      type: "warning",
      code: rule,
      note: note || undefined,
      message,
      detail: resultRules[rule],
      line: location.span.startLine,
      endLine: location.span.endLine,
      excerpt: formatLocation(location),
      hint,
    });
  }
  return options.error && warned.length > 0 ? violation(warned) : undefined;
}

function wanted(rule: ResultRule, instruction: Instruction, options: CheckOptions): boolean {
  return isChecked(rule, false, instructionOptions(instruction, options));
}

/** The instruction that made a part of the configuration; where a base made it, the FROM of the stage that is built. */
function instructionAbout(about: ResultFinding["about"], { dockerfile, plan }: ResultOf): Instruction {
  const all = stages(dockerfile).stages;
  const shipped = plan.stages.filter((stage) => stage.shipped).map(({ index }) => index);
  const { Entrypoint = [] } = plan.config;
  const kind = about === "user" ? "user" : (Entrypoint?.length ?? 0) > 0 ? "entrypoint" : "cmd";
  const found =
    about === "image"
      ? undefined
      : shipped
          .toSorted((a, b) => b - a)
          .map((index) => all[index]?.instructions.findLast((instruction) => instruction.kind === kind))
          .find((instruction) => instruction !== undefined);
  return found ?? (all[plan.target.index] as (typeof all)[number]).from;
}

function violation(found: readonly { readonly rule: ResultRule; readonly location: SourceLocation }[]): SlipwayError {
  const rules = [...new Set(found.map(({ rule }) => rule))];
  return new SlipwayError({
    code: "SLIP_CHECK",
    message: `The checks of the result found ${rules.join(", ")}, and error=true makes that an error`,
    hint: "mend what is marked, or name the rule in # check=skip=RULE;error=true; the image was built and not kept",
    location: found[0]?.location,
  });
}
