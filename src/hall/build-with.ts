import { availableParallelism } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { statSync } from "node:fs";
import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { parseDockerfile } from "../dockerfile/index.ts";
import type { Vertex } from "../graph/index.ts";
import { defaultPlatform, type ImageConfig, parseReference } from "../oci/index.ts";
import { type FileTree, opFor } from "../ops/index.ts";
import { type BuildPlan, type NamedContext, planBuild } from "../plan/index.ts";
import { InputsChanged, NeedsRun, solve, type SolveReport } from "../solve/index.ts";
import type { Store } from "../store/index.ts";
import type { BuildOptions, BuildResult } from "./api.ts";
import { checkGiven } from "./check-given.ts";
import { assembleImage } from "./assemble.ts";
import { imageResolver } from "./bases.ts";
import { tellFindings } from "./check-build.ts";
import { recordCache } from "./record-cache.ts";
import { readBuildInput, readIgnore } from "./dockerfile-source.ts";
import type { Engine } from "./engine.ts";
import { announcePlan, shownEvents } from "./plan-events.ts";
import { fromStore } from "./stored-base.ts";
import { checkOutput, outputNames } from "./check-output.ts";
import { stageUsage } from "./stage-usage.ts";

/**
 * One build, from the Dockerfile's text to an image in the store and its outputs.
 * @param engine undefined while only the cache may be asked: then NeedsRun is thrown as soon as anything would have to run.
 */
export async function buildWith(
  options: Omit<BuildOptions, "signal" | "onEvent">,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<BuildResult> {
  const started = Date.now();
  checkRequest(options);
  const given = { secrets: options.secrets ?? {}, ssh: options.ssh ?? {} };
  // The address of a proxy may hold a password.
  const proxied = Object.keys(options.buildArgs ?? {}).some((name) => /_proxy$/i.test(name));
  if (proxied || Object.keys(given.secrets).length > 0) engine?.keepOffDisk();
  const { plan, made } = await planFrom(options, store, engine, ctx);
  announcePlan(plan, ctx);
  const shown = { ...ctx, emit: shownEvents(plan, made, ctx.emit) };
  const shipped = new Set(plan.history.flatMap(({ layer }) => (layer ? [layer.digest] : [])));
  const onResult = (vertex: Vertex, tree: FileTree): void => {
    // Layers of the final image are read in a thread while later steps run.
    if (engine && shipped.has(vertex.digest) && tree.kind === "snapshot" && tree.id !== undefined) {
      engine.diffIdOf(tree.id).catch(() => undefined);
    }
  };
  const rooms = { ...(engine?.rooms(ctx) ?? { store, machinery: undefined }), given };
  const solveOnce = (): Promise<SolveReport<FileTree>> =>
    solve(
      plan.root,
      {
        op: (vertex) => opFor(vertex, rooms),
        cache: recordCache(store),
        jobs: options.jobs ?? availableParallelism(),
        noCache: options.noCache,
        lookupOnly: engine === undefined,
        onResult,
      },
      shown,
    );
  const report = await untilUnchanged(solveOnce, ctx);
  const image = await assembleImage(plan, report.result, store, engine);
  const facts = {
    dockerfile: options.dockerfile,
    target: plan.target.name,
    duration: Date.now() - started,
    steps: countSteps(plan),
    cachedSteps: countSteps(plan) - report.ran.size,
    stages: stageUsage(plan, report, store, image.id),
    skippedStages: plan.skippedStages,
    bases: plan.bases,
  };
  // What the cache answered whole was built by an earlier build, which has more to tell; so it writes nothing either.
  const earlier = report.ran.size === 0 ? store.images.get(image.id)?.facts : undefined;
  const told = earlier?.dockerfile === facts.dockerfile && earlier?.target === facts.target ? earlier : undefined;
  store.images.put({ ...image, facts: told ?? facts }, image.configBytes);
  const names = tagsOf(options).map((tag) => nameImage(store, tag, image.id));
  for (const warning of plan.warnings) ctx.emit(warning);
  const outputs = engine ? await engine.writeOutputs(image.id, names, options.outputs ?? [], ctx) : [];
  return { imageId: image.id, names, size: image.size, facts, outputs };
}

const attempts = 3;

/** Solves again when a folder was changed under it: all that was done before is a cache hit then. */
async function untilUnchanged<R>(solveOnce: () => Promise<R>, ctx: Ctx): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await solveOnce();
    } catch (error) {
      if (!(error instanceof InputsChanged)) throw error;
      if (attempt === attempts) {
        throw new SlipwayError({
          code: "SLIP_CONTEXT",
          message: `Cannot take a steady copy: ${error.message}, ${attempts} times`,
          hint: "end what writes to the folder, or name its files in .dockerignore",
        });
      }
      ctx.emit({ type: "warning", message: `${error.message}: it is read again` });
    }
  }
}

/** Throws for names and outputs that could only fail after all the work. */
function checkRequest(options: Pick<BuildOptions, "tags" | "outputs" | "secrets" | "ssh">): void {
  checkGiven(options);
  for (const output of options.outputs ?? []) checkOutput(output);
  for (const tag of tagsOf(options)) {
    if (parseReference(tag).digest !== undefined) {
      const message = `Cannot name an image ${JSON.stringify(tag)}: a digest is what an image has, not a name for it`;
      throw new SlipwayError({ code: "SLIP_REFERENCE", message, hint: "write NAME:TAG" });
    }
  }
}

/** The names that the image gets in the store: those of `tags`, then those of outputs of type "image". */
function tagsOf({ tags = [], outputs = [] }: Pick<BuildOptions, "tags" | "outputs">): readonly string[] {
  const named = outputs.flatMap(({ type, attributes }) => (type === "image" ? outputNames(attributes["name"]) : []));
  return [...new Set([...tags, ...named])];
}

async function planFrom(
  options: Omit<BuildOptions, "signal" | "onEvent">,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<{ readonly plan: BuildPlan; readonly made: ReadonlySet<Digest> }> {
  const input = readBuildInput(options.context, options.dockerfile);
  const dockerfile = parseDockerfile(input.text, { file: input.file });
  const bases = { baseImages: options.baseImages ?? "auto", mirror: options.debianMirror };
  const resolver = imageResolver(store, engine, bases, ctx);
  const made = new Set<Digest>();
  const configs = new Map<string, ImageConfig>();
  const checked = { dockerfile, options, ignore: input.ignore, configOf: (name: string) => configs.get(name) };
  const plan = await planBuild({
    dockerfile,
    target: options.target,
    buildArgs: options.buildArgs ?? {},
    labels: options.labels ?? {},
    context: { path: input.context, ignore: input.ignore },
    namedContexts: Object.fromEntries(
      Object.entries(options.buildContexts ?? {}).map(([name, value]) => [name, namedContext(name, value)]),
    ),
    platform: defaultPlatform(),
    network: options.network === "none" ? "none" : "host",
    resolveImage: async (name, platform) => {
      const image = await resolver(name, platform);
      if (!fromStore(image.origin)) made.add(image.id);
      configs.set(name, image.config);
      return image;
    },
  }).catch((error: unknown) => {
    // What the checks have to say may be why.
    if (!(error instanceof NeedsRun)) tellFindings(checked, ctx);
    throw error;
  });
  const violation = tellFindings(checked, ctx);
  if (violation) throw violation;
  return { plan, made };
}

/** What a `--build-context` stands for. Throws SLIP_CONTEXT, SLIP_UNSUPPORTED. */
export function namedContext(name: string, value: string): NamedContext {
  const image = /^docker-image:\/\/(.+)$/.exec(value);
  if (image) return { type: "image", reference: image[1] as string };
  const scheme = /^([a-z][a-z+.-]*):(\/\/)?/i.exec(value);
  if (scheme && !isAbsolute(value)) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `The named context ${name}=${value} is not supported yet: ${scheme[1]} is not a kind of context that slipway reads`,
      hint: "give a folder or docker-image://REFERENCE",
    });
  }
  const path = resolve(value);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SlipwayError({
      code: "SLIP_CONTEXT",
      message: `The named context ${name} is no folder: ${value}`,
      hint: "give a folder or docker-image://REFERENCE",
    });
  }
  return { type: "folder", path, ignore: readIgnore(path) };
}

/** Steps that the cache can spare: all but sources. */
function countSteps(plan: BuildPlan): number {
  return plan.vertices.filter(({ op }) => !["scratch", "image", "context"].includes(op.kind)).length;
}

function nameImage(store: Store, tag: string, id: BuildResult["imageId"]): string {
  store.images.tag(tag, id);
  return tag;
}
