import type { Digest } from "../base/index.ts";
import type { Compression, OverlayXattrs } from "../layer/index.ts";
import type { Descriptor, ImageConfig } from "../oci/index.ts";
import type { Store } from "../store/index.ts";

/** A layer of an image that leaves the store. */
export interface ExportLayer {
  /** As the image's configuration says; what is written is checked against it. */
  readonly diffId: Digest;
  /** Its folder of changes. */
  readonly upper: string;
  readonly overlayXattrs: OverlayXattrs;
  /** The clamp of modification times that the diffId was computed with, in seconds since the epoch. */
  readonly epoch?: number | undefined;
}

/** The part of the store that keeps compressed layers, so that the next export need not make them again. */
export type BlobKeeper = Pick<Store, "blobs" | "layerBlobs" | "scratch">;

/** An image as the exporters need it. */
export interface ExportImage {
  readonly config: ImageConfig;
  /** The exact bytes of the configuration: their digest is the image id. */
  readonly configBytes: Uint8Array;
  /** Bottom first, one for each of `rootfs.diff_ids`. */
  readonly layers: readonly ExportLayer[];
  /** Without it layers are compressed anew each time and nothing is kept. */
  readonly keeper?: BlobKeeper | undefined;
}

/** One of the images of an archive. */
export interface NamedImage {
  readonly image: ExportImage;
  /** The same for other platforms: with them the names are those of an index of all (image-spec, image-index.md). Not in a docker archive. */
  readonly others?: readonly ExportImage[] | undefined;
  /** Its references, formatted whole (`docker.io/library/app:latest`). */
  readonly names: readonly string[];
}

export interface ImageExportOptions {
  /** A path, or "-" for standard output (archives only). */
  readonly dest: string;
  /** One archive file, or a folder. */
  readonly tar: boolean;
  /** Default: gzip for an OCI layout, none for a docker archive (as `docker save`). */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** Media types of the manifest; default "oci". */
  readonly format?: "oci" | "docker" | undefined;
}

export interface FilesExportOptions {
  /** A path; "-" for standard output (tar only). */
  readonly dest: string;
  /** Seconds since the epoch: later modification times become this one. */
  readonly epoch?: number | undefined;
}

export interface ExportResult {
  /** The manifest, or the index of several platforms; of several images the first one's; undefined for plain files. */
  readonly descriptor?: Descriptor | undefined;
  /** The absolute path that was written, or "-". */
  readonly location: string;
  /** Bytes written. */
  readonly size: number;
}
