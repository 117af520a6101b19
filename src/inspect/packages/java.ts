import type { SoftwarePackage } from "../../attest/index.ts";
import type { ReadAt } from "../elf-layout.ts";
import { cleanText } from "./text.ts";
import { zipContent, type ZipEntry, zipEntries } from "./zip.ts";

/** Archives in archives (Spring Boot, web applications): how deep, and how large one may be; and of the small files that tell of an archive. */
const most = { depth: 4, nested: 128 * 1024 * 1024, text: 64 * 1024, properties: 2000 };
const isArchive = /\.(?:jar|war|ear|par|sar|nar|jpi|hpi)$/i;

/** What all archives of an image together may take. */
export interface ArchiveBudget {
  /** Bytes that are unpacked. */
  bytes: number;
  /** Packages. */
  packages: number;
}

export function isJavaArchive(name: string): boolean {
  return isArchive.test(name);
}

/**
 * The packages of a Java archive and of those in it: what Maven wrote down (`pom.properties`), or else the manifest, or else the file's name.
 * @param size of the file.
 * @param path of the file in the image.
 */
export function javaPackages(
  read: ReadAt,
  size: number,
  path: string,
  budget: ArchiveBudget,
  note: (text: string) => void,
): readonly SoftwarePackage[] {
  const found: SoftwarePackage[] = [];
  look({ read, size, file: path, within: "", depth: 0 });
  return found;

  function look(archive: {
    readonly read: ReadAt;
    readonly size: number;
    readonly file: string;
    readonly within: string;
    readonly depth: number;
  }): void {
    const place = archive.within === "" ? path : `${path}!${archive.within}`;
    const entries = zipEntries(archive.read, archive.size);
    if (!entries) return note(`${place} is no archive that slipway can read`);
    const unpack = (entry: ZipEntry, limit: number): Buffer | undefined => {
      const bytes = budget.bytes > 0 ? zipContent(archive.read, entry, Math.min(limit, budget.bytes)) : undefined;
      budget.bytes -= bytes?.length ?? 0;
      return bytes;
    };
    const own = archivePackages((entry) => unpack(entry, most.text)?.toString("utf8") ?? "", entries, archive.file);
    for (const item of own) {
      if (budget.packages-- <= 0) return;
      found.push({ ...item, path, ...(archive.within !== "" && { within: cleanText(archive.within) }) });
    }
    for (const entry of entries) {
      if (!isArchive.test(entry.name)) continue;
      const inner = archive.within === "" ? entry.name : `${archive.within}!${entry.name}`;
      if (archive.depth + 1 >= most.depth) {
        note(`${path}!${inner} lies too deep in archives and was not read`);
        continue;
      }
      const bytes = unpack(entry, most.nested);
      if (!bytes) {
        note(`${path}!${inner} is too large or damaged and was not read`);
        continue;
      }
      const readInner: ReadAt = (offset, length) => bytes.subarray(Math.min(offset, bytes.length), offset + length);
      look({ read: readInner, size: bytes.length, file: entry.name, within: inner, depth: archive.depth + 1 });
    }
  }
}

type ArchivePackage = Omit<SoftwarePackage, "path" | "within">;

function archivePackages(
  text: (entry: ZipEntry) => string,
  entries: readonly ZipEntry[],
  file: string,
): readonly ArchivePackage[] {
  const manifest = entries.find(({ name }) => name.toUpperCase() === "META-INF/MANIFEST.MF");
  const main = manifest ? manifestFields(text(manifest)) : new Map<string, string>();
  const license = cleanText(main.get("bundle-license"));
  const described = entries
    .filter(({ name }) => /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(name))
    .slice(0, most.properties)
    .flatMap((entry) => mavenPackage(text(entry)));
  const stem = (file.split("/").at(-1) ?? file).slice(-255).replace(isArchive, "");
  const [, fileName = stem, fileVersion] = /^(.+?)-(\d[\w.+-]*)$/.exec(stem) ?? [];
  const [written] = ["implementation-version", "bundle-version", "specification-version"].flatMap(
    (field) => cleanText(main.get(field)) ?? [],
  );
  // An archive that others were put into has theirs as well: its own is that of its name, or of its version.
  const own =
    described.find(({ name }) => stem.startsWith(name)) ??
    (written === undefined ? described[0] : described.find(({ version }) => version === written));
  if (own)
    return described.map((item) => (item === own && license !== undefined ? { ...item, licenses: [license] } : item));
  const symbolic = cleanText(main.get("bundle-symbolicname"))?.split(";")[0]?.trim();
  const name = cleanText(fileName);
  if (name === undefined) return described;
  const itself: ArchivePackage = {
    kind: "java",
    name,
    version: cleanText(fileVersion) ?? written ?? "",
    group: groupOf(main, name, symbolic),
    licenses: license === undefined ? undefined : [license],
    supplier: cleanText(main.get("implementation-vendor")) ?? cleanText(main.get("bundle-vendor")),
  };
  return [itself, ...described];
}

/** The group that a manifest names, or that a bundle's name begins with: `org.example.app` of the artifact `app`. */
function groupOf(main: ReadonlyMap<string, string>, name: string, symbolic: string | undefined): string | undefined {
  const isGroup = (text: string | undefined): text is string =>
    text !== undefined && /^[A-Za-z][\w-]*(?:\.[\w-]+)+$/.test(text);
  const vendor = cleanText(main.get("implementation-vendor-id"));
  if (isGroup(vendor)) return vendor;
  const group = symbolic?.endsWith(`.${name}`) ? symbolic.slice(0, -name.length - 1) : undefined;
  return isGroup(group) ? group : undefined;
}

function mavenPackage(text: string): readonly ArchivePackage[] {
  const field = (name: string): string | undefined =>
    cleanText(new RegExp(`^[ \\t]*${name}[ \\t]*[=:][ \\t]*(.*)$`, "m").exec(text)?.[1]);
  const [group, name] = [field("groupId"), field("artifactId")];
  return name === undefined || group === undefined
    ? []
    : [{ kind: "java", group, name, version: field("version") ?? "" }];
}

/** The main section of a manifest (JAR file specification): lines that begin with a space go on. */
function manifestFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.replaceAll(/\r?\n /g, "").split(/\r\n|\r|\n/)) {
    if (line === "") break;
    const at = line.indexOf(":");
    if (at > 0) fields.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  return fields;
}
