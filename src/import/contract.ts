import type { Bytes, Digest } from "../base/index.ts";
import type { ArchiveLimits } from "../layer/index.ts";
import type { Descriptor, ImageConfig } from "../oci/index.ts";
import type { Snapshotter } from "../snapshot/index.ts";
import type { LayerSource, Store } from "../store/index.ts";

/** Where the blobs of an image lie: a layout, an archive, a registry. Whoever reads them verifies them. */
export interface ImageContent {
  /** For messages: `the image layout /srv/base`. */
  readonly name: string;
  /** Bytes of a blob. Throws when it is not there. */
  blob(descriptor: Pick<Descriptor, "digest" | "size" | "mediaType">): Bytes;
}

export interface ImportRooms {
  readonly store: Store;
  /** Where the layers can be had: those that are not here stay there until their files are needed. Without it they are unpacked now. */
  readonly sources?: readonly LayerSource[] | undefined;
  readonly snapshotter: Snapshotter;
  readonly overlayXattrs: "trusted" | "user";
  /** Everything belongs to whoever unpacks: a user namespace with one id. */
  readonly squashOwners: boolean;
  /** For layers that are unpacked now. */
  readonly limits?: Partial<ArchiveLimits> | undefined;
  readonly signal: AbortSignal;
  /** Bytes of layers read so far, and of all that are read. */
  readonly onProgress?: ((current: number, total: number) => void) | undefined;
}

export interface ImportedImage {
  /** The image id: digest of its configuration. */
  readonly id: Digest;
  readonly config: ImageConfig;
}
