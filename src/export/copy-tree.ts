import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { setTimes } from "../base/syscalls.ts";
import { SlipwayError } from "../base/index.ts";

export interface CopyTreeJob {
  /** No two may have the same file. */
  readonly from: readonly string[];
  /** An existing folder. */
  readonly to: string;
  /** Seconds since the epoch. */
  readonly epoch?: number | undefined;
  /** What is in `to` and in none of `from` is removed, when all is copied. */
  readonly clean?: boolean | undefined;
  readonly cancel: Int32Array;
}

export interface CopiedTree {
  /** Bytes of files. */
  readonly size: number;
  /** Devices, fifos and sockets, which have no meaning outside. */
  readonly leftOut: number;
}

/**
 * Copies trees into a folder that may hold files already; those of the same name are replaced, each in one step. Everything belongs to
 * whoever runs it, so setuid and setgid bits, which mean the owner, are taken off. Links in `to` are never followed.
 * @throws SLIP_OUTPUT when two trees have the same file; it is found out before anything is copied
 */
export function copyTree(job: CopyTreeJob): CopiedTree {
  const clamp = job.epoch === undefined ? undefined : BigInt(job.epoch) * 1_000_000_000n;
  const linked = new Map<string, Buffer>();
  const copied = new CopiedNames();
  if (job.from.length > 1) checkApart(job.from);
  const own = { uid: BigInt(process.getuid?.() ?? 0), gid: BigInt(process.getgid?.() ?? 0) };
  const folders: { readonly path: Buffer; readonly stats: BigIntStats }[] = [];
  let size = 0;
  let leftOut = 0;

  const finish = (path: Buffer, stats: BigIntStats): void => {
    if (!stats.isSymbolicLink()) chmodSync(path, Number(stats.mode) & 0o1777);
    const time = clamp !== undefined && stats.mtimeNs > clamp ? clamp : stats.mtimeNs;
    setTimes(path, time, time);
  };
  const todo: { readonly from: Buffer; readonly to: Buffer }[] = job.from.map((from) => ({
    from: Buffer.from(from),
    to: Buffer.from(job.to),
  }));
  for (let folder = todo.pop(); folder; folder = todo.pop()) {
    if (job.cancel[0] === 1) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
    for (const name of readdirSync(folder.from, { encoding: "buffer" })) {
      const from = join(folder.from, name);
      const to = join(folder.to, name);
      const stats = lstatSync(from, { bigint: true });
      if (stats.isDirectory()) {
        copied.add(folder.to, name);
        makeFolder(to);
        folders.push({ path: to, stats });
        todo.push({ from, to });
        continue;
      }
      if (!stats.isFile() && !stats.isSymbolicLink()) {
        leftOut++;
        continue;
      }
      copied.add(folder.to, name);
      const link = stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
      const first = link === undefined ? undefined : linked.get(link);
      if (link !== undefined && !first) linked.set(link, to);
      replace(to, (path) => {
        if (first) linkSync(first, path);
        else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: "buffer" }), path);
        else {
          if (Number(stats.mode) & 0o6000) copyBytes(from, path);
          else copyFileSync(from, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
          // Node gives the copy the owner of its source
          if (stats.uid !== own.uid || stats.gid !== own.gid) chownSync(path, Number(own.uid), Number(own.gid));
          size += Number(stats.size);
        }
        if (!first) finish(path, stats);
      });
    }
  }
  if (job.clean) copied.removeOthers(Buffer.from(job.to), folders);
  for (const { path, stats } of folders.toReversed()) finish(path, stats);
  return { size, leftOut };
}

/** The names that were copied into each folder. */
class CopiedNames {
  readonly #names = new Map<string, Set<string>>();

  add(folder: Buffer, name: Buffer): void {
    const key = folder.toString("latin1");
    const names = this.#names.get(key) ?? new Set();
    this.#names.set(key, names.add(name.toString("latin1")));
  }

  /** Removes everything else in these folders. */
  removeOthers(root: Buffer, folders: readonly { readonly path: Buffer }[]): void {
    for (const path of [root, ...folders.map((folder) => folder.path)]) {
      const names = this.#names.get(path.toString("latin1"));
      for (const name of readdirSync(path, { encoding: "buffer" })) {
        if (!names?.has(name.toString("latin1"))) rmSync(join(path, name), { recursive: true, force: true });
      }
    }
  }
}

/** Folders may be in several trees, and nothing else. */
function checkApart(trees: readonly string[]): void {
  const seen = new Map<string, "folder" | "other">();
  for (const tree of trees) {
    const todo: Buffer[] = [Buffer.alloc(0)];
    for (let folder = todo.pop(); folder; folder = todo.pop()) {
      for (const entry of readdirSync(join(Buffer.from(tree), folder), { encoding: "buffer", withFileTypes: true })) {
        const path = join(folder, entry.name);
        const kind = entry.isDirectory() ? "folder" : "other";
        const before = seen.get(path.toString("latin1"));
        if (before !== undefined && (before !== "folder" || kind !== "folder")) {
          throw new SlipwayError({
            code: "SLIP_OUTPUT",
            message: `Cannot write the files of several platforms into one folder: more than one has ${path.toString()}`,
            hint: "without platform-split=false each gets a folder of its own",
          });
        }
        seen.set(path.toString("latin1"), kind);
        if (kind === "folder") todo.push(path);
      }
    }
  }
}

/**
 * Node gives a copy the owner and all mode bits of its source, for a moment: in an output folder that others may enter, a setuid program of
 * the image would be one of the machine's. Such files are copied by hand; they belong to nobody else at any time.
 */
function copyBytes(from: Buffer, to: Buffer): void {
  const source = openSync(from, "r");
  try {
    const target = openSync(to, "wx", 0o600);
    try {
      const chunk = Buffer.alloc(1 << 16);
      for (let read = readSync(source, chunk); read > 0; read = readSync(source, chunk)) {
        for (let at = 0; at < read;) at += writeSync(target, chunk, at, read - at);
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

const slash = Buffer.from("/");

function join(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, slash, name]);
}

function makeFolder(path: Buffer): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) {
    // no more than is needed to write into it: after an error it stays so
    if ((there.mode & 0o700) !== 0o700) chmodSync(path, (there.mode & 0o7777) | 0o700);
    return;
  }
  if (there) rmSync(path);
  mkdirSync(path, 0o700);
}

/** Makes something new, beside what is there when something is, and puts it in its place. */
function replace(path: Buffer, make: (path: Buffer) => void): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) {
    make(path);
    return;
  }
  if (there.isDirectory()) {
    rmSync(path, { recursive: true });
    make(path);
    return;
  }
  const temp = Buffer.concat([path.subarray(0, path.lastIndexOf(47) + 1), Buffer.from(`.slipway-${process.pid}.tmp`)]);
  rmSync(temp, { force: true });
  make(temp);
  // a second name of the same file would stay under both
  renameSync(temp, path);
  rmSync(temp, { force: true });
}
