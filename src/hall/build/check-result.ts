import { type BuildEvent, type Ctx, digestOf, SlipwayError, type SourceLocation } from "../../base/index.ts";
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
 * no step needed all files is not brought for them. Where the build says how a container starts, a note tells once that nobody looked.
 * Throws NeedsRun when that is not known and there is no engine.
 */
export async function checkedResult(
  image: AssembledImage,
  plan: Planned,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<readonly ResultFinding[]> {
  const known = store.facts.get(factKey(image));
  if (Array.isArray(known)) return known as readonly ResultFinding[];
  const top = image.snapshots.at(-1);
  if (top === undefined) return [];
  if (store.remoteLayers.missing(top).length > 0) {
    if (saysHowToStart(plan) && store.facts.get(noteKey(image, plan)) === undefined) ctx.emit(notLookedAt(plan.base));
    return [];
  }
  if (!engine) throw new NeedsRun();
  const { checkResult } = await import("../../inspect/index.ts");
  await using view = await engine.snapshotter.view(top);
  return checkResult(await view.root(), image.config);
}

type Planned = Pick<BuildPlan, "config" | "base">;

/** Whether the build gave its image a program or a user of its own: whoever made the base could look at the base's. */
function saysHowToStart({ config, base }: Planned): boolean {
  return startOf(config) !== startOf(base?.config.config);
}

function startOf({ Entrypoint, Cmd, User }: BuildPlan["config"] = {}): string {
  return JSON.stringify([Entrypoint ?? [], Cmd ?? [], User ?? ""]);
}

function notLookedAt(base: BuildPlan["base"]): BuildEvent {
  const pulls = base?.origin.includes("registry ") ? `\`slipway pull ${base.name}\`` : "`slipway run` of the image";
  return {
    type: "warning",
    note: true,
    message:
      "Whether the image's program can start was not checked: that takes layers that nothing else in this build needs",
    hint: `${pulls} fetches them; builds after that check it`,
  };
}

/**
 * Keeps what was found, when all of the image could be looked at, or else that this was told; the image must be in the store.
 */
export function keepResult(
  image: AssembledImage,
  plan: Planned,
  findings: readonly ResultFinding[],
  store: Store,
): void {
  const unseen = store.remoteLayers.missing(image.snapshots.at(-1)).length > 0;
  if (unseen && !saysHowToStart(plan)) return;
  const key = unseen ? noteKey(image, plan) : factKey(image);
  if (store.facts.get(key) !== undefined) return;
  store.facts.set(key, unseen ? true : findings, unseen ? about(image, plan) : image.id);
}

/** About what an image has beside what it needs. */
const leftRules: ReadonlySet<ResultRule> = new Set(["CompilerInFinalStage", "PackageManagerInFinalStage"]);

/** The same for all images that start alike on one base, so that not each build tells it. */
function noteKey(image: AssembledImage, plan: Planned): string {
  return `result-unseen/${version}/${about(image, plan)}/${digestOf(startOf(plan.config))}`;
}

function about(image: AssembledImage, { base }: Planned): AssembledImage["id"] {
  return base?.id ?? image.id;
}

function factKey({ id }: AssembledImage): string {
  return `result/${version}/${id}`;
}

/** The build that an image came from. */
interface ResultOf {
  readonly dockerfile: Dockerfile;
  readonly options: Pick<BuildOptions, "buildArgs" | "tags" | "outputs">;
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
  const { length: count } = stages(build.dockerfile).stages;
  const single = count === 1;
  // A build up to a stage in the middle that nobody named or took anywhere is for its steps: for the tests in it.
  const { tags = [], outputs = [] } = build.options;
  const kept = build.plan.target.index === count - 1 || tags.length + outputs.length > 0;
  const warned: { readonly rule: ResultRule; readonly location: SourceLocation }[] = [];
  for (const { rule, message, about, hint } of findings) {
    // With one stage there is none that it could stay behind in, and most bases have one.
    if (single && rule === "PackageManagerInFinalStage") continue;
    if (!kept && leftRules.has(rule)) continue;
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
