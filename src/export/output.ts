import { write } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { makeFolder, SlipwayError, toSlipwayError } from "../base/index.ts";

const writeTo = promisify(write);

/** A path beside `dest` that nobody else uses: what is made there becomes `dest` by one rename. */
export function besides(dest: string): string {
  return join(dirname(dest), `.${basename(dest).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** Where an archive goes. */
export interface ArchiveOutput {
  /** The absolute path, "-", or what a stream is called. */
  readonly location: string;
  /** Bytes written so far. */
  position: number;
  /** An open file, when what was written can still be changed. */
  readonly seekable: { readonly fd: number } | undefined;
  write(bytes: Uint8Array): Promise<void>;
  /** Overwrites what is at `position`; the place for the next write stays. Only where it is seekable. */
  patch(bytes: Uint8Array, position: number): Promise<void>;
  /** All is written. */
  commit(): Promise<void>;
  /** Leaves nothing. */
  abandon(): Promise<void>;
}

/** A file being written: it becomes visible whole, or not at all. Standard output is written as it comes. */
export class OutputFile implements ArchiveOutput {
  readonly location: string;
  position = 0;
  readonly #handle: FileHandle | undefined;
  readonly #temp: string;

  private constructor(location: string, handle: FileHandle | undefined, temp: string) {
    this.location = location;
    this.#handle = handle;
    this.#temp = temp;
  }

  /** @throws SLIP_OUTPUT when the folder of `dest` cannot be made or written */
  static async open(dest: string): Promise<OutputFile> {
    if (dest === "-") return new OutputFile("-", undefined, "");
    const location = resolve(dest);
    try {
      const there = await stat(location).catch(() => undefined);
      if (there?.isDirectory()) throw new Error("it is a folder");
      // a device or pipe that is there is written, not replaced
      const special = there !== undefined && !there.isFile();
      if (!special) makeFolder(dirname(location));
      const temp = special ? location : besides(location);
      return new OutputFile(location, await open(temp, special ? "w" : "wx", 0o644), special ? "" : temp);
    } catch (error) {
      throw outputError(location, error);
    }
  }

  get fd(): number {
    return this.#handle?.fd ?? 1;
  }

  get seekable(): { readonly fd: number } | undefined {
    return this.#temp === "" ? undefined : { fd: this.fd };
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      try {
        const { bytesWritten } = await writeTo(this.fd, bytes, at, bytes.byteLength - at, null);
        at += bytesWritten;
      } catch (error) {
        // standard output may be a pipe that does not block
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw outputError(this.location, error);
        await sleep(2);
      }
    }
    this.position += bytes.byteLength;
  }

  async patch(bytes: Uint8Array, position: number): Promise<void> {
    await writeTo(this.fd, bytes, 0, bytes.byteLength, position);
  }

  /** Makes it visible under its name. */
  async commit(): Promise<void> {
    await this.#handle?.close();
    if (this.#temp === "") return;
    try {
      await rename(this.#temp, this.location);
    } catch (error) {
      await rm(this.#temp, { force: true });
      throw outputError(this.location, error);
    }
  }

  async abandon(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
    if (this.#temp !== "") await rm(this.#temp, { force: true });
  }
}

/** What a reader takes as it comes. */
export class OutputStream implements ArchiveOutput {
  readonly location: string;
  readonly seekable = undefined;
  position = 0;
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(name: string, write: (bytes: Uint8Array) => Promise<void>) {
    this.location = name;
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
    this.position += bytes.byteLength;
  }

  patch(): Promise<void> {
    throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot change what was streamed" });
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}

/** SLIP_OUTPUT with the kernel's reason, unless it is a full disk or an error with words of its own. */
export function outputError(location: string, cause: unknown): SlipwayError {
  const known = toSlipwayError(cause);
  if (known.code !== "SLIP_INTERNAL") return known;
  if (location === "-" && known.message.startsWith("EPIPE")) {
    const message = "Cannot write standard output: its reader went away before the end";
    return new SlipwayError({ code: "SLIP_OUTPUT", message, cause });
  }
  const where = location === "-" ? "standard output" : `"${location}"`;
  return new SlipwayError({
    code: "SLIP_OUTPUT",
    message: `Cannot write ${where}: ${known.message}`,
    hint: "choose another dest=, or make its folder writable",
    cause,
  });
}
