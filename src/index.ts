/**
 * slipway as a library: `import { build } from "slipway"` does what the command does.
 * @example
 * const result = await build({ context: ".", tags: ["app"], onEvent: (event) => console.log(event.type) });
 */
export type * from "./hall/index.ts";
export {
  build,
  buildBase,
  buildMetadata,
  cacheMounts,
  checkConfig,
  checkDockerfile,
  compare,
  diskUsage,
  evictions,
  failedSteps,
  foresee,
  graphOf,
  images,
  inspectImage,
  load,
  listBases,
  listContext,
  lock,
  lockBase,
  login,
  logout,
  outlineOf,
  prune,
  pull,
  push,
  removeCacheMounts,
  removeImages,
  run,
  save,
  sbom,
  shell,
  suggestBase,
  tagImage,
  targetsOf,
} from "./hall/index.ts";
export { isSlipwayError, SlipwayError } from "./base/index.ts";
