import type { Digest } from "../base/index.ts";
import type { Compression, OverlayXattrs } from "../layer/index.ts";
import type { Descriptor, Document, ImageConfig, Index, Manifest, MediaFormat } from "../oci/index.ts";
import type { Store } from "../store/index.ts";

/** A layer of an image that leaves the store. */
export interface ExportLayer {
  /** As the image's configuration says; what is written is checked against it. */
  readonly diffId: Digest;
  /** Its folder of changes. */
  readonly upper: string;
  /** Makes the folder be there; awaited by whoever reads it. */
  readonly ready?: (() => Promise<void>) | undefined;
  readonly overlayXattrs: OverlayXattrs;
  /** The clamp of modification times that the diffId was computed with, in seconds since the epoch. */
  readonly epoch?: number | undefined;
  /** The blob that it came in as: it leaves as that, unless another compression is forced. */
  readonly came?: CameBlob | undefined;
  /** It came in uncompressed, and its folder gives the same bytes: it leaves uncompressed, unless another compression is forced. */
  readonly plain?: boolean | undefined;
}

/** A layer's blob as a registry or an archive had it. */
export interface CameBlob {
  readonly compression: Compression;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Brings it into the store's blobs, when it is not there yet; called only by whoever needs the bytes. */
  readonly bring?: (() => Promise<void>) | undefined;
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
  /** The manifest that it came with: it leaves as it is, unless another form is asked for. All layers have `came` then. */
  readonly manifest?: Document<Manifest> | undefined;
  /** Without it layers are compressed anew each time and nothing is kept. */
  readonly keeper?: BlobKeeper | undefined;
  /** What is attached to it, asked for when its manifest is known: attestations. */
  readonly attach?: ((subject: Subject) => Promise<readonly Attached[]>) | undefined;
}

/** An image whose manifest is known. */
export interface Subject {
  /** With its platform, as an index lists it. */
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** References that it goes out under, formatted whole. */
  readonly names: readonly string[];
}

/** A manifest about an image, with the blobs that it names. */
export interface Attached {
  /**
   * `index`: listed beside the images, as BuildKit lists attestations; an image of one platform gets an index for it.
   * `referrer`: on its own, with the image as its subject (image-spec, manifest.md, "subject").
   */
  readonly how: "index" | "referrer";
  /** The descriptor as the index is to list it: with platform and annotations. */
  readonly document: Pick<Document<unknown>, "bytes" | "descriptor">;
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** Images that go out under the same names. */
export interface NamedImage {
  /** One a platform; with several the names are those of an index of all (image-spec, image-index.md), which a docker archive cannot hold. */
  readonly images: readonly [ExportImage, ...ExportImage[]];
  /** Their references, formatted whole (`docker.io/library/app:latest`). */
  readonly names: readonly string[];
  /** The index that they came with: it leaves as it is, when it would list just what leaves. */
  readonly index?: Document<Index> | undefined;
}

/** What an annotation is put on: the documents, or what lists them (image-spec, annotations.md). */
export type AnnotationPlace = "manifest" | "manifest-descriptor" | "index" | "index-descriptor";

export interface Annotation {
  readonly on: AnnotationPlace;
  /** Only for this platform (`linux/arm64`); for all without it. */
  readonly platform?: string | undefined;
  readonly key: string;
  readonly value: string;
}

/** How images are written down. */
export interface ImageForm {
  /** Of layers made here; layers that came in stay as they came. Default: gzip, in a docker archive none (as `docker save`). */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** Layers that came in otherwise are compressed anew as well. */
  readonly force?: boolean | undefined;
  /** Media types; default "oci". */
  readonly format?: MediaFormat | undefined;
  readonly annotations?: readonly Annotation[] | undefined;
}

export interface ImageExportOptions extends ImageForm {
  /** A path, or "-" for standard output (archives only). */
  readonly dest: string;
  /** One archive file, or a folder. */
  readonly tar: boolean;
}

/** An archive for a reader that takes it as it comes. */
export interface ImageStreamOptions extends ImageForm {
  /** What the reader is called in messages. */
  readonly name: string;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Blobs that the reader has: they are left out. */
  readonly there?: Iterable<Digest> | undefined;
}

export interface FilesExportOptions {
  /** A path; "-" for standard output (tar only). */
  readonly dest: string;
  /** Seconds since the epoch: later modification times become this one. */
  readonly epoch?: number | undefined;
}

export interface LocalExportOptions extends FilesExportOptions {
  /** What no root has is removed from the folder. */
  readonly clean?: boolean | undefined;
}

export interface ExportResult {
  /** The manifest, or the index of several platforms; of several images the first one's; undefined for plain files. */
  readonly descriptor?: Descriptor | undefined;
  /** Digests of the configurations, one a platform. */
  readonly configs?: readonly Digest[] | undefined;
  /** What was written for each platform. */
  readonly manifests?:
    | readonly { readonly descriptor: Descriptor; readonly layers: readonly Descriptor[] }[]
    | undefined;
  /** The absolute path that was written, or "-". */
  readonly location: string;
  /** Bytes written. */
  readonly size: number;
}
