import type { Distribution, SoftwarePackage } from "../../attest/index.ts";
import type { Digest } from "../../base/index.ts";
import type { CommonOptions } from "./api.ts";

export type { Distribution, PackageKind, SoftwarePackage } from "../../attest/index.ts";

/** How an SBOM is written: SPDX 2.3 or CycloneDX 1.6, both as JSON. */
export type SbomFormat = "spdx-json" | "cyclonedx-json";

export interface SbomOptions extends CommonOptions {
  /** Name or id of an image in the store. */
  readonly image: string;
  /** Which image of a name for several platforms; this machine's without it. */
  readonly platform?: string | undefined;
  /** Default: "spdx-json". */
  readonly format?: SbomFormat | undefined;
}

/** The software of an image. */
export interface Sbom {
  readonly imageId: Digest;
  /** Each with its package URL, where it has one. */
  readonly packages: readonly (SoftwarePackage & { readonly purl?: string | undefined })[];
  readonly distribution?: Distribution | undefined;
  /** What could not be read, in words. */
  readonly notes: readonly string[];
  /** The document, to be written as JSON. */
  readonly document: object;
}

/** What is attached to images that leave the store, as BuildKit attaches it; nothing without it. */
export interface AttestOptions {
  /** The software in the image. */
  readonly sbom?: { readonly format?: SbomFormat | "all" | undefined } | undefined;
  readonly provenance?: ProvenanceOptions | undefined;
  /**
   * `index`: in the image's index, as BuildKit does; the default. `referrers`: manifests of their own, which name the image as their subject.
   */
  readonly attachAs?: "index" | "referrers" | undefined;
}

/** How the image came to be: SLSA provenance v1. */
export interface ProvenanceOptions {
  /** `min` leaves out build arguments, labels, secrets' names, steps and the Dockerfile; default: "max". */
  readonly mode?: "min" | "max" | undefined;
  /** An address that names the builder; `urn:slipway:local` without it. */
  readonly builderId?: string | undefined;
  /** The provenance says that the same build gives the same bytes. */
  readonly reproducible?: boolean | undefined;
  /** Not as a file in outputs of types local and tar. */
  readonly inlineOnly?: boolean | undefined;
}
