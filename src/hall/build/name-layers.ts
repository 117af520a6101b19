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
  for (const { op, origin } of vertices) {
    const top = op.kind === "image" ? held.get(op.id)?.top : undefined;
    if (op.kind === "image" && top !== undefined) engine.nameLayers(top, { name: op.name, stage: origin.stage });
  }
}
