import type { BuildEvent } from "../../base/index.ts";
import type { BaseLockChange } from "../../debian/index.ts";
import type { CommonOptions } from "./api.ts";

export type { BaseLockChange } from "../../debian/index.ts";

export interface LockBaseOptions extends CommonOptions {
  /** The file that describes the base: `my-base.yaml`. */
  readonly file: string;
  /** Debian's architectures or platforms; those of the file without it. */
  readonly archs?: readonly string[] | undefined;
  /** Base address of the Debian archive. The lock names it, for those who build with it and name none. */
  readonly debianMirror?: string | undefined;
  /** File with OpenPGP keys, binary or armoured, that the archive must be signed by. Default: SLIPWAY_DEBIAN_KEYRING, the configuration, Debian's own keys. */
  readonly debianKeyring?: string | undefined;
  /** Nothing is written. */
  readonly check?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface LockedBase {
  /** The lock file. */
  readonly file: string;
  /** Of all architectures. */
  readonly packages: number;
  readonly archs: readonly string[];
  /** Packages that are others than the lock had. */
  readonly changes: readonly BaseLockChange[];
  /** The file was written. It is not when it was right already. */
  readonly written: boolean;
}
