// Not node:fs/promises: what the cache answers needs none of it, and Node loads it with its first use.
import { constants, createReadStream, lstatSync, promises, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Bytes, type Digest, Hasher, isDigest, SlipwayError } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { BlobWatch, ContentStore } from "./contract.ts";
import { folders, missing, type State } from "./state.ts";
import { moveToTrash } from "./trash.ts";
import { blockBytes } from "./tree.ts";
import { writeWithRename } from "./write-with-rename.ts";

interface Row {
  readonly digest: Digest;
  readonly media_type: string;
  readonly size: number;
  readonly last_used: number;
}

const anyType = "application/octet-stream";

/**
 * Blobs as files `blobs/sha256/xx/...`, each with a row. A blob's bytes are on the disk before its file gets its name, and the name is
 * given in the same transaction as the row.
 */
export class BlobStore implements ContentStore {
  readonly #state: State;
  readonly #makeRoom: ((bytes: number) => Promise<void>) | undefined;

  /** @param makeRoom is awaited before a blob is written whose size is known. */
  constructor(state: State, makeRoom?: (bytes: number) => Promise<void>) {
    this.#state = state;
    this.#makeRoom = makeRoom;
  }

  stat(digest: Digest): Promise<Descriptor | undefined> {
    return Promise.resolve(this.#find(digest));
  }

  async *read(digest: Digest): Bytes {
    const found = this.#find(digest);
    if (!found) throw missing(`the blob ${digest}`);
    const hasher = new Hasher();
    let size = 0;
    for await (const chunk of createReadStream(this.path(digest), { highWaterMark: 1 << 18 })) {
      const bytes = chunk as Uint8Array;
      hasher.update(bytes);
      size += bytes.length;
      yield bytes;
    }
    check(`Cannot read the blob ${digest}: it is damaged`, { digest, size: found.size }, hasher.digest(), size);
  }

  async write(bytes: Bytes, expected: Partial<Descriptor> = {}, watch?: BlobWatch): Promise<Descriptor> {
    const known = expected.digest && this.#find(expected.digest);
    if (known) {
      check(`Cannot store the blob ${known.digest}`, expected, known.digest, known.size);
      return expected.mediaType ? { ...known, mediaType: expected.mediaType } : known;
    }
    const folder = this.#state.scratch();
    const file = join(folder, "blob");
    if (expected.size !== undefined) await this.#makeRoom?.(expected.size);
    try {
      const trusted = watch?.verified === true ? expected.digest : undefined;
      const hasher = trusted === undefined ? new Hasher() : undefined;
      let size = 0;
      let digest: Digest;
      const handle = await promises.open(file, "wx", 0o600);
      watch?.began(file);
      const staged = new StagedWriter(handle, expected.size, watch);
      try {
        for await (const chunk of bytes) {
          hasher?.update(chunk);
          size += chunk.length;
          // Ends an endless answer early.
          if (expected.size !== undefined && size > expected.size) break;
          await staged.write(chunk);
        }
        await staged.flush();
        digest = trusted ?? (hasher as Hasher).digest();
        check(`Cannot store the blob ${expected.digest ?? digest}`, expected, digest, size);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      return await this.#publish(file, digest, size, expected.mediaType);
    } finally {
      await promises.rm(folder, { recursive: true, force: true });
    }
  }

  async adopt(file: string, descriptor: Descriptor): Promise<Descriptor> {
    const handle = await promises.open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await handle.stat();
      check(`Cannot store the file ${file}`, { size: descriptor.size }, descriptor.digest, size);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    try {
      return await this.#publish(file, descriptor.digest, descriptor.size, descriptor.mediaType);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    }
    const folder = this.#state.scratch();
    try {
      const copy = join(folder, "blob");
      await promises.copyFile(file, copy);
      const stored = await this.adopt(copy, descriptor);
      await promises.rm(file);
      return stored;
    } finally {
      await promises.rm(folder, { recursive: true, force: true });
    }
  }

  path(digest: Digest): string {
    if (!isDigest(digest)) {
      throw new SlipwayError({
        code: "SLIP_STORE",
        message: `Cannot name a blob "${String(digest)}": not a sha256 digest`,
      });
    }
    return blobFile(this.#state.root, digest);
  }

  delete(digest: Digest): Promise<void> {
    this.#state.db.run("DELETE FROM blobs WHERE digest = ?", digest);
    return this.unlink([digest]);
  }

  /** Removes the files of blobs that have no row any more; a row that came back meanwhile keeps its file. */
  async unlink(digests: readonly Digest[]): Promise<void> {
    const trashed = this.#state.db.write(() =>
      digests.flatMap((digest) => (this.#row(digest) ? [] : (moveToTrash(this.#state, this.path(digest)) ?? []))),
    );
    for (const file of trashed) await promises.rm(file, { force: true });
  }

  async *list(): AsyncIterable<Descriptor> {
    yield* this.#state.db.all<Row>("SELECT * FROM blobs ORDER BY digest").map(descriptorOf);
  }

  /** What the row says, when the file is as long as it says; marked as used. */
  #find(digest: Digest): Descriptor | undefined {
    void this.#state.build.id;
    const row = this.#row(digest);
    if (!row) return undefined;
    if (statSync(this.path(digest), { throwIfNoEntry: false })?.size !== row.size) return undefined;
    if (this.#state.isStale(row.last_used)) {
      this.#state.db.run("UPDATE blobs SET last_used = ? WHERE digest = ?", Date.now(), digest);
    }
    return descriptorOf(row);
  }

  #row(digest: Digest): Row | undefined {
    return this.#state.db.get<Row>("SELECT * FROM blobs WHERE digest = ?", digest);
  }

  async #publish(file: string, digest: Digest, size: number, mediaType: string = anyType): Promise<Descriptor> {
    void this.#state.build.id;
    const path = this.path(digest);
    await promises.mkdir(dirname(path), { recursive: true });
    const now = Date.now();
    writeWithRename(this.#state.db, file, path, (rename) => {
      // With a row that stays whatever comes of this one, the file must not be taken back.
      if (this.#row(digest)) renameSync(file, path);
      else rename();
      this.#state.db.run(
        `INSERT INTO blobs (digest, media_type, size, created, last_used) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (digest) DO UPDATE SET size = excluded.size, last_used = excluded.last_used,
           media_type = iif(media_type = '${anyType}', excluded.media_type, media_type)`,
        digest,
        mediaType,
        size,
        now,
        now,
      );
    });
    return { mediaType, digest, size };
  }
}

/** Where a blob lies. */
function blobFile(root: string, digest: Digest): string {
  const hex = digest.slice("sha256:".length);
  return join(root, folders.blobs, hex.slice(0, 2), hex);
}

/** What a blob takes on the disk; what its row says where the file cannot be asked. */
export function blobBytes(root: string, { digest, size }: Pick<Row, "digest" | "size">): number {
  const stat = lstatSync(blobFile(root, digest), { throwIfNoEntry: false });
  return stat ? blockBytes(stat) : size;
}

function descriptorOf(row: Row): Descriptor {
  return { mediaType: row.media_type, digest: row.digest, size: row.size };
}

/** Bytes that are gathered before they are written: the chunks of a connection are a hundredth of that. */
const stageSize = 512 * 1024;

/** Writes a file in pieces that are worth a system call; always from the same memory, however large the file. */
class StagedWriter {
  readonly #handle: Awaited<ReturnType<typeof promises.open>>;
  readonly #stage: Buffer;
  readonly #watch: BlobWatch | undefined;
  #filled = 0;
  #written = 0;

  constructor(
    handle: Awaited<ReturnType<typeof promises.open>>,
    size: number = stageSize,
    watch: BlobWatch | undefined,
  ) {
    this.#handle = handle;
    this.#stage = Buffer.allocUnsafeSlow(Math.max(1, Math.min(size, stageSize)));
    this.#watch = watch;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#stage.length - this.#filled);
      this.#stage.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#stage.length) await this.flush();
    }
  }

  async flush(): Promise<void> {
    // FileHandle.write may write less than it was given.
    for (let at = 0; at < this.#filled;) {
      at += (await this.#handle.write(this.#stage, at, this.#filled - at)).bytesWritten;
    }
    this.#written += this.#filled;
    this.#filled = 0;
    this.#watch?.grew(this.#written);
  }
}

function check(action: string, expected: Partial<Descriptor>, digest: Digest, size: number): void {
  if (expected.size !== undefined && expected.size !== size) {
    throw mismatch(`${action}: expected ${expected.size} bytes, got ${size > expected.size ? "more" : size}`);
  }
  if (expected.digest !== undefined && expected.digest !== digest) {
    throw mismatch(`${action}: expected ${expected.digest}, got ${digest}`);
  }
}

function mismatch(message: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message,
    hint: "the bytes were changed on the way or on the disk; try again, and take what is damaged away with `slipway prune --all`",
  });
}
