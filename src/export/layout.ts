import { constants, createReadStream } from "node:fs";
import { copyFile, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Digest, makeFolder, SlipwayError } from "../base/index.ts";
import { encodeHeaderBlock, type Growth, roundUp } from "../layer/index.ts";
import type { Descriptor } from "../oci/index.ts";
import { type ArchiveOutput, besides, OutputFile, outputError, OutputStream } from "./output.ts";

/** Where a blob is to be written: a fresh file, or an open one that is at the right place. */
export type BlobTarget = string | { readonly fd: number };
export interface WrittenBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** The files of an image as a folder or as an archive. Whoever fills it gives each path and digest once. */
export interface Layout {
  /** The absolute path, or "-". */
  readonly location: string;
  has(digest: Digest): boolean;
  addBytes(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Copies a blob in from a file, once.
   * @param bring what makes the file be there, when it may not be yet
   */
  addFile(digest: Digest, file: string, size: number, bring?: () => Promise<void>): Promise<void>;
  /**
   * Has a blob written whose digest is known only at its end.
   * @param scratch makes a folder for it, where it cannot be written in place: it may be large
   */
  addWritten<T extends WrittenBlob>(write: (target: BlobTarget) => Promise<T>, scratch?: () => string): Promise<T>;
  /** Follows a file that a blob is being compressed to, where that is of use before its end. */
  readonly follow?: ((file: string) => Promise<Follower>) | undefined;
  /** Makes all of it visible under its name. Returns its bytes. */
  commit(): Promise<number>;
  abandon(): Promise<void>;
}

/** Who reads a file while it is being written; to be told of its end, one way or the other. */
export interface Follower {
  /** To be told of each part of the file. */
  readonly growth: Growth;
  end(written: Descriptor): Promise<unknown>;
  fail(error: unknown): Promise<void>;
}

/** image-spec, image-layout.md, "Blobs". */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${digest.slice(7)}`;
}

export async function openLayout(dest: string, tar: boolean): Promise<Layout> {
  return tar ? new TarLayout(await OutputFile.open(dest)) : FolderLayout.open(dest);
}

/**
 * An archive for a reader that takes it as it comes.
 * @param name what it is called in messages
 * @param there blobs that the reader has: they are left out
 */
export function streamLayout(
  name: string,
  write: (bytes: Uint8Array) => Promise<void>,
  there: Iterable<Digest>,
): Layout {
  return new TarLayout(new OutputStream(name, write), there);
}

class FolderLayout implements Layout {
  readonly location: string;
  readonly #temp: string;
  readonly #blobs = new Set<Digest>();
  #size = 0;

  private constructor(location: string, temp: string) {
    this.location = location;
    this.#temp = temp;
  }

  static async open(dest: string): Promise<Layout> {
    const location = resolve(dest);
    const layout = new FolderLayout(location, besides(location));
    try {
      const there = await readdir(location).catch((error: NodeJS.ErrnoException): string[] => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      // an image layout that is there is replaced as a file would be; anything else is somebody's work
      if (there.length > 0 && !there.includes("oci-layout")) {
        throw new SlipwayError({
          code: "SLIP_OUTPUT",
          message: `Cannot write an image layout to "${location}": the folder is not empty and holds no image layout`,
          hint: "choose a new folder, or empty this one",
        });
      }
      makeFolder(join(layout.#temp, "blobs/sha256"));
      return layout;
    } catch (error) {
      throw outputError(location, error);
    }
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(this.#temp, path), bytes);
    this.#size += bytes.byteLength;
    if (path.startsWith("blobs/")) this.#blobs.add(`sha256:${path.slice(13)}`);
  }

  async addFile(digest: Digest, file: string, size: number, bring?: () => Promise<void>): Promise<void> {
    if (this.#blobs.has(digest)) return;
    await bring?.();
    await copyFile(file, join(this.#temp, blobPath(digest)), constants.COPYFILE_FICLONE);
    this.#blobs.add(digest);
    this.#size += size;
  }

  async addWritten<T extends WrittenBlob>(write: (target: BlobTarget) => Promise<T>): Promise<T> {
    const file = join(this.#temp, "blobs", "new");
    const written = await write(file);
    await rename(file, join(this.#temp, blobPath(written.digest)));
    this.#size += written.size;
    this.#blobs.add(written.digest);
    return written;
  }

  async commit(): Promise<number> {
    const old = besides(this.location);
    const moved = await rename(this.location, old).then(
      () => true,
      () => false,
    );
    try {
      await rename(this.#temp, this.location);
    } catch (error) {
      if (moved) await rename(old, this.location);
      throw outputError(this.location, error);
    }
    if (moved) await rm(old, { recursive: true });
    return this.#size;
  }

  async abandon(): Promise<void> {
    await rm(this.#temp, { recursive: true, force: true });
  }
}

const readSize = 1024 * 1024;

class TarLayout implements Layout {
  readonly #output: ArchiveOutput;
  readonly #blobs: Set<Digest>;
  readonly #folders = new Set<string>();

  /** @param there blobs that are left out because the reader has them */
  constructor(output: ArchiveOutput, there: Iterable<Digest> = []) {
    this.#output = output;
    this.#blobs = new Set(there);
  }

  get location(): string {
    return this.#output.location;
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    await this.#begin(path, bytes.byteLength);
    await this.#output.write(bytes);
    await this.#end(bytes.byteLength);
    if (path.startsWith("blobs/")) this.#blobs.add(`sha256:${path.slice(13)}`);
  }

  async addFile(digest: Digest, file: string, size: number, bring?: () => Promise<void>): Promise<void> {
    if (this.#blobs.has(digest)) return;
    await bring?.();
    await this.#begin(blobPath(digest), size);
    let read = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: readSize })) {
      await this.#output.write(chunk as Uint8Array);
      read += (chunk as Uint8Array).byteLength;
    }
    if (read !== size) {
      const message = `Cannot write ${digest} to "${this.location}": its file has ${read} bytes instead of ${size}`;
      throw new SlipwayError({ code: "SLIP_STORE", message, hint: "run `slipway prune --all` to drop damaged blobs" });
    }
    await this.#end(size);
    this.#blobs.add(digest);
  }

  async addWritten<T extends WrittenBlob>(
    write: (target: BlobTarget) => Promise<T>,
    scratch?: () => string,
  ): Promise<T> {
    const { seekable } = this.#output;
    if (!seekable) return this.#throughFile(write, scratch);
    // name and size are known at its end: the header is put in front of it then
    await this.#makeFolders(blobPath(placeholder));
    const start = this.#output.position;
    await this.#output.write(header(blobPath(placeholder), 0));
    const written = await write(seekable);
    this.#output.position += written.size;
    await this.#output.patch(header(blobPath(written.digest), written.size), start);
    await this.#end(written.size);
    this.#blobs.add(written.digest);
    return written;
  }

  async commit(): Promise<number> {
    await this.#output.write(Buffer.alloc(1024));
    await this.#output.commit();
    return this.#output.position;
  }

  abandon(): Promise<void> {
    return this.#output.abandon();
  }

  async #throughFile<T extends WrittenBlob>(
    write: (target: BlobTarget) => Promise<T>,
    scratch?: () => string,
  ): Promise<T> {
    const folder = scratch?.() ?? (await mkdtemp(join(tmpdir(), "slipway-")));
    try {
      const file = join(folder, "blob");
      const written = await write(file);
      await this.addFile(written.digest, file, written.size);
      return written;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #begin(path: string, size: number): Promise<void> {
    await this.#makeFolders(path);
    await this.#output.write(header(path, size));
  }

  async #end(size: number): Promise<void> {
    await this.#output.write(Buffer.alloc(roundUp(size) - size));
  }

  async #makeFolders(path: string): Promise<void> {
    const folder = dirname(path);
    if (folder === "." || this.#folders.has(folder)) return;
    await this.#makeFolders(folder);
    this.#folders.add(folder);
    await this.#output.write(header(`${folder}/`, 0));
  }
}

const placeholder: Digest = `sha256:${"0".repeat(64)}`;

/** One block, so that it fits where a placeholder was. Nothing in it depends on when or by whom it is written. */
function header(name: string, size: number): Buffer {
  const folder = name.endsWith("/");
  return encodeHeaderBlock({
    name,
    type: folder ? "dir" : "file",
    mode: folder ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size,
    mtimeNs: 0n,
    linkname: "",
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
  });
}
