import { type Ctx, type Digest, formatByteSize } from "../../base/index.ts";
import type { Waste, WasteKind } from "../../fold/index.ts";
import type { Vertex } from "../../graph/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { Store } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { layersOf, type Shape, type Shaped, sizeOf, stackOf } from "./shape-layers.ts";

/** Raised when waste is found in another way. */
const version = 1;
/** Less than this is not worth a note. */
const threshold = 10_000_000;
/** Layers of so many entries are looked at before a thread has started. */
const few = 10_000;

interface WasteReport {
  readonly shape: Shape | undefined;
  readonly waste: readonly Waste[];
}

/**
 * Tells what the layers of a build hold in vain, or what was taken out of them. A build that runs looks for it, at the price of some look-ups in folders
 * that several layers have; one that is cached knows what an earlier one found, or nothing.
 * @param image what was made of them; it must be in the store.
 * @param told what was told of the images of other platforms; it is not told again.
 */
export async function reportWaste(
  { whole, shaped, shape, image, told }: WasteOf,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<void> {
  const known = store.facts.get(factKey(image)) as WasteReport | undefined;
  const report = known ?? (await lookForWaste(whole, shaped, shape, engine, ctx));
  if (!report) return;
  if (!known) store.facts.set(factKey(image), report, image);
  tellWaste(report, whole.plan, told, ctx);
}

interface WasteOf {
  readonly whole: Shaped;
  readonly shaped: Shaped;
  readonly shape: Shape | undefined;
  readonly image: Digest;
  readonly told: Set<string>;
}

async function lookForWaste(
  { plan, result }: Shaped,
  shaped: Shaped,
  shape: Shape | undefined,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<WasteReport | undefined> {
  if (shape !== undefined) return shaped.waste && { shape, waste: shaped.waste };
  if (!engine) return undefined;
  const { store } = engine;
  const { own, base } = layersOf(plan, result, store);
  // What hides nothing large has nothing large in vain.
  if (sizeOf(own.slice(0, -1)) < threshold || own.some(({ id }) => store.remoteLayers.of(id))) return undefined;
  const { findWaste } = await import("../../fold/index.ts");
  const small = own.reduce((sum, { entries }) => sum + entries, 0) < few;
  return { shape, waste: await findWaste(stackOf(own, base, engine), { small, signal: ctx.signal }) };
}

function factKey(image: Digest): string {
  return `waste/${version}/${image}`;
}

/** Which lines of the Dockerfile doubled or hid bytes of which others, as one note. */
function tellWaste({ shape, waste }: WasteReport, plan: BuildPlan, told: Set<string>, ctx: Ctx): void {
  const bytes = waste.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes < (shape === undefined ? threshold : 1)) return;
  const layers = plan.history.flatMap(({ layer }) => layer ?? []);
  // What is a hundredth of it is not what it is about.
  const causes = waste.filter((one) => 100 * one.bytes >= bytes).map((one) => causeText(one, layers));
  const list = [...causes.slice(0, most), ...(causes.length > most ? [`and ${causes.length - most} more`] : [])].join(
    ", ",
  );
  const key = list.replace(/[\d.]+[kMGTP]?B/g, "");
  if (told.has(key)) return;
  told.add(key);
  const size = formatByteSize(bytes);
  const message =
    shape === undefined ? `${size} are in the layers for nothing: ${list}` : `${words[shape]} ${size} away: ${list}`;
  const hint = [
    "slipway build --fold takes them out; the files stay as they are",
    remedyFor(waste[0] as Waste, layers),
  ];
  ctx.emit({
    type: "warning",
    note: true,
    message,
    hint: shape === undefined ? hint.filter(Boolean).join(". ") : undefined,
  });
}

const words: Readonly<Record<Shape, string>> = { fold: "Folded", squash: "Squashed" };

/** What would not have put the bytes there. */
function remedyFor({ kind, by, of }: Waste, layers: readonly Vertex[]): string | undefined {
  const instruction = /^(?:COPY|ADD)(?= )/i.exec(layers[of]?.origin.text ?? "")?.[0].toUpperCase();
  const flag = kind === "owner" ? "--chown" : kind === "mode" ? "--chmod" : undefined;
  const place = placeOf(layers[of]);
  if (flag !== undefined && instruction !== undefined)
    return `With ${instruction} ${flag} in ${place} they would not be there`;
  const inRuns = [by, of].every((at) => layers[at]?.op.kind === "exec");
  return inRuns ? `Done in the RUN of ${place}, they would not be there` : undefined;
}

function causeText({ kind, by, of, bytes }: Waste, layers: readonly Vertex[]): string {
  return `${placeOf(layers[by])} ${verbs[kind]} ${formatByteSize(bytes)} of ${placeOf(layers[of])}${ends[kind]}`;
}

function placeOf(vertex: Vertex | undefined): string {
  const { text, location } = (vertex as Vertex).origin;
  return location === undefined ? text.slice(0, 40) : `line ${location.span.startLine}`;
}

/** Causes that a note names. */
const most = 3;

/** What a line does to bytes of another, with what comes behind those in `ends`. */
const verbs: Readonly<Record<WasteKind, string>> = {
  owner: "changes the owner of",
  mode: "changes the mode of",
  again: "writes",
  replaced: "replaces",
  deleted: "deletes",
};
const ends: Readonly<Record<WasteKind, string>> = {
  owner: "",
  mode: "",
  again: " once more",
  replaced: "",
  deleted: "",
};
