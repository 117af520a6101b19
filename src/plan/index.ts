/** Floor 3: stages to a graph: variable scope, pruning, the evolution of the configuration. Never touches the disk. */
export type {
  BuildPlan,
  Entitlement,
  ImageResolver,
  InputWatch,
  NamedContext,
  PlannedHistory,
  PlannedImage,
  PlannedStage,
  PlanOptions,
} from "./contract.ts";
export { builtInArg } from "./built-in-args.ts";
export { targetStage } from "./names.ts";
export { planBuild } from "./plan.ts";
export { defaultPath, platformArgs } from "./scope.ts";
