import type { SourceLocation } from "./source.ts";

/**
 * Every code a SlipwayError can have, with the exit code that the command ends with.
 * Codes are stable; docs/errors.md explains each.
 */
export const errorCodes = {
  /** A command line that cannot be understood. */
  SLIP_USAGE: 2,
  /** A file of settings, certificates or credentials that cannot be used. */
  SLIP_CONFIG: 2,
  /** The Dockerfile is missing or unreadable. */
  SLIP_DOCKERFILE_NOT_FOUND: 3,
  /** The Dockerfile does not follow the Dockerfile reference. */
  SLIP_DOCKERFILE: 3,
  /** The build checks found something, and the Dockerfile makes that an error. */
  SLIP_CHECK: 3,
  /** The Dockerfile asks for a right that the command line did not give. */
  SLIP_NOT_ALLOWED: 3,
  /** Understood, and not built yet. */
  SLIP_UNSUPPORTED: 3,
  /** A stage, number or target that the Dockerfile does not have. */
  SLIP_STAGE_UNKNOWN: 3,
  /** A file that describes a base is malformed, or names what there is not. */
  SLIP_BASE: 3,
  /** A lock file that is missing, malformed, or names what a line needs otherwise or not at all. */
  SLIP_LOCK: 3,
  /** The build context is missing or unreadable. */
  SLIP_CONTEXT: 3,
  /** A source of COPY or ADD that is not there. */
  SLIP_COPY_NOT_FOUND: 4,
  /** A destination that COPY, ADD or WORKDIR cannot make. */
  SLIP_COPY_DESTINATION: 4,
  /** A RUN step that ended with another code than 0. */
  SLIP_RUN_FAILED: 4,
  /** A user or group name that the image does not have. */
  SLIP_USER_UNKNOWN: 4,
  /** A secret or ssh agent that a step requires and that was not given, or that cannot be read. */
  SLIP_SECRET: 4,
  /** An image that no source knows. */
  SLIP_IMAGE_UNKNOWN: 5,
  /** An image reference that is not well formed. */
  SLIP_REFERENCE: 5,
  /** A document that the OCI image-spec does not allow. */
  SLIP_OCI_INVALID: 5,
  /** The network or a server did not answer as it must. */
  SLIP_NETWORK: 6,
  /** A git repository that cannot be fetched, or git is not installed. */
  SLIP_GIT: 6,
  /** A registry wants credentials, or refuses those that it got. */
  SLIP_UNAUTHORIZED: 6,
  /** A registry refuses, or does not keep to the distribution-spec. */
  SLIP_REGISTRY: 6,
  /** An archive, package or signature that does not verify. */
  SLIP_VERIFY: 6,
  /** A package that the archive does not have or that cannot be resolved. */
  SLIP_PACKAGE: 6,
  /** A base in which something is that cannot work: a library, loader or interpreter is missing. */
  SLIP_AUDIT: 6,
  /** Bytes whose digest or length is not the promised one. */
  SLIP_DIGEST_MISMATCH: 6,
  /** A tar entry or file that is malformed or hostile. */
  SLIP_LAYER_INVALID: 6,
  /** No OCI runtime, or the kernel refuses what a sandbox needs. */
  SLIP_SANDBOX: 7,
  /** Programs of another architecture, which this machine does not run. */
  SLIP_EMULATION: 7,
  /** The store is damaged or of another version. */
  SLIP_STORE: 8,
  /** The disk is full. */
  SLIP_DISK_FULL: 8,
  /** An output that cannot be written. */
  SLIP_OUTPUT: 8,
  /** The work was cancelled. */
  SLIP_CANCELLED: 130,
  /** A defect of slipway itself. */
  SLIP_INTERNAL: 70,
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface SlipwayErrorInit {
  readonly code: ErrorCode;
  /** Names the action and the thing, without a full stop: `Cannot copy "src" into stage "build": path not found in context`. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The place in the Dockerfile (or another text of the user) that it is about. */
  readonly location?: SourceLocation | undefined;
  /** Output of a process that belongs to the error, whole. */
  readonly output?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class of slipway. */
export class SlipwayError extends Error {
  override readonly name = "SlipwayError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly location: SourceLocation | undefined;
  readonly output: string | undefined;

  constructor(init: SlipwayErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.hint = init.hint;
    this.location = init.location;
    this.output = init.output;
  }

  /** The process exit code that a command ends with. */
  get exitCode(): number {
    return errorCodes[this.code];
  }

  /** The same error with a place, unless it has one already. */
  at(location: SourceLocation | undefined): SlipwayError {
    if (this.location !== undefined || location === undefined) return this;
    return new SlipwayError({ ...this.toJSON(), location, cause: this.cause });
  }

  /** A plain object that crosses process and worker boundaries; `new SlipwayError(json)` restores it. */
  toJSON(): SlipwayErrorInit {
    return { code: this.code, message: this.message, hint: this.hint, location: this.location, output: this.output };
  }
}

export function isSlipwayError(error: unknown): error is SlipwayError {
  return error instanceof SlipwayError;
}

/** Any thrown thing as a SlipwayError; a full disk, a cancelled signal and refused permissions get their own words. */
export function toSlipwayError(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error;
  if (error instanceof Error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === "ENOSPC" || errno === "EDQUOT") {
      return new SlipwayError({
        code: "SLIP_DISK_FULL",
        message: `The disk is full: ${error.message}`,
        hint: "free space, or run `slipway prune`; nothing half-written was kept",
        cause: error,
      });
    }
    if (error.name === "AbortError") {
      return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause: error });
    }
    return new SlipwayError({ code: "SLIP_INTERNAL", message: error.message, cause: error });
  }
  return new SlipwayError({ code: "SLIP_INTERNAL", message: String(error) });
}
