/** What a file offers, without building it: its targets, and what a target takes from outside. */
export type { Outline, OutlinedArg, OutlinedSecret, Target } from "./contract.ts";
export { outlineTarget } from "./outline.ts";
export { listTargets } from "./targets.ts";
