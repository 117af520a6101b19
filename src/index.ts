/**
 * slipway as a library: `import { build } from "slipway"` does what the command does.
 * @example
 * const result = await build({ context: ".", tags: ["app"], onEvent: (event) => console.log(event.type) });
 */
export type * from "./api.ts";
