import { constants } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type Digest, makeFolder, SlipwayError } from "../base/index.ts";
import { type Descriptor, type Index, makeIndex, parseIndex, parseManifestOrIndex } from "../oci/index.ts";
import { type BlobTarget, blobPath, type Layout, type WrittenBlob } from "./layout.ts";
import { outputError } from "./output.ts";

/** A layout to which one manifest is added under a tag. */
export interface SharedLayout extends Layout {
  /** Makes the manifest visible under the tag, in place of what had it. */
  publish(manifest: Descriptor): Promise<void>;
}

/** What was written lies in a folder of this beginning until it is published. */
const unfinished = ".new-";
/** Folders of processes that died are swept when they are older than this (milliseconds). */
const abandonedAfter = 24 * 3_600_000;
/** Others are waited for so long (milliseconds). */
const patience = 60_000;

/**
 * Opens an image layout in a folder that several processes may write at once. Blobs are made beside the others and renamed in while nobody else
 * changes the folder; a process that is killed leaves what was there.
 * @throws SLIP_OUTPUT for a folder that holds something else
 */
export async function openSharedLayout(folder: string, tag: string): Promise<SharedLayout> {
  const location = resolve(folder);
  try {
    makeFolder(join(location, "blobs/sha256"));
    const names = await readdir(location);
    const own = (name: string): boolean =>
      ["blobs", "oci-layout", "index.json", lockName].includes(name) || name.startsWith(".");
    if (!names.includes("oci-layout") && !names.every(own)) {
      throw new SlipwayError({
        code: "SLIP_OUTPUT",
        message: `Cannot write a cache to "${location}": the folder is not empty and holds no image layout`,
        hint: "choose a new folder, or empty this one",
      });
    }
    return new SharedFolder(location, tag, await mkdtemp(join(location, unfinished)));
  } catch (error) {
    throw outputError(location, error);
  }
}

/** Where the bytes of a blob are, until it is published. */
type Pending =
  | { readonly kind: "made"; readonly file: string }
  | { readonly kind: "file"; readonly file: string; readonly bring?: (() => Promise<void>) | undefined };

class SharedFolder implements SharedLayout {
  readonly location: string;
  readonly #tag: string;
  readonly #temp: string;
  readonly #blobs = new Map<Digest, Pending>();

  constructor(location: string, tag: string, temp: string) {
    this.location = location;
    this.#tag = tag;
    this.#temp = temp;
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    const digest: Digest = `sha256:${path.slice(path.lastIndexOf("/") + 1)}`;
    const file = join(this.#temp, digest.slice(7));
    await writeFile(file, bytes);
    this.#blobs.set(digest, { kind: "made", file });
  }

  async addFile(digest: Digest, file: string, size: number, bring?: () => Promise<void>): Promise<void> {
    if (this.has(digest)) return;
    this.#blobs.set(digest, { kind: "file", file, bring });
    // What is there already need not be copied, unless another process sweeps it before this one publishes.
    if ((await sizeOf(join(this.location, blobPath(digest)))) !== size) await this.#copy(digest, file, bring);
  }

  async addWritten<T extends WrittenBlob>(write: (target: BlobTarget) => Promise<T>): Promise<T> {
    const file = join(this.#temp, "new");
    const written = await write(file);
    const named = join(this.#temp, written.digest.slice(7));
    await rename(file, named);
    this.#blobs.set(written.digest, { kind: "made", file: named });
    return written;
  }

  async publish(manifest: Descriptor): Promise<void> {
    try {
      using _lock = await lockFolder(this.location);
      for (const [digest, pending] of this.#blobs) {
        const target = join(this.location, blobPath(digest));
        if (pending.kind === "file" && (await sizeOf(target)) === undefined) {
          await this.#copy(digest, pending.file, pending.bring);
        }
        const made = this.#blobs.get(digest);
        if (made?.kind === "made") await rename(made.file, target);
      }
      const index = await readIndex(this.location);
      const annotations = { [tagKey]: this.#tag };
      const others = (index?.manifests ?? []).filter((entry) => entry.annotations?.[tagKey] !== this.#tag);
      const { value, bytes } = makeIndex({ manifests: [...others, { ...manifest, annotations }] });
      await this.#replace("index.json", bytes);
      if (!index) await this.#replace("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      await this.#sweep(value);
    } catch (error) {
      throw outputError(this.location, error);
    }
  }

  commit(): Promise<number> {
    return Promise.resolve(0);
  }

  async abandon(): Promise<void> {
    await rm(this.#temp, { recursive: true, force: true });
  }

  async #copy(digest: Digest, file: string, bring: (() => Promise<void>) | undefined): Promise<void> {
    await bring?.();
    const copy = join(this.#temp, digest.slice(7));
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
    this.#blobs.set(digest, { kind: "made", file: copy });
  }

  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.#temp, name);
    await writeFile(file, bytes);
    await rename(file, join(this.location, name));
  }

  /** Removes blobs that nothing in the index leads to. What cannot be read may lead to any of them: then all stay. */
  async #sweep(index: Index): Promise<void> {
    const named = new Set<Digest>();
    if (await follow(this.location, index, named)) {
      for (const name of await readdir(join(this.location, "blobs/sha256"))) {
        if (!named.has(`sha256:${name}`)) await rm(join(this.location, "blobs/sha256", name), { force: true });
      }
    }
    for (const name of await readdir(this.location)) {
      const path = join(this.location, name);
      if (!name.startsWith(unfinished) || path === this.#temp) continue;
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs < Date.now() - abandonedAfter) await rm(path, { recursive: true, force: true });
    }
  }
}

const tagKey = "org.opencontainers.image.ref.name";
const lockName = ".lock";

/** @param named gets every digest on the way. @returns false when something could not be read. */
async function follow(location: string, { manifests }: Index, named: Set<Digest>, depth = 0): Promise<boolean> {
  if (depth > 4) return false;
  for (const { digest } of manifests) {
    if (named.has(digest)) continue;
    named.add(digest);
    try {
      const document = parseManifestOrIndex(await readFile(join(location, blobPath(digest))));
      if ("manifests" in document) {
        if (!(await follow(location, document, named, depth + 1))) return false;
      } else for (const { digest: blob } of [document.config, ...document.layers]) named.add(blob);
    } catch {
      return false;
    }
  }
  return true;
}

async function readIndex(location: string): Promise<Index | undefined> {
  try {
    return parseIndex(await readFile(join(location, "index.json")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Keeps other processes from changing the folder. The lock is SQLite's (fcntl): the kernel drops it with the process that holds it. */
async function lockFolder(location: string): Promise<Disposable> {
  const end = Date.now() + patience;
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const lock = new DatabaseSync(join(location, lockName), { timeout: 0 });
    try {
      lock.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
      return { [Symbol.dispose]: () => lock.close() };
    } catch (error) {
      lock.close();
      const busy = /locked|busy/.test((error as Error).message);
      if (!busy || Date.now() > end) throw error;
    }
    await sleep(wait);
  }
}
