import type { BuildEvent, Digest } from "../../base/index.ts";
import type { CommonOptions } from "./api.ts";
import type { OutputSpec, WrittenOutput } from "./output-api.ts";

export interface BuildBaseOptions extends CommonOptions {
  /** `static`, `base-nossl`, `base`, `cc`, `python3`, `java-base`, `java21`, `nodejs`, ... */
  readonly name: string;
  /** `trixie` without it, or `bookworm`. */
  readonly suite?: string | undefined;
  /** Debian's architectures (`arm64`, `armhf`) or platforms (`linux/arm64`), an image of each; this machine's own without it. */
  readonly archs?: readonly string[] | undefined;
  /** Runs as user 65532. */
  readonly nonroot?: boolean | undefined;
  /** With a shell in /busybox. */
  readonly debug?: boolean | undefined;
  /** Names for the image, besides the one that it has in Google's registry. */
  readonly tags?: readonly string[] | undefined;
  readonly outputs?: readonly OutputSpec[] | undefined;
  /** Base address of the Debian archive. */
  readonly debianMirror?: string | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface BuiltBase {
  /** `gcr.io/distroless/python3-debian13:latest`: what FROM finds it by. */
  readonly name: string;
  /** One an architecture. */
  readonly images: readonly {
    readonly imageId: Digest;
    /** `linux/arm64` */
    readonly platform: string;
    /** `archive http://... trixie 13.7 2026-11-20`, or with `store` before it where nothing was newer. */
    readonly origin: string;
    /** Bytes of its files. */
    readonly size: number;
  }[];
  readonly outputs: readonly WrittenOutput[];
}
