import type { ImageForm } from "../../export/index.ts";

/** An output as it was understood: every attribute read, none left over. */
export type Output = ImageOutput | ArchiveOutput | LoadOutput | LocalOutput | TarOutput;

/** What all outputs of images have. */
interface ImagesOutput {
  /** References, whole. */
  readonly names: readonly string[];
  readonly form: ImageForm;
  /** Layers with the files' own times, although the image has a time that is set (rewrite-timestamp=false). */
  readonly ownTimes: boolean;
  /** It was said that times are to be rewritten, which takes a time to rewrite them to. */
  readonly rewrites: boolean;
}

/** The image in the store; with `push` in its registries too. */
export interface ImageOutput extends ImagesOutput {
  readonly type: "image";
  readonly push: PushWanted | undefined;
}

export interface PushWanted {
  /** Repositories that get the image without a tag, besides the names. */
  readonly repositories: readonly string[];
  /** The registry may speak plain HTTP, or have a certificate that does not verify. */
  readonly insecure: boolean;
}

export interface ArchiveOutput extends ImagesOutput {
  readonly type: "oci" | "docker";
  /** A path, or "-". */
  readonly dest: string;
  /** One file, or a folder. */
  readonly tar: boolean;
}

/** Into a running Docker Engine. */
export interface LoadOutput extends ImagesOutput {
  readonly type: "load";
  /** The docker context that names the engine. */
  readonly context: string | undefined;
}

export interface LocalOutput {
  readonly type: "local";
  readonly dest: string;
  /** A folder for each platform. */
  readonly split: boolean;
  /** What the image does not have is removed from the folder. */
  readonly clean: boolean;
  /** Before the names of attestations. */
  readonly attestationPrefix: string;
}

export interface TarOutput {
  readonly type: "tar";
  readonly dest: string;
  readonly split: boolean;
  readonly attestationPrefix: string;
}
