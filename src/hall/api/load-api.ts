import type { BuildEvent, Digest } from "../../base/index.ts";
import type { CommonOptions } from "./api.ts";

export interface LoadOptions extends CommonOptions {
  /** An archive of images, or a folder with an image layout; "-" is this process's standard input. */
  readonly file: string;
  /** Only images for these platforms; all that are there without it. */
  readonly platforms?: readonly string[] | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** An image that was loaded. */
export interface Loaded {
  readonly imageId: Digest;
  readonly platform: string;
  /** Familiar names (`app:1`); none for an image that has only its id. */
  readonly names: readonly string[];
}
