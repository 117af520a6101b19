import type { Edit, LayerStack, Waste, WasteKind } from "./contract.ts";
import { below, inodeOf, type LayerEntry, namesIn, readEntry } from "./layer-entry.ts";
import type { Occurrence } from "./merged-run.ts";

/** What belongs together: either all of it is done, or the merged tree would be another. */
interface Decision {
  readonly edits: { readonly layer: number; readonly path: string; readonly edit: Edit }[];
  /** It takes bytes away. */
  gains: boolean;
}

type Cause = Pick<Waste, "kind" | "by" | "of">;

/** A file that may be kept in the lowest of the layers that have its content. */
interface Candidate {
  readonly path: string;
  readonly top: Occurrence;
  readonly middle: readonly Occurrence[];
  readonly lowest: Occurrence;
}

interface DropOptions {
  readonly also?: Occurrence | undefined;
  readonly whiteout?: Occurrence | undefined;
  readonly same?: boolean | undefined;
}

/** Names of one file in one layer that go; its bytes go with the last of them. */
interface Names {
  readonly decisions: Set<Decision>;
  readonly cause: Cause;
  gone: number;
}

export interface Settled {
  readonly edits: readonly Map<string, Edit>[];
  /** Layers that lose or change bytes, whether or not times happen to be equal: what else is done must not depend on that. */
  readonly dirty: ReadonlySet<number>;
  readonly waste: readonly Waste[];
}

/** Gathers what is to be done to layers, weighs it in bytes, and keeps what is worth it. */
export class Decisions {
  readonly #layers: number;
  readonly #xattrs: LayerStack["overlayXattrs"];
  readonly #decisions: Decision[] = [];
  readonly #candidates = new Map<string, Candidate[]>();
  readonly #names = new Map<string, Names>();
  readonly #waste = new Map<string, Waste>();

  constructor(layers: number, xattrs: LayerStack["overlayXattrs"]) {
    this.#layers = layers;
    this.#xattrs = xattrs;
  }

  /**
   * What is hidden goes.
   * @param by hides the first of them; each hides the next.
   * @param more.also goes with them; `whiteout` is one of them, of which a whiteout stays; `same`: all of them are files with the same content.
   */
  drop(path: string, by: Occurrence, hidden: readonly Occurrence[], more: DropOptions = {}): void {
    if (hidden.length === 0) return;
    const decision = this.#decision();
    for (const one of more.also ? [...hidden, more.also] : hidden) {
      decision.edits.push({ layer: one.layer, path, edit: { kind: one === more.whiteout ? "whiteout" : "drop" } });
    }
    let upper = by;
    for (const lower of hidden) {
      this.#weigh(decision, { kind: kindOf(upper, lower, more.same), by: upper.layer, of: lower.layer }, lower);
      upper = lower;
    }
  }

  /** A file whose content is the same in several layers goes into the lowest, if its names allow that. */
  keepBelow(path: string, top: Occurrence, middle: readonly Occurrence[], lowest: Occurrence): void {
    const candidate = { path, top, middle, lowest };
    // Most files have one name; those with several wait until all names have been seen.
    if (top.entry.stats.nlink === 1n && lowest.entry.stats.nlink === 1n) {
      this.#keepGroup([candidate]);
      return;
    }
    const key = keyOf(top);
    const others = this.#candidates.get(key);
    if (others) others.push(candidate);
    else this.#candidates.set(key, [candidate]);
  }

  /** After the last. */
  settle(): Settled {
    for (const group of this.#candidates.values()) {
      if (isWhole(group)) this.#keepGroup(group);
      else for (const { path, top, middle, lowest } of group) this.drop(path, top, [...middle, lowest], { same: true });
    }
    const gaining = this.#decisions.filter(({ gains }) => gains);
    const dirty = new Set(gaining.flatMap(({ edits }) => edits.map(({ layer }) => layer)));
    const edits = Array.from({ length: this.#layers }, () => new Map<string, Edit>());
    for (const decision of this.#decisions) {
      if (!decision.gains && !decision.edits.every(({ layer }) => dirty.has(layer))) continue;
      for (const { layer, path, edit } of decision.edits) edits[layer]?.set(path, edit);
    }
    return {
      edits,
      dirty,
      waste: [...this.#waste.values()].sort((a, b) => b.bytes - a.bytes || a.by - b.by || a.of - b.of),
    };
  }

  /** All names of one file. */
  #keepGroup(group: readonly Candidate[]): void {
    const decision = this.#decision();
    for (const { path, top, middle, lowest } of group) {
      for (const { layer } of [top, ...middle]) decision.edits.push({ layer, path, edit: { kind: "drop" } });
      decision.edits.push({ layer: lowest.layer, path, edit: { kind: "attributes", from: top.entry.path } });
      const levels = [top, ...middle, lowest];
      for (const [at, upper] of [top, ...middle].entries()) {
        const lower = levels[at + 1] as Occurrence;
        this.#weigh(decision, { kind: kindOf(upper, lower, true), by: upper.layer, of: lower.layer }, upper);
      }
    }
  }

  #decision(): Decision {
    const decision: Decision = { edits: [], gains: false };
    this.#decisions.push(decision);
    return decision;
  }

  /** Counts the bytes of what goes, a folder with all in it. */
  #weigh(decision: Decision, cause: Cause, { layer, entry }: Occurrence): void {
    const pending: LayerEntry[] = [entry];
    for (let at = pending.pop(); at; at = pending.pop()) {
      if (at.kind === "folder") {
        for (const name of namesIn(at.path)) {
          const inner = readEntry(below(at.path, name), this.#xattrs);
          if (inner) pending.push(inner);
        }
      } else if (at.kind === "file") this.#weighFile(decision, cause, { layer, entry: at });
    }
  }

  #weighFile(decision: Decision, cause: Cause, file: Occurrence): void {
    const { nlink, size } = file.entry.stats;
    if (nlink === 1n) {
      this.#count(decision, cause, Number(size));
      return;
    }
    const key = keyOf(file);
    const names = this.#names.get(key) ?? { decisions: new Set(), cause, gone: 0 };
    this.#names.set(key, names);
    names.decisions.add(decision);
    if (BigInt(++names.gone) < nlink) return;
    for (const one of names.decisions) one.gains ||= size > 0n;
    this.#count(decision, names.cause, Number(size));
  }

  #count(decision: Decision, cause: Cause, bytes: number): void {
    if (bytes === 0) return;
    decision.gains = true;
    const key = `${cause.kind} ${cause.by} ${cause.of}`;
    const sum = this.#waste.get(key) ?? { ...cause, bytes: 0, files: 0 };
    this.#waste.set(key, { ...sum, bytes: sum.bytes + bytes, files: sum.files + 1 });
  }
}

/** All names of a file in the upper layer are one file in the lower one too, which has no others. */
function isWhole(group: readonly Candidate[]): boolean {
  const [first] = group as readonly [Candidate, ...Candidate[]];
  const count = BigInt(group.length);
  return (
    first.top.entry.stats.nlink === count &&
    first.lowest.entry.stats.nlink === count &&
    group.every(({ lowest }) => keyOf(lowest) === keyOf(first.lowest))
  );
}

function keyOf({ layer, entry }: Occurrence): string {
  return `${layer}:${inodeOf(entry)}`;
}

/**
 * What an upper entry did to a lower one of the same path.
 * @param same they have the same content; without it, if they have the same length and time.
 */
function kindOf({ entry: upper }: Occurrence, { entry: lower }: Occurrence, same?: boolean): WasteKind {
  if (upper.kind === "whiteout" || upper.kind === "folder") return "deleted";
  if (upper.kind !== "file" || lower.kind !== "file") return "replaced";
  if (!(same ?? (upper.stats.size === lower.stats.size && upper.stats.mtimeNs === lower.stats.mtimeNs)))
    return "replaced";
  if (upper.stats.uid !== lower.stats.uid || upper.stats.gid !== lower.stats.gid) return "owner";
  return upper.stats.mode === lower.stats.mode ? "again" : "mode";
}
