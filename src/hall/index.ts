/** Floor 5: the hall: wires the rooms for each job, in the calling process or in the engine process. */
export type * from "./api/api.ts";
export type * from "./api/attest-api.ts";
export type * from "./api/describe-api.ts";
export type * from "./api/foresee-api.ts";
export type * from "./api/shell-api.ts";
export { build } from "./build/build.ts";
export { cacheMounts, removeCacheMounts } from "./images/cache-mounts.ts";
export { checkDockerfile, outlineOf, targetsOf } from "./describe/describe.ts";
export { foresee, graphOf } from "./foresee/foresee.ts";
export { diskUsage } from "./images/disk-usage.ts";
export { compare, images, inspectImage, prune, removeImages, tagImage } from "./images/images.ts";
export { login, logout } from "./registry/login.ts";
export { pull } from "./registry/pull.ts";
export { push } from "./registry/push.ts";
export { sbom } from "./attestations/sbom.ts";
export { run } from "./containers/run.ts";
export { save } from "./outputs/save.ts";
export { failedSteps, shell } from "./containers/shell.ts";
