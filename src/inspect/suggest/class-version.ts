import type { ReadAt } from "../elf-layout.ts";
import { zipContent, zipEntries } from "../packages/zip.ts";

/** Of one archive: classes that are looked at, and bytes of one. */
const most = { classes: 300, class: 4 << 20, manifest: 64 << 10 };

/** The release of Java that a class file is for (Java Virtual Machine Specification, 4.1): 61 is Java 17; undefined for what is none. */
export function classRelease(head: Buffer): number | undefined {
  if (head.length < 8 || head.readUInt32BE(0) !== 0xcafebabe) return undefined;
  const major = head.readUInt16BE(6);
  return major >= 45 && major < 1000 ? Math.max(major - 44, 1) : undefined;
}

/**
 * The release of Java that the classes of an archive need at least, the main class first; undefined for an archive without classes, or none.
 * Variants for newer releases (META-INF/versions) do not count.
 */
export function jarRelease(
  read: ReadAt,
  size: number,
): { readonly release: number; readonly main: string | undefined } | undefined {
  const entries = zipEntries(read, size);
  if (!entries) return undefined;
  const manifest = entries.find(({ name }) => name === "META-INF/MANIFEST.MF");
  const text = manifest ? (zipContent(read, manifest, most.manifest)?.toString("utf8") ?? "") : "";
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: *(\\S+)`, "m").exec(text.replaceAll(/\r?\n /g, ""))?.[1];
  const main = field("Start-Class") ?? field("Main-Class");
  const classes = entries.filter(
    ({ name }) => name.endsWith(".class") && !name.startsWith("META-INF/") && !name.endsWith("module-info.class"),
  );
  const first = main === undefined ? undefined : `${main.replaceAll(".", "/")}.class`;
  classes.sort((a, b) => Number(endsWith(b.name, first)) - Number(endsWith(a.name, first)));
  let release: number | undefined;
  for (const entry of classes.slice(0, most.classes)) {
    const found = classRelease(zipContent(read, entry, most.class) ?? Buffer.alloc(0));
    if (found !== undefined) release = Math.max(release ?? 0, found);
  }
  return release === undefined ? undefined : { release, main: field("Main-Class") };
}

function endsWith(name: string, ending: string | undefined): boolean {
  return ending !== undefined && name.endsWith(ending);
}
