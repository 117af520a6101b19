import { existsSync } from "node:fs";
import type { AdoptedBase } from "../../cache/index.ts";
import { type Ctx, type Digest, digestOf, SlipwayError, toSlipwayError } from "../../base/index.ts";
import { shownRemote, withoutPassword } from "../../fetch/index.ts";
import type { OpSpec, Vertex } from "../../graph/index.ts";
import { Answers, type FileTree, opFor, type OpRooms } from "../../ops/index.ts";
import type { ImageResolver } from "../../plan/index.ts";
import { type FileList, type Forecast, forecast, type MissCause, NeedsRun } from "../../solve/index.ts";
import { defaultStoreRoot, openStore, openTrialStore, type Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { imageResolver, isArchiveName, isAway } from "../bases/bases.ts";
import { planFrom, type PlannedBuild } from "../build/build-with.ts";
import { cacheControl } from "../build/cache-control.ts";
import { causeText, type Explainer, stepName } from "../build/explain.ts";
import { lazyImages } from "./lazy-images.ts";
import { foreseenCaches } from "./foreseen-caches.ts";
import { foreseeShape } from "./foresee-shape.ts";
import { readsInput, spoolInput } from "../input/spool-input.ts";
import type { LockedInputs } from "../lock/locked-inputs.ts";
import type { Foreseen, ForeseenStep, ResolvedGraph } from "../api/foresee-api.ts";

/** As `foresee` of foresee.ts. */
export async function foresee(options: BuildOptions): Promise<Foreseen> {
  const { store: root = defaultStoreRoot(), cacheFrom = [] } = options;
  using store = cacheFrom.length > 0 ? openTrialStore(root) : openUnchanged(root);
  const ctx = quiet(options);
  const caches = await foreseenCaches(options, store, root, warning(options));
  const { planned, unknown, away } = await planUnchanged(options, store, ctx, caches?.bases);
  const { plan, plans, held, dockerfile } = planned;
  const { solve, explainer } = cacheControl(
    options,
    plan,
    dockerfile,
    store,
    { runs: false, caches: caches?.names },
    ctx,
  );
  const lists = new Map<Digest, Readonly<Record<string, FileList>>>();
  const rooms = { ...planningRooms(store), lists, bases: held };
  const found = await forecast<FileTree>(
    plans.map(({ root }) => root),
    plan.vertices,
    {
      op: (vertex) => opFor(vertex, rooms),
      cache: { get: (key) => entryOf(store, key), promised: (definition) => store.travelled.promised(definition) },
      noCache: solve.noCache,
      away: ({ op }) => op.kind === "image" && away.has(op.id),
      // What a server has now, only a build asks.
      unknown: ({ op }) => (op.kind === "image" ? unknown.has(op.id) : op.kind === "http" || op.kind === "git"),
    },
    ctx,
  );
  const lazy = lazyImages(found, store);
  const steps = found.filter(({ vertex }) => vertex.op.kind !== "scratch" && vertex.op.kind !== "link");
  return {
    target: plan.target.name,
    steps: [
      ...steps.map((one) => ({ ...stepOf(one, explainer, store), ...lazy.get(one.vertex.digest) })),
      ...plans.flatMap((one) => foreseeShape(options, one, found, store)),
    ],
    skippedStages: plan.skippedStages,
  };
}

function stepOf(one: Forecast<FileTree>, explainer: Explainer, store: Store): ForeseenStep {
  const { vertex, identity, forced, op, inputs } = one;
  const { origin, digest: id } = vertex;
  const status = one.status === "fetch" ? "pull" : one.status;
  const causes =
    one.status !== "run"
      ? []
      : identity === undefined
        ? followed(one)
        : explainer.causesOf({ vertex, identity, forced, op, inputs });
  const note = one.status === "hit" && identity !== undefined ? store.keyNotes.get(identity) : undefined;
  return {
    id,
    stage: origin.stage,
    position: origin.position,
    text: origin.text,
    line: origin.location?.span.startLine,
    status,
    because: becauseOf(one, causes, store),
    causes,
    dependsOn: one.status === "maybe" ? one.waitsFor.map(({ digest }) => digest) : [],
    made: note && { time: note.made, why: note.why || undefined },
  };
}

function followed({ waitsFor, forced }: Forecast<FileTree>): readonly MissCause[] {
  if (forced) return [{ kind: "no-cache", text: "--no-cache" }];
  const [first] = waitsFor;
  return first ? [{ kind: "parent", text: `it follows ${stepName(first)}` }] : [];
}

function becauseOf(
  { vertex, status, waitsFor, identity }: Forecast<FileTree>,
  causes: readonly MissCause[],
  store: Store,
): string | undefined {
  switch (status) {
    case "run":
      return causeText(causes);
    case "fetch":
      if (vertex.op.kind !== "image") return "a server is asked for it";
      if (identity !== undefined) return "its registry has it";
      return store.images.get(vertex.op.id) ? "a newer one is asked for" : "it is made from the Debian archive";
    case "maybe":
      return `depends on ${waitsFor.map((input) => stepName(input)).join(", ")}`;
    default:
      return undefined;
  }
}

function entryOf(store: Store, key: Digest) {
  const record = store.records.peek(key);
  return record && { identity: record.identity, result: { kind: "snapshot", id: record.snapshot } as const };
}

/** As `graphOf` of foresee.ts. */
export async function graphOf(options: BuildOptions): Promise<ResolvedGraph> {
  using store = openUnchanged(options.store);
  const { planned, unknown } = await planUnchanged(options, store, quiet(options));
  const { plan, plans } = planned;
  return {
    target: plan.target.name,
    images: plans.map(({ platform, root, config, author }) => ({ platform, root: root.digest, config, author })),
    stages: plan.stages.map(({ name, index, root, shipped }) => ({ name, index, root: root.digest, shipped })),
    skippedStages: plan.skippedStages,
    sources: plan.vertices.flatMap((vertex) => sourceOf(vertex, plan.bases, unknown)),
    vertices: plan.vertices.map(({ digest, op, inputs, origin }) => ({
      digest,
      op: shownOp(op),
      inputs: inputs.map((input) => input.digest),
      stage: origin.stage,
      position: origin.position,
      text: origin.text,
      line: origin.location?.span.startLine,
    })),
  };
}

function sourceOf(
  { digest, op }: Vertex,
  bases: Readonly<Record<string, string>>,
  unknown: ReadonlySet<Digest>,
): ResolvedGraph["sources"] {
  if (op.kind === "image") {
    const id = unknown.has(op.id) ? undefined : op.id;
    return [{ digest, kind: "image", name: op.name, id, origin: bases[op.name] }];
  }
  switch (op.kind) {
    case "context":
      return [{ digest, kind: "context", name: op.name, path: op.path }];
    case "http":
      return [{ digest, kind: "http", name: withoutPassword(op.url) }];
    case "git":
      return [{ digest, kind: "git", name: shownRemote(op.source.remote) }];
    case "archive":
      return [{ digest, kind: "archive", name: op.context ?? "context" }];
    default:
      return [];
  }
}

/** The address of a proxy, of a file or of a repository may hold a password. */
function shownOp(op: OpSpec): OpSpec {
  if (op.kind === "http") return { ...op, url: withoutPassword(op.url) };
  if (op.kind === "git") return { ...op, source: { ...op.source, remote: shownRemote(op.source.remote) } };
  return op.kind === "exec" ? { ...op, secretEnv: undefined } : op;
}

function quiet({ signal = new AbortController().signal }: BuildOptions): Ctx {
  return { signal, emit: () => undefined };
}

/** What is of use to know of a plan. */
function warning({ signal = new AbortController().signal, onEvent }: BuildOptions): Ctx {
  return { signal, emit: (event) => (event.type === "warning" ? onEvent?.(event) : undefined) };
}

/** A store that is not there is not made for that: an empty one stands in for it. */
function openUnchanged(root: string = defaultStoreRoot()): Store {
  return existsSync(root) ? openStore(root) : openTrialStore(root);
}

/**
 * Plans with what is in the store. Of an image that is not, its registry says what a build would bring; a Debian base that comes from the archive is taken
 * as it will most likely be.
 */
async function planUnchanged(
  options: BuildOptions,
  store: Store,
  ctx: Ctx,
  carried?: readonly AdoptedBase[],
): Promise<Foreknown> {
  const unknown = new Set<Digest>();
  const away = new Set<Digest>();
  const { signal: _signal, onEvent: _onEvent, input, ...plain } = options;
  const { baseImages = "auto", pull } = plain;
  const stored = imageResolver(store, undefined, { baseImages, planning: true, carried }, ctx);
  const resolve: ImageResolver = async (name, platform) => {
    try {
      const known = await stored(name, platform);
      if (pull && known.origin !== "store") unknown.add(known.id);
      return known;
    } catch (error) {
      if (!(error instanceof NeedsRun)) throw error;
    }
    const ofArchive = baseImages !== "registry" && (await isArchiveName(name, baseImages));
    if (baseImages !== "archive") {
      try {
        const { askedImage } = await import("./asked-image.ts");
        const image = await askedImage(name, platform, ofArchive, ctx);
        away.add(image.id);
        return image;
      } catch (error) {
        if (!ofArchive || !isAway(error)) throw notHere(name, error);
      }
    }
    const { archiveConfig } = await import("../bases/archive-config.ts");
    const config = ofArchive ? archiveConfig(name, platform) : undefined;
    if (!config) throw notHere(name);
    const id = digestOf({ base: name, platform });
    unknown.add(id);
    return { id, name, origin: "Debian archive", config };
  };
  const spooled = readsInput(plain) ? await spoolInput(plain, input ?? process.stdin, store) : undefined;
  try {
    const locked = options.locked ? await lockedInputs(options, resolve, store, ctx) : undefined;
    const found = locked?.resolveImage ?? resolve;
    const planned = await planFrom({ ...plain, spooled }, planningRooms(store), found, ctx, locked?.inputs);
    return { planned, unknown, away };
  } catch (error) {
    if (!(error instanceof NeedsRun)) throw error;
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Cannot foresee a build from ${options.context}: its files would have to be fetched`,
      hint: "clone or unpack it, and name the folder; a build fetches it",
    });
  }
}

interface Foreknown {
  readonly planned: PlannedBuild;
  /** Images of which nobody knows yet what they will be. */
  readonly unknown: ReadonlySet<Digest>;
  /** Images that are known, and come from their registry first. */
  readonly away: ReadonlySet<Digest>;
}

async function lockedInputs(
  options: BuildOptions,
  resolveImage: ImageResolver,
  store: Store,
  ctx: Ctx,
): Promise<LockedInputs> {
  const [{ LockedInputs: Inputs }, { readLock }] = await Promise.all([
    import("../lock/locked-inputs.ts"),
    import("../lock/lock-place.ts"),
  ]);
  return new Inputs(readLock(options), { resolveImage, store, engine: undefined, options, ctx });
}

function planningRooms(store: Store): OpRooms {
  return { store, machinery: undefined, planning: true, answers: new Answers() };
}

/** @param cause why its registry did not tell; without it nobody was asked. */
function notHere(name: string, cause?: unknown): SlipwayError {
  const why = cause === undefined ? "" : `, and its registry did not tell: ${toSlipwayError(cause).message}`;
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot foresee a build from ${JSON.stringify(name)}: it is not in the store${why}`,
    cause,
    hint: `\`slipway pull ${name}\` brings it; --build-context ${name}=docker-image://debian:bookworm stands another image in for it`,
  });
}
