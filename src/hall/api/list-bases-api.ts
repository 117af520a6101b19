import type { Digest } from "../../base/index.ts";
import type { CommonOptions } from "./api.ts";

export interface ListBasesOptions extends CommonOptions {
  /** Only those of this release: `bookworm`, `trixie`. */
  readonly suite?: string | undefined;
  /** Debian's architecture or a platform; this machine's without it. */
  readonly arch?: string | undefined;
}

/** A built-in base, for one release and architecture. */
export interface BaseSummary {
  /** `python3` */
  readonly name: string;
  readonly suite: string;
  /** For FROM: `gcr.io/distroless/python3-debian13:latest`. */
  readonly image: string;
  /** `linux/amd64` */
  readonly platform: string;
  /** What runs in it: `Python 3.13`, `glibc 2.41`; empty where nothing does. */
  readonly runtime: string;
  /** Packages in it. */
  readonly packages: number;
  /** Bytes of its files; undefined where neither the store has it nor it was measured. */
  readonly size: number | undefined;
  /** Bytes of its layer compressed by gzip, as outputs usually are; undefined likewise. */
  readonly compressed: number | undefined;
  /** The size is that of the image in the store; otherwise that of the day that `measured` names. */
  readonly inStore: boolean;
  /** The same of the compressed size, which the store knows once the image was written out. */
  readonly compressedInStore: boolean;
  readonly id?: Digest | undefined;
  /** `2026-11-22` */
  readonly measured: string;
}
