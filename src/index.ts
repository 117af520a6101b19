/**
 * slipway as a library: `import { build } from "slipway"` does what the command does.
 * @example
 * const result = await build({ context: ".", tags: ["app"], onEvent: (event) => console.log(event.type) });
 */
export type * from "./hall/index.ts";
export {
  build,
  checkDockerfile,
  compare,
  diskUsage,
  images,
  inspectImage,
  outlineOf,
  prune,
  removeImages,
  run,
  save,
  tagImage,
  targetsOf,
} from "./hall/index.ts";
export { isSlipwayError, SlipwayError } from "./base/index.ts";
