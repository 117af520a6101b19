/** A file or folder of a build context. */
export interface ContextEntry {
  /** From the context's root, with slashes. */
  readonly path: string;
  readonly type: "file" | "folder" | "link" | "other";
  /** Bytes of a file. */
  readonly size: number;
  /** It takes part in a build. Of a folder that does not, nothing below it does, or what does is listed. */
  readonly taken: boolean;
  /** The last line of the ignore file that is about it; none where no line is. */
  readonly rule?:
    | { readonly pattern: string; readonly includes: boolean; readonly line: number | undefined }
    | undefined;
}

export interface ContextListing {
  /** The ignore file, relative to the context where it lies in it; undefined without one. */
  readonly ignoreFile: string | undefined;
  /** In the order of their paths. Below a folder of which nothing takes part nothing is listed. */
  readonly entries: readonly ContextEntry[];
}
