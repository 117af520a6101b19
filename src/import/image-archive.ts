import { createReadStream, createWriteStream, realpathSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Bytes, type Digest, Hasher, SlipwayError } from "../base/index.ts";
import { decompress, readTar, type TarHeader } from "../layer/index.ts";

/** A file of an archive of images, taken out of it. */
export interface ArchivedFile {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  digest(): Promise<Digest>;
}

/** The files of an archive of images by their names there; nothing is on the disk under a name from the archive. */
export interface ImageArchive {
  /** For messages: `the archive app.tar`. */
  readonly name: string;
  /** Its files are ours: whoever wants one may take it away. */
  readonly ours: boolean;
  /** Undefined for what is not there. @throws SLIP_OCI_INVALID for a link that leads nowhere */
  find(path: string): ArchivedFile | undefined;
}

/** More files than any archive of images has. */
const mostFiles = 100_000;
/** Links that lead to links: docker before 25 wrote layers that several images share as links. */
const deepest = 8;

/**
 * Takes an archive of images apart: a tar, also with gzip, bzip2, xz or zstd.
 * @param folder an empty folder for its files
 * @throws SLIP_OCI_INVALID for names that lead outside and for names that are there twice, SLIP_LAYER_INVALID for what is no tar or is cut
 */
export async function openImageArchive(
  source: Bytes,
  { name, folder, signal }: { readonly name: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<ImageArchive> {
  const files = new Map<string, ArchivedFile>();
  const links = new Map<string, string>();
  for await (const entry of readTar(decompress(source))) {
    signal.throwIfAborted();
    if (files.size + links.size > mostFiles) throw refused(name, `it has more than ${mostFiles} files`);
    const path = pathOf(entry.name, name);
    if (entry.type === "dir") continue;
    if (files.has(path) || links.has(path)) throw refused(name, `it has ${JSON.stringify(path)} twice`);
    const target = linkTarget(entry, path, name);
    if (target !== undefined) links.set(path, target);
    else if (entry.type !== "file") throw refused(name, `${JSON.stringify(path)} is neither a file nor a link`);
    else {
      checkRoom(entry.size, folder, name);
      files.set(path, await takeOut(entry.content(), join(folder, String(files.size)), signal));
    }
  }
  return { name, ours: true, find: (path) => find(path, files, links, name) };
}

/** The same of a folder, where an archive was unpacked or a layout was written. */
export function openImageFolder(folder: string): ImageArchive {
  const name = `the folder ${folder}`;
  const root = realpathSync(folder);
  return {
    name,
    ours: false,
    find: (text) => {
      const path = normal(text);
      if (path === undefined) throw refused(name, `it names the file ${JSON.stringify(text)}, which is outside`);
      const file = join(root, path);
      const stat = statSync(file, { throwIfNoEntry: false });
      if (!stat?.isFile()) return undefined;
      if (!realpathSync(file).startsWith(`${root}/`))
        throw refused(name, `its link ${JSON.stringify(path)} leads outside`);
      return { file, size: stat.size, digest: () => digestOfFile(file) };
    },
  };
}

async function digestOfFile(file: string): Promise<Digest> {
  const hasher = new Hasher();
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) hasher.update(chunk as Uint8Array);
  return hasher.digest();
}

/** The bytes of a file that was taken out. */
export function readArchived({ file }: ArchivedFile): Bytes {
  return createReadStream(file, { highWaterMark: 1 << 18 }) as Bytes;
}

/** A header may promise any number of bytes, and a compressed archive keep to it. */
function checkRoom(size: number, folder: string, archive: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (size <= bavail * bsize) return;
  throw new SlipwayError({
    code: "SLIP_DISK_FULL",
    message: `Cannot load ${archive}: it has a file of ${size} bytes, and the disk of the store has ${bavail * bsize} left`,
    hint: "free space, or choose a store on another disk with --store",
  });
}

async function takeOut(content: Bytes, file: string, signal: AbortSignal): Promise<ArchivedFile> {
  const hasher = new Hasher();
  let size = 0;
  const hashed = async function* (): Bytes {
    for await (const chunk of content) {
      // What the parser gives is good only until the next is asked for.
      const own = Buffer.from(chunk);
      hasher.update(own);
      size += own.byteLength;
      yield own;
    }
  };
  await pipeline(
    Readable.from(hashed(), { objectMode: false }),
    createWriteStream(file, { flags: "wx", mode: 0o600 }),
    {
      signal,
    },
  );
  const digest = hasher.digest();
  return { file, size, digest: () => Promise.resolve(digest) };
}

/** A name within the archive, in its simplest form. */
function pathOf(text: string, archive: string): string {
  const path = normal(Buffer.from(text, "latin1").toString("utf8"));
  if (path !== undefined) return path;
  throw refused(archive, `it has the name ${JSON.stringify(text)}, which leads outside`);
}

/** Undefined for a path that leads outside. */
function normal(path: string): string | undefined {
  if (path.startsWith("/") || path.includes("\0")) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

function linkTarget({ type, linkname }: TarHeader, path: string, archive: string): string | undefined {
  if (type !== "link" && type !== "symlink") return undefined;
  const folder = type === "link" ? "" : path.slice(0, path.lastIndexOf("/") + 1);
  const target = linkname.startsWith("/") ? undefined : normal(`${folder}${linkname}`);
  if (target !== undefined) return target;
  throw refused(archive, `its link ${JSON.stringify(path)} leads outside`);
}

function find(
  path: string,
  files: ReadonlyMap<string, ArchivedFile>,
  links: ReadonlyMap<string, string>,
  archive: string,
): ArchivedFile | undefined {
  let at = normal(path);
  if (at === undefined) throw refused(archive, `it names the file ${JSON.stringify(path)}, which is outside`);
  for (let depth = 0; depth <= deepest; depth++) {
    const target = links.get(at);
    if (target === undefined) return files.get(at);
    at = target;
  }
  throw refused(archive, `the link ${JSON.stringify(path)} leads nowhere`);
}

/** SLIP_OCI_INVALID: the archive is not what it should be. */
export function refused(archive: string, why: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_OCI_INVALID",
    message: `Cannot load ${archive}: ${why}`,
    hint: "save the image again, with `docker save`, `podman save`, skopeo or `slipway save`",
  });
}
