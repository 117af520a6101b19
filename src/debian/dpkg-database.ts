import { SlipwayError } from "../base/index.ts";
import { parseStanzas } from "./control.ts";
import type { DebContents } from "./read-deb.ts";
import type { RootFiles } from "./root-files.ts";

/** A package whose files lie in the root. */
export interface UnpackedPackage {
  readonly name: string;
  readonly architecture: string;
  readonly multiArch: string;
  readonly contents: DebContents;
}

/**
 * Writes the database that dpkg would have written had it unpacked the packages itself: every package "unpacked", so that
 * `dpkg --configure -a` goes on from there. dpkg unpacks one package at a time and each twice in a bootstrap; this is most of the time
 * that a base image takes otherwise.
 *
 * Format: dpkg's own (deb-src/doc, dpkg(1) "FILES"), written as dpkg 1.21 to 1.23 do.
 */
export function writeDpkgDatabase(root: RootFiles, packages: readonly UnpackedPackage[]): void {
  checkOverlaps(packages);
  for (const folder of ["alternatives", "info", "parts", "triggers", "updates"]) root.folder(`/var/lib/dpkg/${folder}`);
  for (const empty of ["available", "diversions", "lock", "lock-frontend", "triggers/Unincorp"]) {
    root.write(`/var/lib/dpkg/${empty}`, "", empty.startsWith("lock") ? 0o640 : 0o644);
  }
  root.write("/var/lib/dpkg/info/format", "1\n");
  root.write("/var/lib/dpkg/status", packages.map(statusStanza).join("\n"));

  for (const entry of packages) {
    const base = `/var/lib/dpkg/info/${infoName(entry)}`;
    for (const file of entry.contents.controlFiles) root.write(`${base}.${file.name}`, file.data, file.mode & 0o777);
    root.write(`${base}.list`, Buffer.from(listFile(entry.contents.paths), "latin1"));
  }
  writeTriggers(root, packages);
}

/** How files below info are named: with the architecture where several can be installed at once. */
export function infoName(entry: Pick<UnpackedPackage, "name" | "architecture" | "multiArch">): string {
  return entry.multiArch === "same" ? `${entry.name}:${entry.architecture}` : entry.name;
}

function statusStanza(entry: UnpackedPackage): string {
  const lines = entry.contents.control.trimEnd().split("\n");
  const conffiles = entry.contents.conffiles.map(([path, md5]) => ` ${path} ${md5}\n`).join("");
  return `${lines[0] ?? ""}\nStatus: install ok unpacked\n${lines.slice(1).join("\n")}\n${conffiles && `Conffiles:\n${conffiles}`}`;
}

/** dpkg writes the root as `/.`. */
function listFile(paths: readonly string[]): string {
  return paths.map((path) => `${path === "/" ? "/." : path}\n`).join("");
}

/** Interests in triggers (deb-triggers(5)): by path in one file, by name in a file each. */
function writeTriggers(root: RootFiles, packages: readonly UnpackedPackage[]): void {
  const byFile = new Map<string, string>();
  for (const entry of packages) {
    const triggers = entry.contents.controlFiles.find((file) => file.name === "triggers");
    for (const line of Buffer.from(triggers?.data ?? [])
      .toString("utf8")
      .split("\n")) {
      const match = /^\s*interest(-await|-noawait)?\s+(\S+)/.exec(line);
      if (!match?.[2]) continue;
      const file = match[2].startsWith("/") ? "File" : match[2];
      if (!/^[\w.+-]+$/.test(file)) continue;
      const who = infoName(entry) + (match[1] === "-noawait" ? "/noawait" : "");
      byFile.set(file, `${byFile.get(file) ?? ""}${file === "File" ? `${match[2]} ` : ""}${who}\n`);
    }
  }
  for (const [file, text] of byFile) root.write(`/var/lib/dpkg/triggers/${file}`, text);
}

/** Two packages with one file need the order of unpacking that dpkg decides by Replaces; no base has such a pair. */
export function checkOverlaps(packages: readonly UnpackedPackage[]): void {
  const owners = new Map<string, string>();
  for (const { name, contents } of packages) {
    const folders = new Set(contents.folders.map((folder) => folder.path));
    for (const path of contents.paths) {
      if (folders.has(path)) continue;
      const other = owners.get(path);
      if (other !== undefined && other !== name) {
        throw new SlipwayError({
          code: "SLIP_PACKAGE",
          message: `Cannot unpack "${name}" beside "${other}": both have ${path}`,
          hint: "the archive is inconsistent at the moment; try again later, or name another suite",
        });
      }
      owners.set(path, name);
    }
  }
}

/** The fields of a package's control file. */
export function controlField(contents: DebContents, field: string): string {
  return parseStanzas(contents.control)[0]?.get(field) ?? "";
}
