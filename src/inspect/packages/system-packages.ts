import type { SoftwarePackage } from "../../attest/index.ts";
import type { InRoot } from "../in-root.ts";
import { apkPackages, copyrightLicenses, dpkgPackages } from "./dpkg-apk.ts";
import { findRpmDatabase, rpmPackages } from "./rpm.ts";

/** A package database past this size is reported, not read: the largest real ones are a tenth of it. */
const largestDatabase = 64 * 1024 * 1024;
/** A copyright file past this size is not read. */
const largestCopyright = 1024 * 1024;
const statusFolder = "/var/lib/dpkg/status.d";

/** A file in which a distribution writes down what is installed. */
export interface PackageDatabase {
  /** In the root, links resolved, a character a byte. */
  readonly path: string;
  /** Reads the same file in that root or another one: of a layer alone. */
  readonly read: (root: InRoot, note: (text: string) => void) => readonly SoftwarePackage[];
}

/** The package databases of a root, those of distroless images (a file a package) among them. */
export function packageDatabases(root: InRoot): readonly PackageDatabase[] {
  const texts = [
    { file: "/var/lib/dpkg/status", parse: dpkgPackages },
    ...statusFiles(root).map((file) => ({ file, parse: dpkgPackages })),
    { file: "/lib/apk/db/installed", parse: apkPackages },
    { file: "/usr/lib/apk/db/installed", parse: apkPackages },
  ];
  const found = new Map<string, PackageDatabase>();
  for (const { file, parse } of texts) {
    const there = root.resolve(file);
    if (there?.stats.isFile()) found.set(there.path, textDatabase(there.path, parse));
  }
  const rpm = findRpmDatabase(root);
  if (rpm) found.set(rpm.path, { path: rpm.path, read: (within, note) => rpmPackages(within, rpm, note) });
  return [...found.values()];
}

function statusFiles(root: InRoot): readonly string[] {
  const names = root.list(root.resolve(statusFolder)?.path ?? statusFolder) ?? [];
  return names
    .filter((name) => !name.endsWith(".md5sums"))
    .sort()
    .map((name) => `${statusFolder}/${name}`);
}

function textDatabase(
  path: string,
  parse: (text: string, path: string) => readonly SoftwarePackage[],
): PackageDatabase {
  return {
    path,
    read: (root, note) => {
      const bytes = root.read(path, largestDatabase);
      if (bytes === "too large") note(`${root.show(path)} is larger than 64 MB and was not read`);
      return bytes instanceof Buffer ? parse(bytes.toString("utf8"), root.show(path)) : [];
    },
  };
}

/** Every package that a database in the root lists as installed; what cannot be read goes to `note`. */
export function systemPackages(root: InRoot, note: (text: string) => void): readonly SoftwarePackage[] {
  return packageDatabases(root).flatMap((database) => database.read(root, note));
}

/** The same package with the licences that Debian's copyright file names, which dpkg's database does not know. */
export function withLicenses(item: SoftwarePackage, root: InRoot): SoftwarePackage {
  if (item.kind !== "dpkg" || !/^[a-z0-9][a-z0-9+.-]*$/.test(item.name)) return item;
  const bytes = root.read(`/usr/share/doc/${item.name}/copyright`, largestCopyright);
  const licenses = bytes instanceof Buffer ? copyrightLicenses(bytes.toString("utf8")) : [];
  return licenses.length === 0 ? item : { ...item, licenses };
}
