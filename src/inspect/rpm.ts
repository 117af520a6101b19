import { pathToFileURL } from "node:url";
import type { InstalledPackage } from "./contract.ts";
import type { InRoot } from "./in-root.ts";

const FOLDERS = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
const OLD_FORMATS = ["Packages", "Packages.db"];
const MAX_PACKAGES = 50_000;
const MAX_HEADER = 16 * 1024 * 1024;
/** Of all headers together: in a damaged database rows may share their pages, and come to more than the file. */
const MAX_HEADERS = 1024 * 1024 * 1024;
/** Of a name or a version. */
const MAX_TEXT = 4096;

/** Packages of an rpm database in SQLite format; the older formats (Berkeley DB, ndb) are told of through `note`. */
export function rpmPackages(root: InRoot, note: (text: string) => void): readonly InstalledPackage[] {
  for (const folder of FOLDERS) {
    const database = root.resolve(`${folder}/rpmdb.sqlite`);
    if (database?.stats.isFile()) {
      try {
        return readDatabase(root.show(root.outside(database.path).toString("latin1")), note);
      } catch (error) {
        note(`the rpm database ${root.show(database.path)} cannot be read: ${String(error)}`);
        return [];
      }
    }
    for (const name of OLD_FORMATS) {
      if (root.resolve(`${folder}/${name}`)?.stats.isFile()) {
        note(`rpm packages are not listed: ${folder}/${name} is of a format older than SQLite`);
        return [];
      }
    }
  }
  return [];
}

/** The file is hostile: opened unchangeable (no journal is replayed), and only a plain table is read. */
function readDatabase(file: string, note: (text: string) => void): readonly InstalledPackage[] {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const url = pathToFileURL(file);
  url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true, allowExtension: false });
  try {
    database.exec("PRAGMA trusted_schema = OFF");
    const table = database.prepare("SELECT type, sql FROM sqlite_schema WHERE name = 'Packages'").get();
    if (table?.["type"] !== "table" || !/^CREATE TABLE\b/i.test(String(table["sql"]))) return [];
    const rows = database
      .prepare("SELECT blob FROM Packages WHERE length(blob) <= ? LIMIT ?")
      .iterate(MAX_HEADER, MAX_PACKAGES);
    const found: InstalledPackage[] = [];
    let left = MAX_HEADERS;
    // one at a time: all headers of a large image take hundreds of megabytes
    for (const { blob } of rows) {
      if (!(blob instanceof Uint8Array)) continue;
      left -= blob.byteLength;
      if (left < 0) {
        note("the rpm database holds more than 1 GB, and was not read to its end");
        break;
      }
      found.push(...headerPackage(blob));
    }
    return found;
  } finally {
    database.close();
  }
}

/** RPM header (rpm file format, "Header"): index count, data length, index entries of 16 bytes, data. All big-endian. */
function headerPackage(blob: Uint8Array): readonly InstalledPackage[] {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < 8) return [];
  const count = bytes.readUInt32BE(0);
  const data = 8 + count * 16;
  if (data > bytes.length) return [];
  const text = (tag: number): string | undefined => {
    for (let entry = 8; entry < data; entry += 16) {
      if (bytes.readUInt32BE(entry) !== tag) continue;
      const start = data + bytes.readUInt32BE(entry + 8);
      const end = start < bytes.length ? bytes.indexOf(0, start) : -1;
      return end < 0 || end - start > MAX_TEXT ? undefined : bytes.toString("utf8", start, end);
    }
    return undefined;
  };
  const name = text(1000);
  if (name === undefined || name === "gpg-pubkey") return [];
  return [{ name, version: [text(1001), text(1002)].filter(Boolean).join("-"), manager: "rpm" }];
}
