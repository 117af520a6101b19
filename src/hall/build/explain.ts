import { canonicalJson, type Digest, sha256 } from "../../base/index.ts";
import { linkParts, type Vertex } from "../../graph/index.ts";
import type { FileTree } from "../../ops/index.ts";
import { compareParts, distance, isKeyParts, type KeyParts, type Miss, type MissCause } from "../../solve/index.ts";
import type { KeyNote, Store } from "../../store/index.ts";

/** What is known of the build whose misses are explained. */
export interface ExplainedBuild {
  readonly store: Store;
  /** What tells this Dockerfile from others: its path, or what it was given as. */
  readonly dockerfile: string;
  readonly buildArgs: ReadonlySet<string>;
  /** Steps that were asked to be made anew. */
  readonly noCache: ((vertex: Vertex) => boolean) | undefined;
  /** Caches from elsewhere that were read; none of them had what is missed. */
  readonly caches?: readonly string[] | undefined;
}

/** Tells why steps run, from notes of what the keys of earlier ones were made of, and leaves such notes. */
export interface Explainer {
  causesOf(miss: Pick<Miss<FileTree>, "vertex" | "identity" | "forced" | "op" | "inputs">): readonly MissCause[];
  /** The note to keep with the record of a step that was asked for. */
  noteOf(identity: Digest): KeyNote | undefined;
}

export function explainer(build: ExplainedBuild): Explainer {
  const notes = new Map<Digest, KeyNote>();
  return {
    causesOf: ({ vertex, identity, forced, op, inputs }) => {
      const parts = op.parts?.(inputs);
      if (!parts) return [];
      const place = nameOf([build.dockerfile, vertex.origin.stage ?? ""]);
      const text = nameOf(parts.instruction);
      const position = vertex.origin.position?.[0] ?? 0;
      const causes = forced
        ? [forcedCause(vertex, build)]
        : missCauses(parts, { key: identity, place, text, position }, vertex, build);
      notes.set(identity, { key: identity, place, position, text, made: Date.now(), why: causeText(causes), parts });
      return causes;
    },
    noteOf: (identity) => notes.get(identity),
  };
}

function nameOf(value: unknown): string {
  return sha256(canonicalJson(value)).slice(7, 27);
}

function forcedCause(vertex: Vertex, { noCache }: ExplainedBuild): MissCause {
  const asked = noCache?.(vertex) === true;
  return { kind: "no-cache", text: asked ? "--no-cache" : "it follows a step that is made anew" };
}

type Wanted = Pick<KeyNote, "key" | "place" | "text" | "position">;

function missCauses(now: KeyParts, wanted: Wanted, vertex: Vertex, build: ExplainedBuild): readonly MissCause[] {
  const { store } = build;
  const gone = store.keyNotes.get(wanted.key);
  if (gone) return [{ kind: "pruned", text: `it was built before, and ${gone.gone ?? "pruned"}` }];
  const before = nearest(store.keyNotes.near(wanted.place, wanted.text), now, wanted);
  if (!before) {
    const asked = (build.caches ?? []).length;
    const elsewhere = asked === 0 ? "" : asked === 1 ? ", and the cache does not have it" : ", and no cache has it";
    return [{ kind: "never-built", text: `never built before${elsewhere}` }];
  }
  const causes = compareParts(before, now, build.buildArgs);
  if (causes.length === 0) return [{ kind: "pruned", text: "what it was built from is gone" }];
  const [base] = vertex.inputs;
  return causes.map((cause) =>
    cause.kind === "parent" && base ? { kind: "parent", text: `it follows ${stepName(base)}` } : cause,
  );
}

/** `[build 2/4] RUN make`, cut. A linked copy is named by the copy. */
export function stepName(vertex: Vertex): string {
  const { origin } = linkParts(vertex)?.copy ?? vertex;
  const { stage, position } = origin;
  const tag = [stage, position?.join("/")].filter((part) => part !== undefined).join(" ");
  const text = origin.text.replace(/\\?\s*\n\s*/g, " ");
  return `${tag === "" ? "" : `[${tag}] `}${text.length > 50 ? `${text.slice(0, 49)}…` : text}`;
}

/** What an earlier step was made of that is most like this one: of the same words, or in the same place. */
function nearest(notes: readonly KeyNote[], now: KeyParts, wanted: Wanted): KeyParts | undefined {
  let best: { readonly parts: KeyParts; readonly far: number } | undefined;
  for (const { place, position, text, parts } of notes) {
    if (!isKeyParts(parts)) continue;
    const here = place === wanted.place && position === wanted.position;
    const sameKind = keyword(parts) === keyword(now);
    if (text !== wanted.text && !(here && sameKind)) continue;
    const far = distance(parts, now) + (place === wanted.place ? 0 : 50) + (here ? 0 : 1);
    // Of two as near the later one, which comes first.
    if (!best || far < best.far) best = { parts, far };
  }
  return best?.parts;
}

function keyword({ instruction }: KeyParts): string {
  return (/^\S+/.exec(instruction)?.[0] ?? "").toUpperCase();
}

/** So many reasons are told in a line. */
const told = 3;

/** The reasons in one line: `src/a.c changed, src/b.c is new and 4 more`. */
export function causeText(causes: readonly MissCause[], most: number = told): string {
  // What stands below follows from it: it is told when there is nothing else to tell.
  const own = causes.filter(({ kind }) => kind !== "parent");
  const shown = own.length > 0 ? own : causes;
  const rest = shown.length - most;
  const texts = shown.slice(0, most).map(({ text }) => text);
  return rest > 0 ? `${texts.join(", ")} and ${rest} more` : texts.join(", ");
}
