import { SlipwayError, type SourceLocation } from "../base/index.ts";
import { expandWord, type Instruction, parseTrigger, type Stage, type Staged, stages } from "../dockerfile/index.ts";
import { type Vertex, vertex } from "../graph/index.ts";
import type { BuildPlan, NamedContext, PlannedImage, PlannedStage, PlanOptions } from "./contract.ts";
import { lower, type Surroundings } from "./lower/index.ts";
import { globalArgs } from "./lower/variables.ts";
import { findStage, literalReferences, nearest, stageLabel, targetStage } from "./names.ts";
import { unsupported, wrong } from "./refuse.ts";
import { defaultPath, isPredefined, platformArgs } from "./scope.ts";
import { countSteps, type StageBase, StageBuilder } from "./stage.ts";

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
  readonly #globals: ReadonlyMap<string, string>;
  readonly #context: Vertex;
  readonly #stages = new Map<number, Promise<DoneStage>>();
  readonly #images = new Map<string, Promise<PlannedImage>>();
  readonly #bases = new Map<string, string>();
  readonly #declaredArgs = new Set<string>();

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#staged = stages(options.dockerfile);
    this.#target = targetStage(this.#staged.stages, options.target, options.dockerfile);
    const platform = platformArgs(options.platform, options.platform, this.#target.name ?? "default");
    this.#globals = globalArgs(this.#staged.globalArgs, options.buildArgs, platform, options.dockerfile.escape);
    this.#context = contextVertex("context", options.context.path, options.context.ignore, "load build context");
    for (const { args } of this.#staged.globalArgs) for (const arg of args) this.#declaredArgs.add(arg.name.text);
  }

  async plan(): Promise<BuildPlan> {
    const { end } = await this.#stage(this.#target);
    const done = await Promise.all([...this.#stages].sort(([a], [b]) => a - b).map(([, stage]) => stage));
    const shipped = await this.#shipped();
    const planned = done.map((stage) => ({ ...stage.planned, shipped: shipped.has(stage.planned.index) }));
    const skipped = this.#staged.stages.filter(({ index }) => !this.#stages.has(index));
    const { labels, platform } = this.#options;
    const config = { ...end.config, OnBuild: end.config.OnBuild };
    return {
      root: end.fs,
      vertices: reachable(end.fs),
      target: planned.find(({ index }) => index === this.#target.index) as PlannedStage,
      stages: planned,
      skippedStages: skipped.map((stage) => `${stageLabel(stage)}: not needed by target ${stageLabel(this.#target)}`),
      platform,
      author: end.author,
      config: Object.keys(labels).length > 0 ? { ...config, Labels: { ...config.Labels, ...labels } } : config,
      base: end.image,
      history: end.history,
      bases: Object.fromEntries(this.#bases),
      warnings: this.#unusedArgs(),
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
    const { escape } = this.#options.dockerfile;
    const builder = new StageBuilder(stage, name, base.start, escape, base.steps);
    const around: Surroundings = {
      buildArgs: this.#options.buildArgs,
      globals: this.#globals,
      network: this.#options.network,
      context: this.#context,
      source: (reference, location, flag) => this.#source(reference, stage, location, flag),
    };
    for (const instruction of [...base.triggers, ...stage.instructions]) {
      if (instruction.kind === "arg") for (const arg of instruction.args) this.#declaredArgs.add(arg.name.text);
      await lower(instruction, builder, around);
    }
    const end = builder.end();
    const onStage = base.from !== undefined;
    return { end, planned: { name, index: stage.index, root: end.fs, own: builder.own, onStage }, from: base.from };
  }

  /** Starts the stages that COPY --from plainly names, so that their bases are found side by side. */
  #startNeeded(stage: Stage): void {
    for (const reference of literalReferences(stage)) {
      const needed = findStage(this.#staged.stages, reference, stage.index);
      if (needed && !this.#namedContext(reference)) void this.#stage(needed);
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
    this.#checkPlatform(stage, lookup);
    const replaced = stage.name === undefined ? undefined : this.#namedContext(stage.name);
    const context = replaced ?? this.#namedContext(image);
    if (context?.type === "folder") {
      const fs = await this.#folderAsBase(context, name, stage);
      return { start: { ...emptyBase, fs }, triggers: [], steps: countSteps(false, stage.instructions) };
    }
    if (!context) {
      const other = findStage(this.#staged.stages, image, stage.index);
      if (other && !/^\d+$/.test(image)) {
        const { end } = await this.#stage(other);
        return { ...this.#onStage(end, stage), from: other };
      }
      if (image.toLowerCase() === "scratch") {
        return { start: emptyBase, triggers: [], steps: countSteps(false, stage.instructions) };
      }
    }
    const found = await this.#image(context ? context.reference : image, image, place);
    const onbuild = found.config.config?.OnBuild ?? [];
    const triggers = onbuild.map((text) => parseTrigger(text, { image: found.name, escape: "\\" }));
    const steps = countSteps(true, [...triggers, ...stage.instructions]);
    const fs = vertex({ kind: "image", name: found.name, id: found.id }, [], {
      text: from.text,
      stage: name,
      position: [1, steps],
      location: from.location,
    });
    const config = { ...found.config.config, OnBuild: undefined };
    const author = found.config.author;
    return { start: { fs, config, image: found, history: [], author, args: new Map() }, triggers, steps };
  }

  /** A stage FROM a stage goes on where that one ended; its ONBUILD triggers run too. */
  #onStage(end: StageBase, stage: Stage): FoundBase {
    const triggers = (end.config.OnBuild ?? []).map((text) =>
      parseTrigger(text, { image: stage.from.image.text, escape: this.#options.dockerfile.escape }),
    );
    const start = { ...end, config: { ...end.config, OnBuild: undefined } };
    return { start, triggers, steps: countSteps(false, [...triggers, ...stage.instructions]) };
  }

  async #folderAsBase(context: NamedContext & { type: "folder" }, name: string, stage: Stage): Promise<Vertex> {
    const source = contextVertex(stage.name ?? stage.from.image.text, context.path, context.ignore);
    const op = {
      kind: "copy",
      sources: [{ type: "path", input: 1, path: "." }],
      destination: "/",
      unpack: false,
    } as const;
    return vertex({ ...op, chown: undefined, chmod: undefined }, [scratch, source], {
      text: stage.from.text,
      stage: name,
      location: stage.from.location,
    });
  }

  #checkPlatform({ from }: Stage, lookup: (name: string) => string | undefined): void {
    if (!from.platform) return;
    const { escape } = this.#options.dockerfile;
    const wanted = expandWord(from.platform.text, lookup, { escape, location: from.location });
    const { os, architecture } = this.#options.platform;
    if (wanted !== "" && !wanted.startsWith(`${os}/${architecture}`)) {
      throw unsupported(`FROM --platform=${wanted} on ${os}/${architecture}`, from.location, from.platform.span);
    }
  }

  async #source(reference: string, stage: Stage, location: SourceLocation, flag = "COPY --from"): Promise<Vertex> {
    const context = this.#namedContext(reference);
    if (context?.type === "folder") return contextVertex(reference, context.path, context.ignore);
    if (!context) {
      const other = findStage(this.#staged.stages, reference, stage.index);
      if (other) return (await this.#stage(other)).end.fs;
      if (/^\d+$/.test(reference) || reference.toLowerCase() === stage.name) {
        throw new SlipwayError({
          code: "SLIP_STAGE_UNKNOWN",
          message: `${flag}=${reference} names no earlier stage`,
          hint: nearest(reference, this.#staged.stages.slice(0, stage.index)),
          location,
        });
      }
    }
    const found = await this.#image(context ? context.reference : reference, reference, location, stage);
    return vertex({ kind: "image", name: found.name, id: found.id }, [], { text: `FROM ${reference}`, location });
  }

  #image(reference: string, asked: string, location: SourceLocation, copyingStage?: Stage): Promise<PlannedImage> {
    let found = this.#images.get(reference);
    if (!found) {
      found = this.#resolve(reference, asked, location, copyingStage);
      found.catch(() => undefined);
      this.#images.set(reference, found);
    }
    return found;
  }

  async #resolve(reference: string, asked: string, location: SourceLocation, copying?: Stage): Promise<PlannedImage> {
    try {
      const image = await this.#options.resolveImage(reference, this.#options.platform);
      this.#bases.set(asked, image.origin);
      return image;
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      const stageHint = copying ? nearest(asked, this.#staged.stages.slice(0, copying.index)) : undefined;
      const hint = [error.hint, stageHint].filter(Boolean).join("; ") || undefined;
      throw new SlipwayError({ ...error.toJSON(), hint, location: error.location ?? location, cause: error });
    }
  }

  #namedContext(name: string): NamedContext | undefined {
    const contexts = this.#options.namedContexts;
    const key = Object.keys(contexts).find((known) => known.toLowerCase() === name.toLowerCase());
    return key === undefined ? undefined : contexts[key];
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

const scratch = vertex({ kind: "scratch" }, [], { text: "FROM scratch" });

/** What BuildKit gives a stage that starts from nothing. */
const emptyBase: StageBase = {
  fs: scratch,
  config: { Env: [`PATH=${defaultPath}`], WorkingDir: "/" },
  image: undefined,
  history: [],
  author: undefined,
  args: new Map(),
};

function contextVertex(
  name: string,
  path: string,
  ignore: readonly string[],
  text = `load build context ${name}`,
): Vertex {
  return vertex({ kind: "context", name, path, ignore }, [], { text });
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
