import { SlipwayError } from "../base/index.ts";
import type { Dockerfile, Stage } from "../dockerfile/index.ts";

/** The stage's name, or `stage-N` as BuildKit calls it. */
export function stageLabel(stage: Stage): string {
  return stage.name ?? `stage-${stage.index}`;
}

/** The last stage before `before` with that name (any case) or number. */
export function findStage(all: readonly Stage[], reference: string, before: number): Stage | undefined {
  const earlier = all.slice(0, before);
  const name = reference.toLowerCase();
  const named = earlier.findLast((stage) => stage.name === name);
  return named ?? (/^\d+$/.test(reference) ? earlier[Number(reference)] : undefined);
}

/** The stage that `--target` names, or the last one. Throws SLIP_STAGE_UNKNOWN with the names there are. */
export function targetStage(all: readonly Stage[], target: string | undefined, file: Dockerfile): Stage {
  const found = target === undefined || target === "" ? all.at(-1) : findStage(all, target, all.length);
  if (found) return found;
  throw new SlipwayError({
    code: "SLIP_STAGE_UNKNOWN",
    message: `Target stage ${JSON.stringify(target)} not found in ${file.file}`,
    hint: nearest(target ?? "", all),
  });
}

/** Names in COPY --from that hold no variable. */
export function literalReferences(stage: Stage): readonly string[] {
  return stage.instructions.flatMap((instruction) => {
    const from = instruction.kind === "copy" ? instruction.from?.text : undefined;
    return from === undefined || /[$"'\\`]/.test(from) ? [] : [from];
  });
}

/** A hint that lists the stages, the one most like the name first. */
export function nearest(name: string, all: readonly Stage[]): string {
  const named = all.flatMap((stage) => (stage.name === undefined ? [] : [stage.name]));
  if (named.length === 0)
    return all.length === 0
      ? "no stage comes before it"
      : `no stage has a name; stages are numbered from 0 to ${all.length - 1}`;
  const ranked = named.toSorted((a, b) => distance(name.toLowerCase(), a) - distance(name.toLowerCase(), b));
  const best = ranked[0] as string;
  const guess =
    distance(name.toLowerCase(), best) <= Math.max(1, best.length / 3) ? `did you mean ${JSON.stringify(best)}? ` : "";
  return `${guess}the stages are ${named.join(", ")}`;
}

/** Edit distance (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
