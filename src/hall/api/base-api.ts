import type { BuildEvent, Digest } from "../../base/index.ts";
import type { CommonOptions } from "./api.ts";
import type { AttestOptions } from "./attest-api.ts";
import type { OutputSpec, WrittenOutput } from "./output-api.ts";

/** What is done about something in a base that cannot work: it is an error and the base gets no name, or a warning, or nobody looks. */
export type AuditMode = "error" | "warn" | "off";

export interface BuildBaseOptions extends CommonOptions {
  /** `static`, `base-nossl`, `base`, `cc`, `python3`, `java-base`, `java21`, `nodejs`, ..., or a file that describes a base: `my-base.yaml`. */
  readonly name: string;
  /** Just the packages of the lock beside the file (`lockBase`): those that the store has need no archive. */
  readonly locked?: boolean | undefined;
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
  /** Default: "error". */
  readonly audit?: AuditMode | undefined;
  /** The software in the image, attached to what leaves the store. */
  readonly attest?: Omit<AttestOptions, "provenance"> | undefined;
  /** Base address of the Debian archive. */
  readonly debianMirror?: string | undefined;
  /** File with OpenPGP keys, binary or armoured, that the archive must be signed by. Default: SLIPWAY_DEBIAN_KEYRING, the configuration, Debian's own keys. */
  readonly debianKeyring?: string | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** What the audit of a base looked at. */
export interface AuditedBase {
  /** Programs and libraries whose loader and libraries were looked up. */
  readonly programs: number;
  /** Scripts whose interpreters were. */
  readonly scripts: number;
  /** Symbolic links that were followed. */
  readonly links: number;
  /** Packages that scanners see. */
  readonly packages: number;
  /** What cannot work. */
  readonly findings: number;
  /** What is missing and does not matter. */
  readonly allowed: number;
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
    /** Undefined where nobody looked. */
    readonly audit?: AuditedBase | undefined;
  }[];
  readonly outputs: readonly WrittenOutput[];
}
