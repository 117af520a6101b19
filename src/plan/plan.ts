import { SlipwayError, type SourceLocation } from "../base/index.ts";
import { expandWord, type Instruction, parseTrigger, type Stage, type Staged, stages } from "../dockerfile/index.ts";
import { type SourceOp, type Vertex, vertex } from "../graph/index.ts";
import { formatPlatform, normalPlatform, type Platform } from "../oci/index.ts";
import { builtInNotes } from "./built-in-args.ts";
import type { BuildPlan, NamedContext, PlannedStage, PlanOptions, PlanWarning } from "./contract.ts";
import { epochArg, type FoundEpoch, onlySource, readEpoch } from "./epoch.ts";
import { ImagePool } from "./image-pool.ts";
import { lower, type Surroundings } from "./lower/index.ts";
import { globalArgs } from "./lower/variables.ts";
import { findStage, literalReferences, nearest, stageLabel, targetStage } from "./names.ts";
import { contextAsBase, contextVertex, namedContext } from "./named-contexts.ts";
import { askedPlatform, imagePlatform, platformOf } from "./platforms.ts";
import { wrong } from "./refuse.ts";
import { isPredefined, platformArgs } from "./scope.ts";
import { emptyBase, scratch } from "./scratch.ts";
import { countSteps, type StageBase, StageBuilder } from "./stage.ts";
import { Waits } from "./waits.ts";

/**
 * Turns a Dockerfile into the graph that its target needs, with the configuration of the image that comes out.
 * Only the target and what it reaches is lowered; the other stages are named as skipped.
 * Throws SLIP_DOCKERFILE, SLIP_STAGE_UNKNOWN, SLIP_UNSUPPORTED, and what resolveImage throws, each with its place.
 */
export async function planBuild(options: PlanOptions): Promise<BuildPlan> {
  return new Planner(options).plan();
}

interface DoneStage {
  readonly end: StageBase;
  readonly planned: Omit<PlannedStage, "shipped">;
  /** The stage that it goes on from. */
  readonly from: Stage | undefined;
}

interface FoundBase {
  readonly start: StageBase;
  readonly from?: Stage | undefined;
  readonly triggers: readonly Instruction[];
  readonly steps: number;
}

class Planner {
  readonly #options: PlanOptions;
  readonly #staged: Staged;
  readonly #target: Stage;
  #globals: ReadonlyMap<string, string>;
  /** Those given, with the time that SOURCE_DATE_EPOCH came to. */
  #buildArgs: Readonly<Record<string, string>>;
  #epoch: FoundEpoch = { epoch: undefined, warnings: [] };
  readonly #context: Vertex;
  readonly #stages = new Map<number, Promise<DoneStage>>();
  readonly #waits = new Waits();
  readonly #images: ImagePool;
  readonly #declaredArgs = new Set<string>();
  readonly #warnings: PlanWarning[] = [];

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#images = new ImagePool(options);
    this.#staged = stages(options.dockerfile);
    this.#target = targetStage(this.#staged.stages, options.target, options.dockerfile);
    const { platform, buildPlatform = platform, buildArgs } = options;
    const automatic = platformArgs(buildPlatform, platform, this.#target.name ?? "default");
    const given = new Map([...automatic].map(([name, value]) => [name, buildArgs[name] ?? value]));
    this.#globals = globalArgs(this.#staged.globalArgs, buildArgs, given, options.dockerfile.escape);
    this.#buildArgs = buildArgs;
    this.#context = contextVertex("context", options.context, "load build context");
    for (const { args } of this.#staged.globalArgs) for (const arg of args) this.#declaredArgs.add(arg.name.text);
  }

  /** Finds what SOURCE_DATE_EPOCH comes to, which the arguments have from then on. */
  async #readEpoch(): Promise<void> {
    const { contextTime, sourceTime = async () => undefined } = this.#options;
    const text = this.#buildArgs[epochArg] ?? this.#globals.get(epochArg);
    this.#epoch = await readEpoch(text, {
      contextTime,
      namedContext: (name) => {
        const found = namedContext(this.#options.namedContexts, name);
        return found && this.#watched(found, undefined);
      },
      stageSource: (name) => this.#stageSource(name),
      sourceTime,
    });
    this.#globals = withEpoch(this.#globals, this.#epoch.epoch);
    this.#buildArgs = Object.fromEntries(withEpoch(new Map(Object.entries(this.#buildArgs)), this.#epoch.epoch));
  }

  #stageSource(name: string): Promise<SourceOp> | undefined {
    const { stages: all } = this.#staged;
    const stage = all.findLast((one) => one.name === name.toLowerCase());
    if (!stage) return undefined;
    const buildArgs = { ...this.#options.buildArgs, [epochArg]: "" };
    const plan = planBuild({ ...this.#options, target: String(stage.index), buildArgs });
    return plan.then(({ vertices }) => onlySource(stage, vertices));
  }

  async plan(): Promise<BuildPlan> {
    await this.#readEpoch();
    const { end } = await this.#stage(this.#target);
    const done = await Promise.all([...this.#stages].sort(([a], [b]) => a - b).map(([, stage]) => stage));
    const shipped = await this.#shipped();
    const planned = done.map((stage) => ({ ...stage.planned, shipped: shipped.has(stage.planned.index) }));
    const skipped = this.#staged.stages.filter(({ index }) => !this.#stages.has(index));
    const { labels } = this.#options;
    const config = { ...end.config, OnBuild: end.config.OnBuild };
    return {
      root: end.fs,
      vertices: reachable(end.fs),
      target: planned.find(({ index }) => index === this.#target.index) as PlannedStage,
      stages: planned,
      skippedStages: skipped.map((stage) => `${stageLabel(stage)}: not needed by target ${stageLabel(this.#target)}`),
      platform: imagePlatform(end, this.#options),
      epoch: this.#epoch.epoch,
      author: end.author,
      config: Object.keys(labels).length > 0 ? { ...config, Labels: { ...config.Labels, ...labels } } : config,
      base: end.image,
      history: end.history,
      bases: this.#images.origins,
      warnings: [
        ...this.#epoch.warnings,
        ...this.#warnings,
        ...builtInNotes(this.#options.buildArgs),
        ...this.#unusedArgs(),
      ],
    };
  }

  /** The target and the stages below it. */
  async #shipped(): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    for (let at: Stage | undefined = this.#target; at; at = (await this.#stage(at)).from) found.add(at.index);
    return found;
  }

  #stage(stage: Stage): Promise<DoneStage> {
    let done = this.#stages.get(stage.index);
    if (!done) {
      done = this.#lowerStage(stage);
      // Whoever needs the stage awaits it; until then a failure must not count as unhandled.
      done.catch(() => undefined);
      this.#stages.set(stage.index, done);
    }
    return done;
  }

  async #lowerStage(stage: Stage): Promise<DoneStage> {
    const name = stageLabel(stage);
    this.#startNeeded(stage);
    const base = await this.#base(stage, name);
    const { platform } = base.start;
    const builder = new StageBuilder(stage, name, base.start, {
      escape: this.#options.dockerfile.escape,
      total: base.steps,
      fromImage: base.from === undefined && base.start.fs.op.kind === "image",
      epoch: this.#epoch.epoch,
      shownPlatform: this.#shown(platform),
    });
    const around: Surroundings = {
      buildArgs: this.#buildArgs,
      globals: this.#globals,
      network: this.#options.network,
      warn: (warning) => void this.#warnings.push(warning),
      allow: this.#options.allow,
      exec: this.#options.exec ?? {},
      context: this.#context,
      fetched: (op, location) => this.#options.inputs?.source(op, location) ?? op,
      source: (reference, location, flag) => this.#source(reference, stage, location, flag),
    };
    for (const instruction of [...base.triggers, ...stage.instructions]) {
      if (instruction.kind === "arg") for (const arg of instruction.args) this.#declaredArgs.add(arg.name.text);
      await lower(instruction, builder, around);
    }
    const end = builder.end();
    const onStage = base.from !== undefined;
    const planned = { name, index: stage.index, root: end.fs, platform, own: builder.own, onStage };
    return { end, planned, from: base.from };
  }

  /** Starts the stages that COPY --from plainly names, so that their bases are found side by side. */
  #startNeeded(stage: Stage): void {
    for (const reference of literalReferences(stage)) {
      const needed = findStage(this.#staged.stages, reference, stage.index);
      if (needed && !namedContext(this.#options.namedContexts, reference))
        void this.#needed(needed, stage).catch(() => undefined);
    }
  }

  async #base(stage: Stage, name: string): Promise<FoundBase> {
    const { from } = stage;
    const place: SourceLocation = { ...from.location, span: from.image.span };
    const lookup = (variable: string): string | undefined => this.#globals.get(variable);
    const image = expandWord(from.image.text, lookup, { escape: this.#options.dockerfile.escape, location: place });
    if (image === "") {
      throw wrong(
        `FROM ${from.image.text} names nothing: its variables are empty`,
        place,
        "give the ARG a default before the first FROM, or pass it with --build-arg",
      );
    }
    const asked = askedPlatform(stage, lookup, this.#options.dockerfile.escape);
    const platform = asked ?? this.#options.platform;
    const replaced = stage.name === undefined ? undefined : namedContext(this.#options.namedContexts, stage.name);
    const context = replaced ?? namedContext(this.#options.namedContexts, image);
    if (context?.type === "folder" || context?.type === "source") {
      const fs = contextAsBase(this.#watched(context, place), stage, name);
      return { start: { ...emptyBase(platform), fs }, triggers: [], steps: countSteps(false, stage.instructions) };
    }
    if (context?.type === "stage") {
      const other = this.#stageOfContext(context, replaced ? (stage.name as string) : image);
      const { end } = await this.#needed(other, stage);
      return { ...this.#onStage(end, stage), from: other };
    }
    if (!context || context.reference === "scratch") {
      const other = context ? undefined : findStage(this.#staged.stages, image, stage.index);
      if (other && !/^\d+$/.test(image)) {
        const { end } = await this.#needed(other, stage);
        return { ...this.#onStage(end, stage), from: other };
      }
      if (context || image.toLowerCase() === "scratch") {
        const start = emptyBase(this.#options.platform);
        return { start, triggers: [], steps: countSteps(false, stage.instructions) };
      }
    }
    const reference = context ? context.reference : image;
    const found = await this.#images.image({ reference, asked: image, platform, location: place });
    const onbuild = found.config.config?.OnBuild ?? [];
    const triggers = onbuild.map((text) => parseTrigger(text, { image: found.name, escape: "\\" }));
    const steps = countSteps(true, [...triggers, ...stage.instructions]);
    const fs = vertex({ kind: "image", name: found.name, id: found.id }, [], {
      text: from.text,
      stage: name,
      platform: this.#shown(normalPlatform(found.config)),
      position: [1, steps],
      location: from.location,
    });
    const config = { ...found.config.config, OnBuild: undefined };
    const author = found.config.author;
    const own = platformOf(found);
    return {
      start: { fs, platform: own, config, image: found, history: [], author, args: new Map() },
      triggers,
      steps,
    };
  }

  /** A stage FROM a stage goes on where that one ended; its ONBUILD triggers run too. */
  #onStage(end: StageBase, stage: Stage): FoundBase {
    const triggers = (end.config.OnBuild ?? []).map((text) =>
      parseTrigger(text, { image: stage.from.image.text, escape: this.#options.dockerfile.escape }),
    );
    const start = { ...end, config: { ...end.config, OnBuild: undefined } };
    return { start, triggers, steps: countSteps(false, [...triggers, ...stage.instructions]) };
  }

  #shown(platform: Platform): string | undefined {
    return this.#options.namePlatforms ? formatPlatform(platform) : undefined;
  }

  async #source(reference: string, stage: Stage, location: SourceLocation, flag = "COPY --from"): Promise<Vertex> {
    const context = namedContext(this.#options.namedContexts, reference);
    if (context?.type === "folder" || context?.type === "source") {
      return contextVertex(reference, this.#watched(context, location));
    }
    if (context?.type === "stage") return (await this.#needed(this.#stageOfContext(context, reference), stage)).end.fs;
    if (context?.reference === "scratch") return scratch;
    if (!context) {
      const other = findStage(this.#staged.stages, reference, stage.index);
      if (other) return (await this.#needed(other, stage)).end.fs;
      const later = findStage(this.#staged.stages, reference, this.#staged.stages.length);
      if (later && later.index > stage.index) {
        throw new SlipwayError({
          code: "SLIP_STAGE_UNKNOWN",
          message: `${flag}=${reference} names a stage that comes later`,
          hint: `move the stage ${stageLabel(later)} above ${stageLabel(stage)}`,
          location,
        });
      }
      if (/^\d+$/.test(reference) || reference.toLowerCase() === stage.name) {
        throw new SlipwayError({
          code: "SLIP_STAGE_UNKNOWN",
          message: `${flag}=${reference} names no earlier stage`,
          hint: nearest(reference, this.#staged.stages.slice(0, stage.index)),
          location,
        });
      }
    }
    const found = await this.#images.image({
      reference: context ? context.reference : reference,
      asked: reference,
      platform: this.#options.platform,
      location,
      nearest: () => nearest(reference, this.#staged.stages.slice(0, stage.index)),
    });
    return vertex({ kind: "image", name: found.name, id: found.id }, [], { text: `FROM ${reference}`, location });
  }

  /** A context from elsewhere as whoever watches wants it. */
  #watched<C extends NamedContext>(context: C, location: SourceLocation | undefined): C {
    const { inputs } = this.#options;
    if (context.type !== "source" || !inputs) return context;
    return { ...context, op: inputs.source(context.op, location) };
  }

  /** The stage that a named context stands for. */
  #stageOfContext({ stage: wanted }: NamedContext & { type: "stage" }, name: string): Stage {
    const all = this.#staged.stages;
    const found = findStage(all, wanted, all.length);
    if (found) return found;
    throw new SlipwayError({
      code: "SLIP_STAGE_UNKNOWN",
      message: `The named context ${name}=target:${wanted} names no stage`,
      hint: nearest(wanted, all),
    });
  }

  /** Another stage, for one that goes on from it or takes from it. */
  #needed(other: Stage, user: Stage): Promise<DoneStage> {
    if (this.#waits.add(user.index, other.index)) return this.#stage(other);
    return Promise.reject(
      wrong(`Stage ${stageLabel(user)} needs itself, by way of a named context`, user.from.location),
    );
  }

  /** Build arguments that nothing declares are named: a misspelt one would otherwise do nothing, silently. */
  #unusedArgs(): BuildPlan["warnings"] {
    const declared = new Set([...this.#declaredArgs, ...this.#globals.keys()]);
    for (const stage of this.#staged.stages) {
      for (const instruction of stage.instructions) {
        if (instruction.kind === "arg") for (const arg of instruction.args) declared.add(arg.name.text);
      }
    }
    const unused = Object.keys(this.#options.buildArgs).filter((name) => !declared.has(name) && !isPredefined(name));
    if (unused.length === 0) return [];
    const message = `One or more build-args were not consumed: [${unused.join(" ")}]`;
    return [{ type: "warning", message, hint: "declare them with ARG in the stage that uses them" }];
  }
}

function withEpoch(args: ReadonlyMap<string, string>, epoch: number | undefined): ReadonlyMap<string, string> {
  if (!args.has(epochArg)) return args;
  const known = new Map(args);
  if (epoch === undefined) known.delete(epochArg);
  return epoch === undefined ? known : known.set(epochArg, String(epoch));
}

/** Every vertex below and including the root, inputs before users. */
function reachable(root: Vertex): readonly Vertex[] {
  const found = new Map<string, Vertex>();
  const pending: { readonly vertex: Vertex; readonly done: boolean }[] = [{ vertex: root, done: false }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.done) found.set(next.vertex.digest, next.vertex);
    if (next.done || found.has(next.vertex.digest)) continue;
    pending.push({ vertex: next.vertex, done: true });
    for (const input of next.vertex.inputs) if (!found.has(input.digest)) pending.push({ vertex: input, done: false });
  }
  return [...found.values()];
}
