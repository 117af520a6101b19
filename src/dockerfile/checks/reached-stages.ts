import type { Instruction, Stage } from "../ast.ts";
import type { StageScope } from "./stage-scope.ts";

/** The last stage before `before` with that name, in any case, or number. */
export function stageBefore(all: readonly Stage[], reference: string, before: number): Stage | undefined {
  const name = reference.toLowerCase();
  for (let at = before - 1; at >= 0; at--) if (all[at]?.name === name) return all[at];
  return /^\d{1,9}$/.test(reference) && Number(reference) < before ? all[Number(reference)] : undefined;
}

/** Names in COPY --from and RUN --mount=from. */
export function referencesOf(instruction: Instruction, scope: StageScope): readonly string[] {
  if (instruction.kind === "copy") {
    const name = instruction.from && scope.expand(instruction.from).text;
    return name === undefined || name === "" ? [] : [name];
  }
  if (instruction.kind !== "run") return [];
  return instruction.mounts.flatMap(({ fields }) =>
    fields.flatMap(({ key, value }) => (key === "from" && value !== undefined ? [value] : [])),
  );
}

/**
 * The stages that the target needs, itself included, in file order; all of them without a target or with one that there is not.
 * @param needs by number of the stage: those that it takes from, all before it.
 */
export function reachedStages(
  all: readonly Stage[],
  needs: readonly (readonly number[])[],
  target: string | undefined,
): readonly number[] {
  const start = target === undefined ? undefined : stageBefore(all, target, all.length)?.index;
  if (start === undefined) return all.map(({ index }) => index);
  const reached = new Set([start]);
  for (let at = start; at >= 0; at--) if (reached.has(at)) for (const need of needs[at] ?? []) reached.add(need);
  return [...reached].sort((a, b) => a - b);
}
