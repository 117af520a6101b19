import type { Digest } from "../base/index.ts";

interface Named {
  /** The instructions that use it, as one line each: for people, and to tell an entry that nothing uses. */
  readonly used: readonly string[];
}

/** An image that a FROM, COPY --from or RUN --mount names. */
export type ImageEntry = Named & { readonly kind: "image"; readonly name: string } & (
    | {
        /** What the name stands for there, whatever the platform: an index or a manifest. */
        readonly source: "registry" | "layout";
        readonly digest: Digest;
      }
    | {
        readonly source: "archive";
        readonly platform: string;
        /** `bookworm 12.15`. */
        readonly release: string;
        /** When the archive was in that state: the newest Date of its signed releases. */
        readonly date: string;
        /** Fingerprint of the key that signed it then, for people: packages are signed anew with other keys. */
        readonly key?: string | undefined;
        /** Digest of the names and sha256 of the packages. */
        readonly packages: Digest;
      }
    | {
        /** Built or loaded here, and nowhere else. */
        readonly source: "store";
        readonly platform: string;
        readonly id: Digest;
      }
  );

/** A file on a web server, for an ADD or as a context. */
export interface FileEntry extends Named {
  readonly kind: "file";
  /** Without user and password. */
  readonly url: string;
  readonly digest: Digest;
}

/** A git repository, for an ADD or as a context. */
export interface GitEntry extends Named {
  readonly kind: "git";
  /** Without user and password. */
  readonly remote: string;
  /** Undefined is the default branch. */
  readonly ref?: string | undefined;
  /** The whole id. */
  readonly commit: string;
}

export type LockEntry = ImageEntry | FileEntry | GitEntry;

export interface LockFile {
  readonly entries: readonly LockEntry[];
}
