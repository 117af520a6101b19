import type { FileTree } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { Forecast } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { ForeseenStep } from "../api/foresee-api.ts";
import { stepName } from "../build/explain.ts";
import { shapeKey, shapeOf, shapeText } from "../build/shape-layers.ts";

/** The squashing or folding that the layers of a plan get at the end, as a step; none where nothing of that is asked for, or nothing to be done. */
export function foreseeShape(
  options: BuildOptions,
  plan: BuildPlan,
  found: readonly Forecast<FileTree>[],
  store: Store,
): readonly ForeseenStep[] {
  const shape = shapeOf(options);
  const layers = plan.history.flatMap(({ layer }) => layer ?? []);
  if (shape === undefined || layers.length < 2) return [];
  const step = { id: `${shape} ${plan.root.digest}`, text: shapeText(shape, plan), causes: [], dependsOn: [] };
  const forecasts = new Map(found.map((one) => [one.vertex.digest, one]));
  // A linked copy is where its copy is.
  const deciding = layers.flatMap((layer) => (layer.op.kind === "link" ? layer.inputs.slice(0, 1) : [layer]));
  const first = (status: string) => deciding.find(({ digest }) => forecasts.get(digest)?.status === status);
  const runs = first("run");
  if (runs) return [{ ...step, status: "run", because: `it follows ${stepName(runs)}` }];
  const open = first("maybe");
  if (open) return [{ ...step, status: "maybe", because: `depends on ${stepName(open)}`, dependsOn: [open.digest] }];
  const identity = forecasts.get(plan.root.digest)?.identity;
  const top = identity === undefined ? undefined : store.records.peek(identity)?.snapshot;
  if (top === undefined) return [{ ...step, status: "maybe", because: "the layers are put together by the build" }];
  if (store.records.peek(shapeKey(shape, top, layers.length))) return [{ ...step, status: "hit" }];
  return [{ ...step, status: "run", because: "never done with these layers" }];
}
