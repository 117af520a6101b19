import type { Digest } from "../base/index.ts";

/** What wrote down that a package is there: a package manager's database, or files that a package of a language carries. */
export type PackageKind = "dpkg" | "apk" | "rpm" | "go" | "npm" | "python" | "java";

/** One package of an image. Texts are well-formed, without control characters, and bounded; what is not said is left out. */
export interface SoftwarePackage {
  readonly kind: PackageKind;
  readonly name: string;
  /** Empty where nothing says it. */
  readonly version: string;
  /** Of Java: the group of Maven. */
  readonly group?: string | undefined;
  readonly architecture?: string | undefined;
  /** What distributions call the source package. */
  readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** Licences as they were written; all of them hold. */
  readonly licenses?: readonly string[] | undefined;
  readonly supplier?: string | undefined;
  readonly homepage?: string | undefined;
  readonly summary?: string | undefined;
  /** A digest of what was installed: `sha512`, hexadecimal digits. */
  readonly checksum?: { readonly algorithm: "sha1" | "sha256" | "sha512"; readonly value: string } | undefined;
  /** The database or file in the image that says so. */
  readonly path: string;
  /** The place inside that file: a path in an archive, `!` between an archive and what is in it. */
  readonly within?: string | undefined;
  /** A lock file names it, and nothing shows that it is installed. */
  readonly declared?: true | undefined;
  /** The layer that brought it, from 0; where that is known. */
  readonly layer?: number | undefined;
}

/** What os-release(5) says that an image is. */
export interface Distribution {
  readonly id: string;
  readonly version?: string | undefined;
  readonly codename?: string | undefined;
  readonly name?: string | undefined;
}

/** What was found in an image. */
export interface FoundSoftware {
  /** Sorted, each once. */
  readonly packages: readonly SoftwarePackage[];
  readonly distribution?: Distribution | undefined;
  /** What could not be read, in words. */
  readonly notes: readonly string[];
}

/** What an SBOM is of. */
export interface SbomSubject {
  /** `docker.io/library/app:1.0`; the id where the image has no name. */
  readonly name: string;
  /** Of the configuration. */
  readonly imageId: Digest;
  /** `linux/arm64`. */
  readonly platform: string;
  /** When the image was made (RFC 3339); 1970 without it. */
  readonly created?: string | undefined;
  /** Bottom first, with the instruction that made each, where the history has it. */
  readonly layers: readonly { readonly diffId: Digest; readonly instruction?: string | undefined }[];
  readonly tool: { readonly name: string; readonly version: string };
}
