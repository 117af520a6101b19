import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { type Ctx, type Digest, SlipwayError } from "../../base/index.ts";
import { type Dockerfile, parseDockerfile } from "../../dockerfile/index.ts";
import type { SourceOp, Vertex } from "../../graph/index.ts";
import { defaultPlatform, formatPlatform, type ImageConfig, parseReference, type Platform } from "../../oci/index.ts";
import { Answers, type FileTree, type HeldBase, opFor, type OpRooms } from "../../ops/index.ts";
import { type BuildPlan, type ImageResolver, type InputWatch, planBuild } from "../../plan/index.ts";
import { InputsChanged, NeedsRun, solve, type SolveReport } from "../../solve/index.ts";
import type { AdoptedBase } from "../../cache/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions, BuildResult } from "../api/api.ts";
import type { Prepared } from "../engine/protocol.ts";
import { checkGiven } from "../input/check-given.ts";
import { checkedResult, keepResult, tellResult } from "./check-result.ts";
import { type AssembledImage, assembleImage } from "./assemble.ts";
import { imageResolver } from "../bases/bases.ts";
import { tellFindings } from "../describe/check-build.ts";
import { openCaches } from "../cache/build-caches.ts";
import { withoutLostLayers } from "../cache/without-lost.ts";
import { checkAttest } from "../attestations/check-attest.ts";
import { noteAttestations } from "../attestations/kept-attestations.ts";
import type { DoneBuild } from "../attestations/provenance-of.ts";
import { cacheControl } from "./cache-control.ts";
import { readInput, sourceTime } from "../input/build-input.ts";
import type { Engine } from "../engine/engine.ts";
import type { LockedInputs, LockedRooms } from "../lock/locked-inputs.ts";
import type { ReadLock } from "../lock/lock-place.ts";
import { namedContext } from "../input/named-context.ts";
import { builtFor, mergePlans, ownImage } from "../bases/platforms.ts";
import { nameLayers } from "./name-layers.ts";
import { announcePlan, shownEvents } from "./plan-events.ts";
import { fromStore } from "../bases/stored-base.ts";
import { checkAnnotated } from "../outputs/check-annotated.ts";
import { readOutputs, storedNames, tellTimes } from "../outputs/read-outputs.ts";
import type { Output } from "../outputs/output.ts";
import { shapeLayers, shapeOf } from "./shape-layers.ts";
import { stageUsage } from "./stage-usage.ts";
import { reportWaste } from "./tell-waste.ts";

/**
 * One build, from the Dockerfile's text to an image in the store and its outputs.
 * @param engine undefined while only the cache may be asked: then NeedsRun is thrown as soon as anything would have to run.
 * @param answers gathers what servers say.
 */
export async function buildWith(
  options: Prepared<BuildOptions>,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
  answers: Answers = new Answers(options.said),
): Promise<BuildResult> {
  const started = Date.now();
  const wanted = checkRequest(options);
  await engine?.checkReachable(wanted, ctx);
  const given = { secrets: options.secrets ?? {}, ssh: options.ssh ?? {} };
  // The address of a proxy may hold a password.
  const proxied = Object.keys(options.buildArgs ?? {}).some((name) => /_proxy$/i.test(name));
  if (proxied || Object.keys(given.secrets).length > 0) engine?.keepOffDisk();
  const caches = await openCaches(options, store, engine, ctx);
  const base: OpRooms = { ...(engine?.rooms(ctx) ?? { store, machinery: undefined }), given, answers };
  const resolveImage = resolver(options, store, engine, ctx, caches?.imported.bases);
  const locked = options.lock && (await lockedInputs(options.lock, { resolveImage, store, engine, options, ctx }));
  const { plan, plans, made, held, dockerfile, source } = await planFrom(
    options,
    base,
    locked?.resolveImage ?? resolveImage,
    ctx,
    locked?.inputs,
  );
  locked?.tellUnused(dockerfile);
  const imagePlatforms = plans.map(({ platform }) => platform);
  checkAnnotated(wanted, imagePlatforms);
  await engine?.requireEmulation(plans, ctx);
  announcePlan(plan, ctx);
  tellTimes(wanted, plan.epoch, ctx);
  if (engine) nameLayers(plan, held, engine);
  const shown = { ...ctx, emit: shownEvents(plan, made, ctx.emit) };
  const shape = shapeOf(options);
  const layers = shape === "squash" ? [] : plan.history.flatMap(({ layer }) => layer ?? []);
  const shipped = new Set(layers.map(({ digest }) => digest));
  const onResult = (vertex: Vertex, tree: FileTree): void => {
    // Layers of the final image are read in a thread while later steps run.
    if (engine && shipped.has(vertex.digest) && tree.kind === "snapshot" && tree.id !== undefined) {
      engine.diffIdOf(tree.id, plan.epoch).catch(() => undefined);
    }
  };
  const asked = { runs: engine !== undefined, caches: caches?.imported.names };
  const control = cacheControl(options, plan, dockerfile, store, asked, shown);
  const { lists } = control;
  const rooms = { ...base, bases: held, lists, carriedMount: caches?.carriedMount };
  const solveOnce = (): Promise<SolveReport<FileTree>> => {
    lists?.clear();
    return solve(
      plan.root,
      {
        op: (vertex) => opFor(vertex, rooms),
        ...control.solve,
        also: plans.slice(1).map(({ root }) => root),
        jobs: options.jobs ?? availableParallelism(),
        lookupOnly: engine === undefined,
        solvedAgain: () => engine !== undefined && store.travelled.standsOn(engine.lostLayers),
        onResult,
      },
      shown,
    );
  };
  const report = await withoutLostLayers(() => untilUnchanged(solveOnce, ctx), engine, ctx);
  const solved = { plan, plans, report, rooms };
  const told = new Set<string>();
  const makeImage = async (one: BuildPlan): Promise<MadeImage> => {
    const whole = { plan: one, result: resultOf(one, report) };
    const shaped = await shapeLayers(whole, shape, store, engine, ctx);
    const assembled = await assembleImage(shaped.plan, shaped.result, store, engine);
    const image = caches ? await caches.inline(assembled, one, solved) : assembled;
    const findings = await checkedResult(image, one, store, engine, ctx);
    const violation = await tellResult(findings, { dockerfile, options, plan: one, told }, ctx);
    if (violation) throw violation;
    const ran = one.vertices.filter(({ digest }) => report.ran.has(digest)).length;
    const facts = {
      dockerfile: options.dockerfile,
      target: one.target.name,
      duration: Date.now() - started,
      steps: countSteps(one),
      cachedSteps: countSteps(one) - ran,
      stages: stageUsage(one, report, store, image.id),
      skippedStages: one.skippedStages,
      bases: one.bases,
    };
    // What the cache answered whole was built by an earlier build, which has more to tell; so it writes nothing either.
    const earlier = ran === 0 ? store.images.get(image.id)?.facts : undefined;
    const same = earlier?.dockerfile === facts.dockerfile && earlier?.target === facts.target ? earlier : undefined;
    store.images.put({ ...image, facts: same ?? facts }, image.configBytes);
    keepResult(image, one, findings, store);
    await reportWaste({ whole, shaped, shape, image: image.id, told }, store, engine, ctx);
    return { ...image, facts };
  };
  const images: [MadeImage, ...MadeImage[]] = [await makeImage(plans[0])];
  for (const one of plans.slice(1)) images.push(await makeImage(one));
  const ids = images.map(({ id }) => id);
  const names = storedNames(options);
  for (const tag of names) store.images.tag(tag, images[0].id, ...ids.slice(1));
  for (const warning of plan.warnings) ctx.emit(warning);
  const done = {
    options,
    dockerfile,
    source,
    plans,
    ids,
    ran: report.ran,
    answers,
    started,
    invocationId: randomUUID(),
  };
  const attested = await noteAttestations(done, store);
  const outputs = engine ? await engine.writeOutputs({ ids, outputs: wanted, attested }, ctx) : [];
  await caches?.write(solved);
  const own = ownImage(images);
  return {
    imageId: own.id,
    images: images.map(({ id, size, config }) => ({ platform: formatPlatform(config), imageId: id, size })),
    names,
    size: own.size,
    compressedLayers: store.remoteLayers.uncounted(own.snapshots) || undefined,
    facts: { ...own.facts, ...mergedFacts(plan, plans, images, report) },
    outputs,
    record: await recordOf(done, options.record),
  };
}

async function recordOf(done: DoneBuild, mode: BuildOptions["record"]): Promise<BuildResult["record"]> {
  return mode && (await import("../attestations/build-record.ts")).buildRecord(done, mode);
}

type MadeImage = AssembledImage & { readonly facts: BuildResult["facts"] };

/** What several platforms took together; a stage that they share is one. */
function mergedFacts(
  whole: BuildPlan,
  plans: readonly BuildPlan[],
  images: readonly MadeImage[],
  report: SolveReport<FileTree>,
): Partial<BuildResult["facts"]> {
  if (plans.length === 1) return {};
  const roots = new Set<Digest>();
  const stages = plans.flatMap((plan, at) =>
    (images[at]?.facts.stages ?? []).flatMap((usage) => {
      const stage = plan.stages.find(({ name }) => name === usage.name);
      if (!stage || roots.has(stage.root.digest)) return [];
      roots.add(stage.root.digest);
      return [{ ...usage, name: `${usage.name} (${formatPlatform(stage.platform)})` }];
    }),
  );
  const steps = countSteps(whole);
  const { skippedStages, bases } = whole;
  return { steps, cachedSteps: steps - report.ran.size, stages, skippedStages, bases };
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

/** Throws for names and outputs that could only fail after all the work; gives the outputs as they were understood. */
function checkRequest(options: Prepared<BuildOptions>): readonly Output[] {
  checkGiven(options);
  const { platforms } = builtFor(options.platforms);
  for (const tag of options.tags ?? []) {
    if (parseReference(tag).digest !== undefined) {
      const message = `Cannot name an image ${JSON.stringify(tag)}: a digest is what an image has, not a name for it`;
      throw new SlipwayError({ code: "SLIP_REFERENCE", message, hint: "write NAME:TAG" });
    }
  }
  const outputs = readOutputs({ ...options, platforms: platforms.length });
  checkAttest(options.attest, outputs);
  return outputs;
}

function resolver(
  { baseImages = "auto", debianMirror: mirror, pull }: Pick<BuildOptions, "baseImages" | "debianMirror" | "pull">,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
  carried?: readonly AdoptedBase[],
): ImageResolver {
  return imageResolver(store, engine, { baseImages, mirror, pull, carried }, ctx);
}

async function lockedInputs(lock: ReadLock, rooms: LockedRooms): Promise<LockedInputs> {
  return new (await import("../lock/locked-inputs.ts")).LockedInputs(lock, rooms);
}

export interface PlannedBuild {
  /** What is built for all platforms together. */
  readonly plan: BuildPlan;
  /** One a platform, in the order asked for. */
  readonly plans: readonly [BuildPlan, ...BuildPlan[]];
  /** Ids of base images that had to be made for it. */
  readonly made: ReadonlySet<Digest>;
  /** Its base images that are in the store. */
  readonly held: ReadonlyMap<Digest, HeldBase>;
  readonly dockerfile: Dockerfile;
  /** What brought the context, where it is no folder. */
  readonly source: SourceOp | undefined;
}

/** Reads what a build is to be made from, checks and plans it. */
export async function planFrom(
  options: Prepared<BuildOptions>,
  rooms: OpRooms,
  resolveImage: ImageResolver,
  ctx: Ctx,
  inputs?: InputWatch,
): Promise<PlannedBuild> {
  const { store } = rooms;
  const input = await readInput(options, rooms, ctx, inputs);
  const dockerfile = parseDockerfile(input.text, { file: input.file });
  const made = new Set<Digest>();
  const held = new Map<Digest, HeldBase>();
  const configs = new Map<string, ImageConfig>();
  const { platforms, given } = builtFor(options.platforms);
  const checked = {
    dockerfile,
    options,
    ignore: input.ignore,
    configOf: (name: string, wanted: Platform) => configs.get(`${name} ${formatPlatform(wanted)}`),
  };
  const planFor = (target: Platform): Promise<BuildPlan> =>
    planBuild({
      dockerfile,
      target: options.target,
      buildArgs: options.buildArgs ?? {},
      labels: options.labels ?? {},
      context: input.context,
      contextTime: input.time,
      sourceTime: (op) => sourceTime(op, rooms, ctx),
      namedContexts: Object.fromEntries(
        Object.entries(options.buildContexts ?? {}).map(([name, value]) => [name, namedContext(name, value)]),
      ),
      platform: target,
      buildPlatform: defaultPlatform(),
      platformGiven: given,
      namePlatforms: platforms.length > 1,
      network: options.network === "none" ? "none" : "host",
      allow: new Set([
        ...(options.allow ?? []).filter((right) => right !== "buildx.local.delete"),
        ...(options.network === "host" ? (["network.host"] as const) : []),
      ]),
      exec: options.exec,
      inputs,
      resolveImage: async (name, platform) => {
        const image = await resolveImage(name, platform);
        if (!fromStore(image.origin)) made.add(image.id);
        // Its files may be asked for when the image has been removed; what this build has looked up, nothing removes.
        const stored = store.images.get(image.id);
        if (stored || rooms.planning) {
          held.set(image.id, { diffIds: image.config.rootfs.diff_ids, top: stored?.snapshots.at(-1) });
        }
        configs.set(`${name} ${formatPlatform(platform)}`, image.config);
        return image;
      },
    });
  const [first, ...others] = await Promise.all(platforms.map(planFor)).catch((error: unknown) => {
    // What the checks have to say may be why.
    if (!(error instanceof NeedsRun)) tellFindings(checked, ctx);
    throw error;
  });
  const violation = tellFindings(checked, ctx);
  if (violation) throw violation;
  const plans: PlannedBuild["plans"] = [first as BuildPlan, ...others];
  return { plan: mergePlans(plans), plans, made, held, dockerfile, source: input.context.source };
}

function resultOf({ root }: BuildPlan, report: SolveReport<FileTree>): FileTree {
  const result = report.peek(root);
  if (result) return result;
  throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot make the image: a platform was not built" });
}

/** Steps that the cache can spare: all but sources. */
function countSteps(plan: BuildPlan): number {
  return plan.vertices.filter(
    ({ op }) => !["scratch", "image", "context", "link", "http", "git", "archive"].includes(op.kind),
  ).length;
}
