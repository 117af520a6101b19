import type { InstalledPackage } from "./contract.ts";
import type { InRoot } from "./in-root.ts";
import { rpmPackages } from "./rpm.ts";

/** A package database past this size is reported, not read: the largest real ones are a tenth of it. */
const MAX_DATABASE = 64 * 1024 * 1024;

/** Every package that a database in the root lists as installed, sorted by name; what cannot be read goes to `note`. */
export function listPackages(root: InRoot, note: (text: string) => void): readonly InstalledPackage[] {
  const text = (path: string): string => {
    const bytes = root.read(path, MAX_DATABASE);
    if (bytes === "too large") note(`${root.show(path)} is larger than 64 MB and was not read`);
    return bytes instanceof Buffer ? bytes.toString("utf8") : "";
  };
  const distroless = (root.list(root.resolve("/var/lib/dpkg/status.d")?.path ?? "/var/lib/dpkg/status.d") ?? [])
    .filter((name) => !name.endsWith(".md5sums"))
    .flatMap((name) => dpkgPackages(text(`/var/lib/dpkg/status.d/${name}`)));
  const found = [
    ...dpkgPackages(text("/var/lib/dpkg/status")),
    ...distroless,
    ...apkPackages(text("/lib/apk/db/installed")),
    ...rpmPackages(root, note),
  ];
  const unique = new Map(found.map((item) => [`${item.manager} ${item.name} ${item.version}`, item]));
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** deb822 stanzas of dpkg's status file; a stanza without Status (status.d of distroless images) counts as installed. */
function dpkgPackages(text: string): readonly InstalledPackage[] {
  return stanzas(text, /^([A-Za-z-]+):[ \t]*(.*)$/).flatMap((field) => {
    const name = field.get("Package");
    const status = field.get("Status");
    if (name === undefined || (status !== undefined && !status.endsWith(" installed"))) return [];
    return [{ name, version: field.get("Version") ?? "", manager: "dpkg" as const }];
  });
}

/** apk's installed database: one-letter fields, P the name and V the version. */
function apkPackages(text: string): readonly InstalledPackage[] {
  return stanzas(text, /^([A-Z]):(.*)$/).flatMap((field) => {
    const name = field.get("P");
    return name === undefined ? [] : [{ name, version: field.get("V") ?? "", manager: "apk" as const }];
  });
}

/** Blocks between empty lines; the first field of a name counts. */
function stanzas(text: string, line: RegExp): readonly ReadonlyMap<string, string>[] {
  return text.split(/\n[ \t]*\n/).map((block) => {
    const fields = new Map<string, string>();
    for (const row of block.split("\n")) {
      const match = line.exec(row);
      if (match?.[1] !== undefined && !fields.has(match[1])) fields.set(match[1], (match[2] ?? "").trim());
    }
    return fields;
  });
}
