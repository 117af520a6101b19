import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { type Bytes, SlipwayError } from "../base/index.ts";
import { readTar, type TarEntry } from "../layer/index.ts";
import { type ArMember, readAr } from "./ar.ts";
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

/**
 * Reads a binary package (deb(5), format 2.0) in the calling thread.
 * @param tar file that its data archive is written to, uncompressed; existing content is lost.
 * @throws SLIP_VERIFY when it is malformed.
 */
export async function readDeb(deb: string, tar: string): Promise<DebContents> {
  const members = readAr(deb);
  const [controlMember, data] = [member(deb, members, "control.tar"), member(deb, members, "data.tar")];
  const control = await readControl(deb, controlMember);
  const listed = await listData(copied(plainBytes(deb, data, data.name), tar), control.controlFiles);
  return { ...control, ...listed };
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

async function listData(
  tar: Bytes,
  controlFiles: readonly ControlFile[],
): Promise<Pick<DebContents, "paths" | "folders" | "conffiles">> {
  const wanted = new Map<string, string | undefined>();
  const list = controlFiles.find((file) => file.name === "conffiles");
  for (const line of Buffer.from(list?.data ?? [])
    .toString("latin1")
    .split("\n")) {
    // A line with a flag before the path (`remove-on-upgrade /etc/x`) names no file that is shipped.
    if (line.startsWith("/")) wanted.set(line.trim(), undefined);
  }
  const paths: string[] = [];
  const folders: ShippedFolder[] = [];
  for await (const entry of readTar(tar)) {
    const path = absolutePath(entry);
    paths.push(path);
    if (entry.type === "dir") folders.push({ path, mode: entry.mode, uid: entry.uid, gid: entry.gid });
    if (entry.type === "file" && wanted.has(path)) {
      const hash = createHash("md5");
      for await (const chunk of entry.content()) hash.update(chunk);
      wanted.set(path, hash.digest("hex"));
    }
  }
  const conffiles = [...wanted].flatMap(([path, md5]) => (md5 === undefined ? [] : [[path, md5] as const]));
  return { paths, folders, conffiles };
}

/** `./usr/bin/` -> `/usr/bin`; a byte string. */
function absolutePath(entry: TarEntry): string {
  return `/${entry.name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

/** The same bytes, written to a file on the way. */
async function* copied(bytes: Bytes, file: string): AsyncGenerator<Uint8Array> {
  const fd = openSync(file, "w");
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
      yield chunk;
    }
  } finally {
    closeSync(fd);
  }
}

async function readAll(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function malformed(file: string, why: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot read the package ${file}: ${why}`,
    hint: "the archive may use a format newer than slipway",
  });
}
