/** What a program, a folder or an image needs of the base that it is to stand on. Paths are those in the image or folder, or of the file. */
export interface SuggestFacts {
  /** Of the image, or of the programs found; undefined where nothing tells. */
  readonly architecture: string | undefined;
  /** How it was found out what starts, a line a step. */
  readonly steps: readonly string[];
  /** The interpreter that what starts is for. */
  readonly runtime: Runtime | undefined;
  /** A script that a shell has to run. */
  readonly shell: { readonly path: string; readonly by: string } | undefined;
  /** Programs and libraries that come along, not those of a distribution. */
  readonly programs: readonly ProgramFacts[];
  /** A program of a distribution's package that starts: `/usr/sbin/nginx`. */
  readonly packaged: string | undefined;
  /** The words that a container starts with, as they may stand in the new image; empty where nothing tells. */
  readonly command: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

export interface Runtime {
  readonly name: "python3" | "nodejs" | "java";
  /** `3.12`, `22`, `21`: as the image, the interpreter's name or what is built for it says. */
  readonly version: string | undefined;
  /** What says so. */
  readonly by: string;
  /** Of Java classes: the release that they need at least. */
  readonly least?: number | undefined;
}

export interface ProgramFacts {
  readonly path: string;
  /** A program that is started, a module that a runtime loads, or a library. */
  readonly role: "program" | "extension" | "library";
  /** As images name it: `amd64`. */
  readonly architecture: string;
  readonly linkage: "static" | "glibc" | "musl" | "other";
  /** The loader that it asks for. */
  readonly loader: string | undefined;
  /** Libraries that do not come along, with the versions that it needs of each. */
  readonly needs: readonly { readonly name: string; readonly versions: readonly string[] }[];
  /** Libraries that come along. */
  readonly bundled: readonly string[];
  /** What tells that it verifies servers, reads time zones or looks accounts up. */
  readonly marks: readonly Mark[];
  /** The Python that an extension is built for: `3.11`. */
  readonly python?: string | undefined;
}

export interface Mark {
  readonly kind: "certificates" | "time zones" | "accounts" | "go" | "dlopen";
  /** The words in the program that tell. */
  readonly text: string;
}

export interface SuggestJob {
  /** The image's or the folder's files; `/` for one file. */
  readonly root: string;
  readonly subject:
    | {
        readonly kind: "image";
        readonly architecture: string;
        readonly entrypoint: readonly string[];
        readonly cmd: readonly string[];
        readonly env: readonly string[];
        readonly workdir: string;
      }
    | {
        readonly kind: "file";
        readonly path: string;
        /** The path as it was given. */
        readonly shown: string;
      }
    | { readonly kind: "folder" };
}
