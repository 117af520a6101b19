/** Floor 5: the hall: wires the rooms for each job, in the calling process or in the engine process. */
export type * from "./api.ts";
export type * from "./describe-api.ts";
export type * from "./foresee-api.ts";
export type * from "./shell-api.ts";
export { build } from "./build.ts";
export { cacheMounts, removeCacheMounts } from "./cache-mounts.ts";
export { checkDockerfile, outlineOf, targetsOf } from "./describe.ts";
export { foresee, graphOf } from "./foresee.ts";
export { diskUsage } from "./disk-usage.ts";
export { compare, images, inspectImage, prune, removeImages, tagImage } from "./images.ts";
export { pull } from "./registry/pull.ts";
export { run } from "./run.ts";
export { save } from "./save.ts";
export { failedSteps, shell } from "./shell.ts";
