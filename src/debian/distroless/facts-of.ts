import type { DistrolessSuite } from "./package-lists.ts";

/** What is known of the built-in bases without making them: as measured on a day, of the archive of that day. */
export type BaseFacts = Readonly<
  Record<
    DistrolessSuite,
    {
      /** The release that was measured: `13.7`. */
      readonly release: string;
      /** By base and architecture: bytes of its files, and of its layer compressed by gzip as outputs usually are. */
      readonly sizes: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
      /** Libraries that loaders find by name. */
      readonly libraries: Readonly<
        Record<
          string,
          {
            readonly bases: readonly string[];
            /** The highest versions of its symbols, one a kind: `GLIBC_2.41`. */
            readonly versions: readonly string[];
          }
        >
      >;
    }
  >
>;
