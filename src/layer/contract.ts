import type { Bytes, CancelFlag, Digest } from "../base/index.ts";
import type { Growth } from "./growth.ts";

/** How a layer blob is compressed. */
export type Compression = "none" | "gzip" | "zstd";

/** The names under which overlayfs keeps its marks in a folder of changes; "none" for an ordinary (merged) root folder. */
export type OverlayXattrs = "trusted" | "user" | "none";

/** A file that is still being written, open to be read until the call is over; what is read is told to the growth. */
export interface GrowingFile {
  readonly fd: number;
  readonly growth: Growth;
}

/** Where archive bytes come from: a file, a part of a file, or a stream. A file is read off the main thread; a stream is handed to it. */
export type ArchiveSource =
  | string
  | { readonly file: string; readonly offset: number; readonly length: number }
  | GrowingFile
  | Bytes;

export interface WriteLayerOptions {
  /** The folder: an overlay upper folder, or with `overlayXattrs: "none"` an ordinary root folder. */
  readonly upper: string;
  readonly overlayXattrs: OverlayXattrs;
  readonly compression: Compression;
  /** gzip 1-9 (default 4), zstd 1-19 (default 3). */
  readonly level?: number | undefined;
  /**
   * The file to write, made or emptied; or an open descriptor, written from where it stands and left open.
   * Without it nothing is written: only what can be known is computed.
   */
  readonly output?: string | { readonly fd: number } | undefined;
  /** Told how far the output is, for whoever reads it meanwhile; not told of its end. */
  readonly growth?: Growth | undefined;
  /** Seconds since the epoch: later modification times become this one (SOURCE_DATE_EPOCH). */
  readonly epoch?: number | undefined;
  /** Works in the calling thread: for a layer of some files, that is done before a thread has started. */
  readonly small?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenLayer {
  /** Digest of the tar. */
  readonly diffId: Digest;
  /** Bytes of the tar. */
  readonly uncompressedSize: number;
  /** Digest of what was written; the diffId when the compression is "none". */
  readonly digest: Digest;
  /** Bytes of what was written. */
  readonly size: number;
  /** Entries in the tar, whiteouts included. */
  readonly entries: number;
  /** Bytes of regular files; a file with several names counts once. */
  readonly fileBytes: number;
}

/** What an archive from outside may cost. Going over one is SLIP_LAYER_INVALID. */
export interface ArchiveLimits {
  /** Default 5,000,000. */
  readonly entries: number;
  /** Bytes after decompression, default 256 GiB. */
  readonly bytes: number;
  /** Bytes after decompression up to which it does not matter how few they are made of, default 8 GiB for layers, all for other archives. */
  readonly freely: number;
  /** Above that, how many times its own size an archive may unpack to, default 200. */
  readonly expansion: number;
  /** Bytes of a path, default 4,000. */
  readonly pathLength: number;
  /** Folders above an entry, default 512. */
  readonly depth: number;
}

/** "keep": as the archive says; "squash": everything belongs to whoever unpacks; or one owner for all. */
export type Owner = "keep" | "squash" | { readonly uid: number; readonly gid: number };

export interface UnpackLayerOptions {
  /** A layer, compressed in any way that `decompress` knows. */
  readonly source: ArchiveSource;
  /** An existing folder, empty at first. */
  readonly upper: string;
  readonly overlayXattrs: "trusted" | "user";
  readonly owner: Owner;
  /** The tar must have this digest, or SLIP_DIGEST_MISMATCH. The folder is then to be thrown away, as after any error. */
  readonly expectedDiffId?: Digest | undefined;
  /**
   * The folders of changes below, topmost first. A folder that the layer only implies (`a/b` without `a/`) takes mode, owner and time from
   * there, an opaque root is spelled out as whiteouts, and whiteouts that hide nothing are left out.
   */
  readonly lower?: readonly string[] | undefined;
  readonly limits?: Partial<ArchiveLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExtractTarOptions {
  /** An archive, compressed in any way that `decompress` knows. */
  readonly source: ArchiveSource;
  /** An existing folder; links in the archive and in the folder are resolved as if it were `/`, and nothing outside is touched. */
  readonly into: string;
  readonly owner: Owner;
  /** Folders that are there already keep mode, owner and time (as dpkg does); otherwise the archive's are set (as tar does). */
  readonly keepFolders?: boolean | undefined;
  readonly limits?: Partial<ArchiveLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In place of the signal, for a caller that is a thread itself. */
  readonly cancel?: CancelFlag | undefined;
}

export interface Unpacked {
  /** Digest of the whole tar, after decompression. */
  readonly diffId: Digest;
  /** Bytes of the tar. */
  readonly uncompressedSize: number;
  readonly entries: number;
  /** Bytes of regular files. */
  readonly fileBytes: number;
  /** Device nodes that the kernel did not let us make (user namespaces). */
  readonly leftOut: readonly string[];
}

export type TarEntryType = "file" | "link" | "symlink" | "char" | "block" | "dir" | "fifo";

/** The facts of one tar entry. Names are byte strings: one character a byte (latin1), because a tar name need not be UTF-8. */
export interface TarHeader {
  /** As the archive says it: neither cleaned nor safe. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the content; 0 for everything but a file. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Target of a link or symlink, a byte string; otherwise empty. */
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Extended attributes (PAX SCHILY.xattr.*) by name; values byte strings. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** One entry while an archive is read. Its content can be read until the next entry is asked for. */
export interface TarEntry extends TarHeader {
  readonly content: () => Bytes;
}
