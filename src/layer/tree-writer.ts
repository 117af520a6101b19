import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { fsPath, isSlipwayError, toBytes, toText } from "../base/index.ts";
import { makeNode, setXattr } from "../base/syscalls.ts";
import { setAttributes } from "./attributes.ts";
import type { ArchiveLimits, ExtractTarOptions, TarHeader, UnpackLayerOptions } from "./contract.ts";
import { invalidArchive } from "./invalid.ts";
import { isOpaque, isWhiteout, LowerLayers } from "./lower-layers.ts";
import { NotedFolders } from "./noted-folders.ts";
import { Rooted } from "./rooted.ts";
import type { TarSink } from "./tar-parser.ts";

export type TreeWriterOptions = { readonly limits: ArchiveLimits } & (
  | ({ readonly kind: "layer" } & Pick<UnpackLayerOptions, "upper" | "overlayXattrs" | "owner" | "lower">)
  | ({ readonly kind: "plain" } & Pick<ExtractTarOptions, "into" | "owner" | "keepFolders">)
);

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";
/** Notes that aufs left in old images, files and folders: they mean nothing in a layer. */
const notePrefix = ".wh..wh.";
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO } = constants;

/**
 * Makes the entries of a tar below a folder: either as overlayfs wants a folder of changes, or as plain files. Hostile archives are the normal case: names
 * are cleaned, every folder on the way is looked at (see Rooted), nothing is ever written through what an entry put there.
 */
export class TreeWriter implements TarSink {
  readonly #options: TreeWriterOptions;
  readonly #rooted: Rooted;
  /** Attributes of folders, set at the end because what is put into them changes their times. By real path. */
  readonly #folders = new NotedFolders();
  /** Device nodes that the kernel refused. */
  readonly leftOut: string[] = [];
  #rootIsOpaque = false;
  /** Real paths of those that this layer made; others may have taken their places. */
  readonly #whiteouts = new Set<string>();
  /** Undefined where it is not known what is below. */
  readonly #lower: LowerLayers | undefined;
  #open: { readonly fd: number; readonly path: string; readonly header: TarHeader } | undefined;
  entries = 0;
  fileBytes = 0;

  constructor(options: TreeWriterOptions) {
    this.#options = options;
    const lower = options.kind === "layer" ? options.lower : undefined;
    if (options.kind === "layer" && lower) this.#lower = new LowerLayers(lower, options.overlayXattrs);
    const root = toBytes(options.kind === "layer" ? options.upper : options.into).replace(/\/+$/, "");
    this.#rooted = new Rooted(root, {
      made: (path, name, instead) => this.#implied(path, name, instead),
      blocked: (path, stats) => this.#unblock(path, stats),
    });
  }

  entry(header: TarHeader): void {
    if (++this.entries > this.#options.limits.entries) {
      throw invalidArchive(`it has more than ${this.#options.limits.entries} entries`);
    }
    const parts = this.#clean(header.name);
    try {
      this.#make(parts, header);
    } catch (error) {
      throw this.#explain(error, header.name);
    }
  }

  data(chunk: Buffer): void {
    if (!this.#open) return;
    this.fileBytes += chunk.length;
    for (let at = 0; at < chunk.length;) at += writeSync(this.#open.fd, chunk, at, chunk.length - at);
  }

  close(): void {
    if (!this.#open) return;
    const { fd, path, header } = this.#open;
    this.#open = undefined;
    try {
      setAttributes(path, header, this.#options.owner, "file", fd);
    } catch (error) {
      throw this.#explain(error, header.name);
    } finally {
      closeSync(fd);
    }
  }

  /** After the last entry. */
  finish(): void {
    if (this.#rootIsOpaque) this.#hideLowerRoot();
    this.#dropIdleWhiteouts();
    for (const [path, attributes] of this.#folders) {
      try {
        setAttributes(path, attributes, this.#options.owner, "dir");
      } catch (error) {
        throw this.#explain(error, path.slice(this.#rooted.root.length + 1));
      }
    }
  }

  /** After an error: nothing stays open. */
  abandon(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #clean(name: string): readonly string[] {
    const { pathLength, depth } = this.#options.limits;
    if (name.length > pathLength) throw invalidArchive(`a name is longer than ${pathLength} bytes`);
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw invalidArchive(`"${toText(name)}" has a ".." in it`);
    if (parts.length > depth) throw invalidArchive(`"${toText(name.slice(0, 60))}..." is deeper than ${depth} folders`);
    return parts;
  }

  #make(parts: readonly string[], header: TarHeader): void {
    const base = parts.at(-1);
    if (base === undefined) {
      this.#root(header);
      return;
    }
    const folderName = parts.slice(0, -1).join("/");
    if (this.#options.kind === "layer") {
      if (parts.some((part) => part.startsWith(notePrefix) && part !== opaqueName)) return;
      if (parts.slice(0, -1).some((part) => part.startsWith(whiteoutPrefix))) {
        throw invalidArchive(`"${toText(header.name)}" lies in a whiteout`);
      }
      if (base.startsWith(whiteoutPrefix)) {
        this.#whiteout(folderName, base, header);
        return;
      }
    }
    const parent = this.#rooted.folder(folderName);
    const path = `${parent}/${base}`;
    switch (header.type) {
      case "dir":
        this.#folder(path, parent, header);
        return;
      case "file":
        this.#open = { fd: this.#create(path, header, () => openSync(fsPath(path), fileFlags, 0o600)), path, header };
        return;
      case "symlink":
        if (header.linkname === "") throw invalidArchive(`the link "${toText(header.name)}" leads nowhere`);
        this.#create(path, header, () => symlinkSync(fsPath(header.linkname), fsPath(path)));
        break;
      case "link":
        this.#link(path, header);
        return;
      default:
        if (!this.#node(path, header)) return;
    }
    setAttributes(path, header, this.#options.owner, header.type);
  }

  /** The root's own entry. In a layer it says nothing, as with Docker: the root's attributes are those of the topmost folder of changes. */
  #root(header: TarHeader): void {
    if (header.type !== "dir")
      throw invalidArchive(`"${toText(header.name)}" would replace the folder it is unpacked into`);
    if (this.#options.kind === "plain" && !this.#options.keepFolders) this.#folders.set(this.#rooted.root, header);
  }

  #folder(path: string, parent: string, header: TarHeader): void {
    try {
      mkdirSync(fsPath(path), 0o700);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const stats = lstatSync(fsPath(path));
      if (!stats.isDirectory()) {
        const plain = this.#options.kind === "plain";
        if (plain && stats.isSymbolicLink() && this.#rooted.leadsToFolder(parent, readlinkSync(fsPath(path), "latin1")))
          return;
        this.#remove(path, stats, header);
        mkdirSync(fsPath(path), 0o700);
        if (isWhiteout(stats)) this.#markOpaque(path);
      } else if (this.#options.kind === "plain" && this.#options.keepFolders && !this.#folders.has(path)) return;
    }
    this.#folders.set(path, header);
  }

  /** Makes something that must not be there yet, after removing what is. */
  #create<T>(path: string, header: TarHeader, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      this.#remove(path, lstatSync(fsPath(path)), header);
      return make();
    }
  }

  #link(path: string, header: TarHeader): void {
    const target = this.#clean(header.linkname);
    const last = target.at(-1);
    if (last === undefined) throw invalidArchive(`"${toText(header.name)}" is a hard link to the root`);
    const from = `${this.#rooted.folder(target.slice(0, -1).join("/"))}/${last}`;
    const stats = lstatSync(fsPath(from), { throwIfNoEntry: false });
    const absent = !stats || (this.#options.kind === "layer" && isWhiteout(stats));
    if (absent || stats.isDirectory()) {
      const what = absent ? "which the archive does not have before it" : "which is a folder";
      throw invalidArchive(`"${toText(header.name)}" is a hard link to "${toText(header.linkname)}", ${what}`);
    }
    if (from === path) return;
    const there = lstatSync(fsPath(path), { throwIfNoEntry: false });
    if (there && there.ino === stats.ino && there.dev === stats.dev) return;
    this.#create(path, header, () => linkSync(fsPath(from), fsPath(path)));
  }

  /** False when the kernel does not let this user make it. */
  #node(path: string, header: TarHeader): boolean {
    const { type, devMajor, devMinor } = header;
    if (devMajor < 0 || devMajor > 0xfff || devMinor < 0 || devMinor > 0xfffff)
      throw invalidArchive(`"${toText(header.name)}" has no valid device number`);
    if (type === "char" && devMajor === 0 && devMinor === 0) {
      throw invalidArchive(`"${toText(header.name)}" is the device 0:0, which stands for a removed file`);
    }
    const kind = type === "fifo" ? S_IFIFO : type === "char" ? S_IFCHR : S_IFBLK;
    try {
      this.#create(path, header, () => makeNode(fsPath(path), kind | 0o600, devMajor, devMinor));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPERM" || type === "fifo") throw error;
      this.leftOut.push(toText(header.name));
      return false;
    }
  }

  /** image-spec, layer.md, "Whiteouts" and "Opaque Whiteout": they hide what lies below, never what this layer itself has. */
  #whiteout(folderName: string, base: string, header: TarHeader): void {
    if (header.type !== "file" && header.type !== "link") {
      throw invalidArchive(`the whiteout "${toText(header.name)}" is not a file`);
    }
    if (base === opaqueName) {
      if (folderName === "") this.#rootIsOpaque = true;
      else this.#markOpaque(this.#rooted.folder(folderName));
      return;
    }
    const hidden = base.slice(whiteoutPrefix.length);
    if (hidden === "" || hidden === "." || hidden === "..") {
      throw invalidArchive(`"${toText(header.name)}" is a whiteout of nothing`);
    }
    this.#hide(`${this.#rooted.folder(folderName)}/${hidden}`);
  }

  #hide(path: string): void {
    const there = lstatSync(fsPath(path), { throwIfNoEntry: false });
    if (!there) {
      makeNode(fsPath(path), S_IFCHR, 0, 0);
      this.#whiteouts.add(path);
    } else if (there.isDirectory()) this.#markOpaque(path);
  }

  #markOpaque(path: string): void {
    const { kind } = this.#options;
    if (kind === "layer") setXattr(fsPath(path), `${this.#options.overlayXattrs}.overlay.opaque`, Buffer.from("y"));
  }

  /** An opaque root: overlayfs knows no such thing, so each name below is hidden by itself. */
  #hideLowerRoot(): void {
    for (const name of this.#lower?.rootNames() ?? []) this.#hide(`${this.#rooted.root}/${name}`);
  }

  /**
   * Takes away whiteouts that hide nothing, because nothing is below them: overlayfs looks for whiteouts only where it merges folders, and elsewhere
   * shows them as names that cannot be opened.
   */
  #dropIdleWhiteouts(): void {
    if (this.#options.kind !== "layer" || !this.#lower) return;
    const { overlayXattrs } = this.#options;
    for (const path of this.#whiteouts) {
      const stats = lstatSync(fsPath(path), { throwIfNoEntry: false });
      if (!stats || !isWhiteout(stats)) continue;
      const parts = path.slice(this.#rooted.root.length + 1).split("/");
      const folders = parts.slice(1).map((_, at) => `${this.#rooted.root}/${parts.slice(0, at + 1).join("/")}`);
      const merged = !folders.some((folder) => isOpaque(folder, overlayXattrs));
      if (!merged || !this.#lower.has(parts.join("/"))) unlinkSync(fsPath(path));
    }
  }

  /** A folder that no entry has made so far. */
  #implied(path: string, name: string, instead: boolean): void {
    if (this.#options.kind === "plain") return;
    if (instead) this.#markOpaque(path);
    const below = instead ? undefined : this.#lower?.folderAttributes(name);
    this.#folders.set(path, below ?? { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n, xattrs: new Map() });
  }

  /** A whiteout of this layer may become a folder again, anything else on the way may not. */
  #unblock(path: string, stats: Stats): boolean {
    if (this.#options.kind !== "layer" || !isWhiteout(stats)) return false;
    unlinkSync(fsPath(path));
    return true;
  }

  /** Takes away what is in an entry's place. A full folder goes only in a layer, where it came from the same layer. */
  #remove(path: string, stats: Stats, header: TarHeader): void {
    if (stats.isDirectory()) {
      if (this.#options.kind === "layer") {
        rmSync(fsPath(path), { recursive: true });
        this.#folders.forget(path);
      } else {
        try {
          rmdirSync(fsPath(path));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
          throw invalidArchive(`"${toText(header.name)}" would replace a folder that is not empty`, error);
        }
        this.#folders.forget(path);
      }
      this.#rooted.forget();
    } else {
      unlinkSync(fsPath(path));
      if (stats.isSymbolicLink()) this.#rooted.forget();
    }
  }

  /** Errors of the kernel that the archive caused become errors about the archive; a full disk and the like stay what they are. */
  #explain(error: unknown, name: string): unknown {
    if (isSlipwayError(error)) return error;
    const { code } = error as NodeJS.ErrnoException;
    const caused = [
      "ENAMETOOLONG",
      "ENOTDIR",
      "EISDIR",
      "ELOOP",
      "EINVAL",
      "ENOENT",
      "EEXIST",
      "EMLINK",
      "EILSEQ",
      "E2BIG",
      "ERANGE",
    ];
    if (code === undefined || !caused.includes(code)) return error;
    return invalidArchive(`"${toText(name.slice(0, 200))}" cannot be made (${code})`, error);
  }
}

const fileFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
