import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from "node:fs";
import { fsPath, SlipwayError, toBytes, toText } from "../base/index.ts";
import { getXattr, listXattrs } from "../base/syscalls.ts";
import type { OverlayXattrs, TarEntryType } from "./contract.ts";
import { encodeHeader } from "./header.ts";
import { blockSize, roundUp, travels } from "./tar-format.ts";

/** Bytes of a piece of tar: a whole number of blocks, large enough for any header. */
export const chunkSize = 2 * 1024 * 1024;

export interface TreeOptions {
  /** The folder, as text. */
  readonly root: string;
  readonly overlayXattrs: OverlayXattrs;
  /** Seconds since the epoch. */
  readonly epoch?: number | undefined;
  /** Gives a buffer of `chunkSize` bytes; it belongs to the walk until it is yielded. */
  readonly take: () => Buffer;
}

export interface TreeTotals {
  readonly entries: number;
  readonly fileBytes: number;
}

/** One folder on the way: what is left to visit in it. */
interface Frame {
  /** Byte strings: in the file system, and in the archive with a slash at the end ("" for the root). */
  readonly path: string;
  readonly name: string;
  readonly names: readonly string[];
  next: number;
}

/** Marks of overlayfs on a file: what they mean for the layer. */
interface Marks {
  readonly opaque: boolean;
  readonly whiteout: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

const noAttributes: ReadonlyMap<string, string> = new Map();
const noMarks: Marks = { opaque: false, whiteout: false, attributes: noAttributes };
const opaqueName = ".wh..wh..opq";

/**
 * The tar of a folder in pieces (see writeLayer for what goes in). A generator, so that whoever compresses sets the pace, with a
 * stack of its own, so that any depth works. One entry's header and content may lie in several pieces.
 */
export function* tarOfTree(options: TreeOptions): Generator<Buffer, TreeTotals> {
  const { overlayXattrs, take } = options;
  const clamp = options.epoch === undefined ? undefined : BigInt(options.epoch) * 1_000_000_000n;
  const linked = new Map<string, string>();
  let chunk = take();
  let used = 0;
  let entries = 0;
  let fileBytes = 0;

  const root = toBytes(options.root);
  const stack: Frame[] = [{ path: root, name: "", names: list(root), next: 0 }];
  if (overlayXattrs !== "none" && marksOf(root, true, overlayXattrs).opaque) {
    used += header(".", opaqueName).copy(chunk, used);
  }
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const base = frame.names[frame.next++];
    if (base === undefined) {
      stack.pop();
      continue;
    }
    const path = `${frame.path}/${base}`;
    const stats = lstatSync(fsPath(path), { bigint: true });
    const type = typeOf(stats);
    if (type === undefined) continue;
    const marks = marksOf(path, type === "dir" || (type === "file" && stats.size === 0n), overlayXattrs);
    const name = `${frame.name}${base}${type === "dir" ? "/" : ""}`;
    const isWhiteout = overlayXattrs !== "none" && ((type === "char" && stats.rdev === 0n) || marks.whiteout);

    const link = !isWhiteout && type !== "dir" && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
    const first = link === undefined ? undefined : linked.get(link);
    if (link !== undefined && first === undefined) linked.set(link, name);
    if (overlayXattrs !== "none" && base.startsWith(".wh.")) throw reserved(name);
    const size = type === "file" && first === undefined && !isWhiteout ? Number(stats.size) : 0;
    const block = isWhiteout
      ? header(frame.name, `.wh.${base}`)
      : encodeHeader({
          name,
          type: first === undefined ? type : "link",
          mode: Number(stats.mode) & 0o7777,
          uid: Number(stats.uid),
          gid: Number(stats.gid),
          size,
          mtimeNs: clamp !== undefined && stats.mtimeNs > clamp ? clamp : stats.mtimeNs,
          linkname: first ?? (type === "symlink" ? readlinkSync(fsPath(path), "latin1") : ""),
          ...(first === undefined && (type === "char" || type === "block") ? device(stats.rdev) : noDevice),
          xattrs: first === undefined ? marks.attributes : noAttributes,
        });
    const opaque = marks.opaque ? header(name, opaqueName) : undefined;
    if (used + block.length + (opaque?.length ?? 0) > chunkSize) {
      yield chunk.subarray(0, used);
      chunk = take();
      used = 0;
    }
    used += block.copy(chunk, used);
    if (opaque) used += opaque.copy(chunk, used);
    entries += opaque ? 2 : 1;
    fileBytes += size;

    if (type === "dir") stack.push({ path, name, names: list(path), next: 0 });
    if (size === 0) continue;
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (let left = size; left > 0;) {
        if (used === chunkSize) {
          yield chunk;
          chunk = take();
          used = 0;
        }
        const read = readSync(fd, chunk, used, Math.min(left, chunkSize - used), null);
        if (read === 0) throw shrunk(name);
        used += read;
        left -= read;
      }
    } finally {
      closeSync(fd);
    }
    const padding = roundUp(size) - size;
    chunk.fill(0, used, used + padding);
    used += padding;
  }

  if (used + 2 * blockSize > chunkSize) {
    yield chunk.subarray(0, used);
    chunk = take();
    used = 0;
  }
  chunk.fill(0, used, used + 2 * blockSize);
  yield chunk.subarray(0, used + 2 * blockSize);
  return { entries, fileBytes };
}

/** A whiteout or opaque mark: an empty file whose attributes mean nothing (image-spec, layer.md, "Whiteouts"). */
function header(folder: string, base: string): Buffer {
  return encodeHeader({
    name: folder === "." ? base : `${folder}${base}`,
    type: "file",
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeNs: 0n,
    linkname: "",
    ...noDevice,
    xattrs: noAttributes,
  });
}

/** Names in a folder, sorted by their bytes. */
function list(path: string): readonly string[] {
  return readdirSync(fsPath(path), "latin1").sort();
}

/** undefined for sockets, which no archive of a file system holds. */
function typeOf(stats: BigIntStats): TarEntryType | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "dir";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "char";
  if (stats.isBlockDevice()) return "block";
  return stats.isFIFO() ? "fifo" : undefined;
}

/**
 * The attributes that travel, and overlayfs' marks, which end here.
 * @param mayMark only folders are opaque, and only folders and empty files are whiteouts by attribute.
 */
function marksOf(path: string, mayMark: boolean, kind: OverlayXattrs): Marks {
  const names = listXattrs(fsPath(path));
  if (names.length === 0) return noMarks;
  const prefix = `${kind}.overlay.`;
  let opaque = false;
  let whiteout = false;
  let attributes: Map<string, string> | undefined;
  for (const name of names) {
    if (travels(name)) {
      const value = getXattr(fsPath(path), name);
      if (value) (attributes ??= new Map()).set(toBytes(name), Buffer.from(value).toString("latin1"));
    } else if (kind !== "none" && name.startsWith(prefix)) {
      const mark = name.slice(prefix.length);
      if (mark === "redirect" || mark === "metacopy") throw incomplete(path, mark);
      // "x" on a folder says that whiteouts by attribute are in it, not that it is opaque
      if (mayMark && mark === "opaque") opaque = Buffer.from(getXattr(fsPath(path), name) ?? []).toString() === "y";
      if (mayMark && mark === "whiteout") whiteout = true;
    }
  }
  return { opaque, whiteout, attributes: attributes ?? noAttributes };
}

const noDevice = { devMajor: 0, devMinor: 0 };

/** glibc's makedev, undone. */
function device(rdev: bigint): { readonly devMajor: number; readonly devMinor: number } {
  return {
    devMajor: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    devMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}

function reserved(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_LAYER_INVALID",
    message: `Cannot write "${toText(name)}" into a layer: names beginning with .wh. stand for removed files there`,
    hint: "remove or rename the file in the step that makes it",
  });
}

function shrunk(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_LAYER_INVALID",
    message: `Cannot write "${toText(name)}" into a layer: it became shorter while it was read`,
    hint: "something still writes to the files of a finished step; try again when it has ended",
  });
}

function incomplete(path: string, mark: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_LAYER_INVALID",
    message: `Cannot write "${toText(path)}" into a layer: overlayfs kept only a ${mark} of it there`,
    hint: "the layer must be mounted with redirect_dir=off and metacopy=off",
  });
}
