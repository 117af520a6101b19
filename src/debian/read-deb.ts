import { createHash, type Hash } from "node:crypto";
import { type Bytes, SlipwayError } from "../base/index.ts";
import { type ExtractWatch, readTar, type TarHeader } from "../layer/index.ts";
import { type ArMember, readAr } from "./ar.ts";
import type { DebianPackage } from "./contract.ts";
import { plainBytes } from "./decompress.ts";

/** A file of a package's control archive: a maintainer script, its list of conffiles, ... */
export interface ControlFile {
  readonly name: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

/** A folder that a package ships. */
export interface ShippedFolder {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a package holds, but for the content of its files. */
export interface DebContents {
  /** The control file's text. */
  readonly control: string;
  /** The other files of the control archive. */
  readonly controlFiles: readonly ControlFile[];
  /** Absolute paths in the order of the archive, folders without a slash at the end; `/` is the root. */
  readonly paths: readonly string[];
  readonly folders: readonly ShippedFolder[];
  /** Absolute path -> md5 (hex) of the conffiles it ships, in the order of its list. */
  readonly conffiles: readonly (readonly [path: string, md5: string])[];
}

/** A package that is being read: what its control archive holds, and where its data lie. */
export interface OpenedDeb {
  /** The control file's text. */
  readonly control: string;
  readonly controlFiles: readonly ControlFile[];
  /** The uncompressed tar of its files. */
  readonly data: Bytes;
}

/**
 * Opens a binary package (deb(5), format 2.0), which is decompressed in the calling thread.
 * @throws SLIP_VERIFY when it is malformed.
 */
export async function openDeb(deb: string): Promise<OpenedDeb> {
  const members = readAr(deb);
  const [control, data] = [member(deb, members, "control.tar"), member(deb, members, "data.tar")];
  return { ...(await readControl(deb, control)), data: plainBytes(deb, data, data.name) };
}

function member(deb: string, members: readonly ArMember[], name: string): ArMember {
  const found = members.find((one) => one.name === name || one.name.startsWith(`${name}.`));
  if (members[0]?.name !== "debian-binary" || !found) throw malformed(deb, `it has no ${name}`);
  return found;
}

async function readControl(
  deb: string,
  at: ArMember,
): Promise<{ readonly control: string; readonly controlFiles: readonly ControlFile[] }> {
  let control: string | undefined;
  const controlFiles: ControlFile[] = [];
  for await (const entry of readTar(plainBytes(deb, at, at.name))) {
    const name = absolutePath(entry).slice(1);
    if (entry.type !== "file" || name === "") continue;
    if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(name)) throw malformed(deb, `its control file "${name}" has no usable name`);
    if (entry.size > 64 << 20) throw malformed(deb, `its control file "${name}" is too large`);
    const data = await readAll(entry.content());
    if (name === "control") control = data.toString("utf8");
    else controlFiles.push({ name, mode: entry.mode, data });
  }
  if (control === undefined) throw malformed(deb, "it has no control file");
  return { control, controlFiles };
}

/** Notes what a package ships while its data are unpacked. */
export class DataListing implements ExtractWatch {
  readonly #paths: string[] = [];
  readonly #folders: ShippedFolder[] = [];
  readonly #conffiles: Map<string, string | undefined>;
  #open: { readonly path: string; readonly hash: Hash } | undefined;

  /** @param controlFiles among them the list of conffiles, whose sums are taken. */
  constructor(controlFiles: readonly ControlFile[]) {
    const list = controlFiles.find((file) => file.name === "conffiles");
    const lines = Buffer.from(list?.data ?? [])
      .toString("latin1")
      .split("\n");
    // A line with a flag before the path (`remove-on-upgrade /etc/x`) names no file that is shipped.
    this.#conffiles = new Map(lines.filter((line) => line.startsWith("/")).map((line) => [line.trim(), undefined]));
  }

  entry(header: TarHeader): void {
    const path = absolutePath(header);
    this.#paths.push(path);
    const { type, mode, uid, gid } = header;
    if (type === "dir") this.#folders.push({ path, mode, uid, gid });
    if (type === "file" && this.#conffiles.has(path)) this.#open = { path, hash: createHash("md5") };
  }

  data(chunk: Buffer): void {
    this.#open?.hash.update(chunk);
  }

  close(): void {
    if (this.#open) this.#conffiles.set(this.#open.path, this.#open.hash.digest("hex"));
    this.#open = undefined;
  }

  result(): Pick<DebContents, "paths" | "folders" | "conffiles"> {
    const conffiles = [...this.#conffiles].flatMap(([path, md5]) => (md5 === undefined ? [] : [[path, md5] as const]));
    return { paths: this.#paths, folders: this.#folders, conffiles };
  }
}

/** `./usr/bin/` -> `/usr/bin`; a byte string. */
export function absolutePath(entry: Pick<TarHeader, "name">): string {
  return `/${entry.name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

async function readAll(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Packages make devices in their scripts, if at all (policy 10.6). @throws SLIP_VERIFY for an entry that is one. */
export function refuseDevice({ name, version }: Pick<DebianPackage, "name" | "version">, entry: TarHeader): void {
  if (!["char", "block", "fifo"].includes(entry.type)) return;
  throw new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot unpack the package ${name} ${version}: it has the device ${absolutePath(entry)}`,
    hint: "Debian has no such package: whoever signed the archive should hear of it; name another mirror with --debian-mirror",
  });
}

function malformed(file: string, why: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot read the package ${file}: ${why}`,
    hint: "the archive may use a format newer than slipway",
  });
}
