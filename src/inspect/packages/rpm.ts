import { pathToFileURL } from "node:url";
import type { SoftwarePackage } from "../../attest/index.ts";
import type { InRoot } from "../in-root.ts";
import { bdbHeaders } from "./rpm-bdb.ts";
import { headerPackage } from "./rpm-header.ts";
import { ndbHeaders } from "./rpm-ndb.ts";

const folders = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
const most = { packages: 50_000, pages: 500_000, header: 16 * 1024 * 1024 };
/** Of all headers together: in a damaged database rows may share their pages, and come to more than the file. */
const allHeaders = 1024 * 1024 * 1024;

/** Where an image has its rpm database, and what kind that is. */
export interface RpmDatabase {
  readonly path: string;
  readonly format: "sqlite" | "ndb" | "bdb";
}

/** The rpm database of an image, links resolved. */
export function findRpmDatabase(root: InRoot): RpmDatabase | undefined {
  for (const folder of folders) {
    for (const [file, format] of [
      ["rpmdb.sqlite", "sqlite"],
      ["Packages.db", "ndb"],
      ["Packages", "bdb"],
    ] as const) {
      const found = root.resolve(`${folder}/${file}`);
      if (found?.stats.isFile()) return { path: found.path, format };
    }
  }
  return undefined;
}

/** Packages of an rpm database in any of its formats; one that is damaged is told of through `note`. */
export function rpmPackages(
  root: InRoot,
  { path, format }: RpmDatabase,
  note: (text: string) => void,
): readonly SoftwarePackage[] {
  const shown = root.show(path);
  const found: SoftwarePackage[] = [];
  let left = allHeaders;
  const take = (header: Uint8Array): boolean => {
    left -= header.byteLength;
    if (left < 0) note("the rpm database holds more than 1 GB, and was not read to its end");
    else found.push(...headerPackage(header, shown));
    return left >= 0;
  };
  try {
    if (format === "sqlite") readSqlite(root.outside(path), take);
    else readPages(root, path, format, take, note);
  } catch (error) {
    note(`the rpm database ${shown} cannot be read: ${String(error)}`);
  }
  return found;
}

/** The file is hostile: opened unchangeable (no journal is replayed), and only a plain table is read. */
function readSqlite(file: Buffer, take: (header: Uint8Array) => boolean): void {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const url = pathToFileURL(file.toString("utf8"));
  url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true, allowExtension: false });
  try {
    database.exec("PRAGMA trusted_schema = OFF");
    const table = database.prepare("SELECT type, sql FROM sqlite_schema WHERE name = 'Packages'").get();
    if (table?.["type"] !== "table" || !/^CREATE TABLE\b/i.test(String(table["sql"]))) return;
    const rows = database
      .prepare("SELECT blob FROM Packages WHERE length(blob) <= ? LIMIT ?")
      .iterate(most.header, most.packages);
    // one at a time: all headers of a large image take hundreds of megabytes
    for (const { blob } of rows) if (blob instanceof Uint8Array && !take(blob)) return;
  } finally {
    database.close();
  }
}

function readPages(
  root: InRoot,
  path: string,
  format: "ndb" | "bdb",
  take: (header: Uint8Array) => boolean,
  note: (text: string) => void,
): void {
  const file = root.openFile(path);
  if (!file) return;
  try {
    const headers =
      format === "ndb"
        ? ndbHeaders(file, { slots: most.packages, header: most.header })
        : bdbHeaders(file, { pages: most.pages, header: most.header });
    for (let next = headers.next(); ; next = headers.next()) {
      if (next.done === true) {
        if (!next.value) note(`${root.show(path)} is no rpm database that slipway knows`);
        return;
      }
      if (!take(next.value)) return;
    }
  } finally {
    file.close();
  }
}
