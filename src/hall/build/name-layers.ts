import type { Digest } from "../../base/index.ts";
import type { HeldBase } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { Engine } from "../engine/engine.ts";

/** Tells the engine what the layers of the build's images are for, should a step need their files. */
export function nameLayers(
  { vertices }: BuildPlan,
  held: ReadonlyMap<Digest, HeldBase>,
  engine: Pick<Engine, "nameLayers">,
): void {
  const stages = new Map<Digest, Set<string>>();
  for (const { inputs, origin } of vertices) {
    for (const { op } of inputs) {
      if (op.kind !== "image" || origin.stage === undefined) continue;
      stages.set(op.id, (stages.get(op.id) ?? new Set()).add(origin.stage));
    }
  }
  for (const { op } of vertices) {
    const top = op.kind === "image" ? held.get(op.id)?.top : undefined;
    if (op.kind !== "image" || top === undefined) continue;
    const users = [...(stages.get(op.id) ?? [])];
    engine.nameLayers(top, { name: op.name, stage: users.length === 0 ? undefined : users.join(", ") });
  }
}
