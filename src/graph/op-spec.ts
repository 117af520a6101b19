import type { Digest } from "../base/index.ts";
import type { FileMode } from "../dockerfile/index.ts";
import type { GitSource } from "../fetch/index.ts";
import type { ExecSettings } from "./exec-settings.ts";

/** The empty file system. No inputs. */
export interface ScratchOp {
  readonly kind: "scratch";
}

/** The file system of an image. No inputs. The image was chosen when the build was planned, so its identity is part of the op. */
export interface ImageOp {
  readonly kind: "image";
  readonly name: string;
  /** The image id: digest of its configuration. */
  readonly id: Digest;
}

/** Files from the client: a folder. No inputs. Its content is never part of a definition key; whoever copies from it keys on what it copies. */
export interface ContextOp {
  readonly kind: "context";
  /** The context's name: "context" for the main one. */
  readonly name: string;
  /** Absolute folder. */
  readonly path: string;
  /** .dockerignore patterns in order, or none. */
  readonly ignore: readonly string[];
}

/** A file on a web server. No inputs. It may be another tomorrow, so whoever takes from it keys on what he takes. */
export interface HttpOp {
  readonly kind: "http";
  readonly url: string;
  /** What it must be. */
  readonly checksum?: Digest | undefined;
  /** What says so, where it is not the Dockerfile: a lock file's name. */
  readonly checksumFrom?: string | undefined;
  /** What the file is called in the tree that it gives. */
  readonly name: string;
  /** The build context's name, `context` for the main one: an archive then gives the tree that is in it. */
  readonly context?: string | undefined;
}

/** The files of a commit of a git repository. No inputs. What a reference stands for may change, as with HttpOp. */
export interface GitOp {
  readonly kind: "git";
  readonly source: GitSource;
  /** Of the whole repository alone. */
  readonly keepGitDir: boolean;
  /** The context's name. */
  readonly context?: string | undefined;
}

/** The files of an archive that the caller has spooled. No inputs. */
export interface ArchiveOp {
  readonly kind: "archive";
  readonly digest: Digest;
  /** Where it lies while the build runs. */
  readonly file: string;
  readonly context: string;
}

/** One folder to create, with its parents (WORKDIR). Input 0: the file system. */
export interface MkdirOp {
  readonly kind: "mkdir";
  readonly path: string;
  /** `user[:group]` as written, to be looked up in the file system; undefined is 0:0. */
  readonly owner?: string | undefined;
  /** Modification time of what is made, in seconds; now without it. */
  readonly time?: number | undefined;
}

/**
 * One source of a copy: a path or pattern inside input `input`, or inline content (a heredoc).
 * - `literal`: the path is no pattern.
 * - `unpack`: another answer for this source than the copy's own.
 */
export type CopySource =
  | {
      readonly type: "path";
      readonly input: number;
      readonly path: string;
      readonly literal?: true | undefined;
      readonly unpack?: boolean | undefined;
    }
  | { readonly type: "inline"; readonly name: string; readonly content: string };

/** COPY and ADD of local files. Input 0: the file system copied into; the others: where sources lie. */
export interface CopyOp {
  readonly kind: "copy";
  readonly sources: readonly CopySource[];
  /** Absolute; a trailing slash means a folder (Dockerfile reference, "COPY": destination rules). */
  readonly destination: string;
  readonly chown?: string | undefined;
  readonly chmod?: FileMode | undefined;
  /** ADD: archives among the sources are unpacked. */
  readonly unpack: boolean;
  /** Modification time of all that is copied, in seconds; its own without it. */
  readonly time?: number | undefined;
  /** Paths keep their folders, those behind `/./` where the path has it. */
  readonly parents?: boolean | undefined;
  /** Patterns, as in .dockerignore, of what is left out of each source. */
  readonly excludes?: readonly string[] | undefined;
}

/**
 * The changes of one copy onto nothing, put on top of another file system (COPY --link). Input 0: the copy; input 1: what lies below.
 */
export interface LinkOp {
  readonly kind: "link";
}

/** Owner and permission bits of what a mount makes; the default differs by its type. */
interface MountOwner {
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Shows a part of another file system or of a context. What is written into it is gone with the step. */
export interface BindMount {
  readonly type: "bind";
  readonly input: number;
  /** A path inside the input, without a slash in front; "" is all of it. */
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
}

/** A folder that stays for later steps and builds. */
export interface CacheMount extends MountOwner {
  readonly type: "cache";
  readonly id: string;
  readonly target: string;
  readonly readonly: boolean;
  readonly sharing: "shared" | "private" | "locked";
  /** What a new one begins with; without it, nothing. */
  readonly seed?: { readonly input: number; readonly source: string } | undefined;
}

/** A folder in memory. */
export interface TmpfsMount {
  readonly type: "tmpfs";
  readonly target: string;
  /** Bytes; undefined is without limit. */
  readonly size?: number | undefined;
}

/** A secret of the caller: as a file, as a variable, or both. Its value is no part of the graph. */
export interface SecretMount extends MountOwner {
  readonly type: "secret";
  readonly id: string;
  /** Where the file is seen. */
  readonly target?: string | undefined;
  /** The variable that has the value. */
  readonly env?: string | undefined;
  /** Without the secret the step fails, instead of going without. */
  readonly required: boolean;
}

/** The socket of an agent of the caller's. */
export interface SshMount extends MountOwner {
  readonly type: "ssh";
  readonly id: string;
  readonly target: string;
  readonly required: boolean;
}

/** A mount of a RUN step. Targets are absolute. */
export type ExecMount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount;

/** A process in the sandbox (RUN). Input 0: the file system it runs in; the others: what its mounts show. */
export interface ExecOp extends ExecSettings {
  readonly kind: "exec";
  /** What its programs are for: `linux/arm64`. */
  readonly platform: string;
  readonly args: readonly string[];
  /** `NAME=value`, in order. */
  readonly env: readonly string[];
  /** Variables that the process gets and that are not part of the key (proxies). */
  readonly secretEnv?: readonly string[] | undefined;
  readonly cwd: string;
  /** `user[:group]` by name or number; undefined is root. */
  readonly user?: string | undefined;
  readonly network: "host" | "none";
  /** Without the walls of the sandbox; undefined is within. */
  readonly security?: "insecure" | undefined;
  readonly mounts: readonly ExecMount[];
  /** Files that only the process sees (a heredoc with an interpreter line), at absolute paths. */
  readonly files: readonly { readonly path: string; readonly content: string; readonly mode: number }[];
}

export type FileOp = MkdirOp | CopyOp | LinkOp;
/** What comes from elsewhere when it is needed. */
export type SourceOp = HttpOp | GitOp | ArchiveOp;
export type OpSpec = ScratchOp | ImageOp | ContextOp | SourceOp | FileOp | ExecOp;
