import type { SoftwarePackage } from "../../attest/index.ts";
import { cleanAddress, cleanText, stanzas } from "./text.ts";

/** deb822 stanzas of dpkg's status file; a stanza without Status (status.d of distroless images) counts as installed. */
export function dpkgPackages(text: string, path: string): readonly SoftwarePackage[] {
  return stanzas(text, /^([A-Za-z-]+):[ \t]*(.*)$/).flatMap((field) => {
    const name = cleanText(field.get("Package"));
    const status = field.get("Status");
    if (name === undefined || (status !== undefined && !status.endsWith(" installed"))) return [];
    return [
      {
        kind: "dpkg" as const,
        name,
        version: cleanText(field.get("Version")) ?? "",
        architecture: cleanText(field.get("Architecture")),
        source: sourceOf(field.get("Source")),
        supplier: cleanText(field.get("Maintainer")),
        homepage: cleanAddress(field.get("Homepage")),
        summary: cleanText(field.get("Description")),
        path,
      },
    ];
  });
}

/** `glibc (2.36-9)`: the version is there where it is another than the package's. */
function sourceOf(text: string | undefined): SoftwarePackage["source"] {
  const [, name, version] = /^([^\s(]+)(?:[ \t]*\(([^()\s]+)\))?/.exec(cleanText(text) ?? "") ?? [];
  return name === undefined ? undefined : { name, version };
}

/**
 * Licences that a copyright file in Debian's machine-readable format names; none for one in another format.
 * dpkg's database knows of no licences.
 */
export function copyrightLicenses(text: string): readonly string[] {
  if (!/^Format:.*copyright-format/im.test(text.slice(0, 2000))) return [];
  const names = [...text.matchAll(/^License:[ \t]*(\S.*)$/gm)].flatMap(([, name]) => cleanText(name, 200) ?? []);
  return [...new Set(names)].sort().slice(0, 50);
}

/** apk's installed database: one-letter fields (apk-package(5), apk's "Installed Database" format). */
export function apkPackages(text: string, path: string): readonly SoftwarePackage[] {
  return stanzas(text, /^([A-Za-z]):(.*)$/).flatMap((field) => {
    const name = cleanText(field.get("P"));
    if (name === undefined) return [];
    const origin = cleanText(field.get("o"));
    const license = cleanText(field.get("L"));
    return [
      {
        kind: "apk" as const,
        name,
        version: cleanText(field.get("V")) ?? "",
        architecture: cleanText(field.get("A")),
        source: origin === undefined ? undefined : { name: origin },
        licenses: license === undefined ? undefined : [license],
        supplier: cleanText(field.get("m")),
        homepage: cleanAddress(field.get("U")),
        summary: cleanText(field.get("T")),
        path,
      },
    ];
  });
}
