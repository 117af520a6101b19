import type { Digest } from "../../base/index.ts";
import type { Descriptor } from "../../oci/index.ts";

/** One `--output`: `type=oci|docker|local|tar|image|registry|cacheonly,dest=...`. */
export interface OutputSpec {
  readonly type: "oci" | "docker" | "local" | "tar" | "image" | "registry" | "cacheonly";
  /** File or folder; "-" is standard output. Without it type "docker" goes into a Docker Engine. Not for images that go to a registry. */
  readonly dest?: string | undefined;
  /** Everything else that was written, by key (docs/outputs.md). */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What became of an output. */
export interface WrittenOutput {
  /** `registry` for each name that was pushed, `load` for what a Docker Engine took in. */
  readonly type: "oci" | "docker" | "local" | "tar" | "registry" | "load";
  /** The path, "-", the name in the registry, or the engine's address. */
  readonly dest: string;
  /** The manifest, or the index of several platforms; none of plain files. */
  readonly digest?: Digest | undefined;
  readonly descriptor?: Descriptor | undefined;
  /** Whole names that it went out under. */
  readonly names?: readonly string[] | undefined;
  /** Digests of the configurations that went out, one a platform. */
  readonly configs?: readonly Digest[] | undefined;
}
