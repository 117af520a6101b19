import { didYouMean, SlipwayError } from "../base/index.ts";
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

/** Names in COPY --from that hold no variable, and those in RUN --mount, which never do. */
export function literalReferences(stage: Stage): readonly string[] {
  return stage.instructions.flatMap((instruction) => {
    if (instruction.kind === "run") {
      const fields = instruction.mounts.flatMap(({ fields: all }) => all);
      return fields.flatMap(({ key, value }) => (key === "from" && value !== undefined ? [value] : []));
    }
    const from = instruction.kind === "copy" ? instruction.from?.text : undefined;
    return from === undefined || /[$"'\\`]/.test(from) ? [] : [from];
  });
}

/** A hint that lists the stages, a guess first. */
export function nearest(name: string, all: readonly Stage[]): string {
  const named = all.flatMap((stage) => (stage.name === undefined ? [] : [stage.name]));
  if (named.length > 0) {
    const listed = `the stages are ${named.join(", ")}`;
    const guess = didYouMean(name.toLowerCase(), named);
    return guess === undefined ? listed : `${guess} ${listed}`;
  }
  return all.length === 0
    ? "no stage comes before it"
    : `no stage has a name; they are numbered from 0 to ${all.length - 1}`;
}
