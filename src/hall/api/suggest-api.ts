import type { BuildEvent } from "../../base/index.ts";
import type { SuggestFacts } from "../../inspect/index.ts";
import type { CommonOptions } from "./api.ts";

export interface SuggestOptions extends CommonOptions {
  /** An image of the store, or the path of a program, script, jar or folder. */
  readonly subject: string;
  /** Only bases of this release: `bookworm`, `trixie`. */
  readonly suite?: string | undefined;
  /** Which image of a name for several platforms. */
  readonly platform?: string | undefined;
  readonly debianMirror?: string | undefined;
  /** File with OpenPGP keys, binary or armoured, that the archive must be signed by. Default: SLIPWAY_DEBIAN_KEYRING, the configuration, Debian's own keys. */
  readonly debianKeyring?: string | undefined;
  /** Ask no network: packages are told where the store knows the archive's contents. */
  readonly offline?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** Which base something fits on, and why. */
export interface Suggestion {
  readonly subject: { readonly kind: "image" | "file" | "folder"; readonly name: string };
  /**
   * `scratch`: nothing is needed. `base`: a built-in base. `own`: a built-in base with more packages. `none`: no base of Debian fits.
   */
  readonly answer: "scratch" | "base" | "own" | "none";
  /** The answer in a line. */
  readonly summary: string;
  /** The built-in base: `cc`. */
  readonly base?: string | undefined;
  readonly suite?: string | undefined;
  /** For FROM: `gcr.io/distroless/cc-debian13:nonroot`. */
  readonly image?: string | undefined;
  /** Why. */
  readonly reasons: readonly string[];
  /** What to mind. */
  readonly notes: readonly string[];
  /** Libraries and programs that the built-in base lacks, with the packages that have them. */
  readonly missing: readonly { readonly name: string; readonly packages: readonly string[] }[];
  /** The last stage of a Dockerfile. */
  readonly dockerfile?: string | undefined;
  /** A file for `slipway base build`. */
  readonly recipe?: string | undefined;
  /** What was found out. */
  readonly facts: SuggestFacts;
}
