import { lstatSync, lutimesSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { fsPath } from "../base/index.ts";
import { slimExcludes, slimIncludes } from "./docker-files.ts";
import type { RootFiles } from "./root-files.ts";

/** What a fresh root has that differs from one making to the next, or means nothing in an image. */
const removed = [
  "/etc/hostname",
  "/etc/hosts",
  "/etc/machine-id",
  "/etc/resolv.conf",
  "/var/cache/debconf/config.dat-old",
  "/var/cache/debconf/passwords.dat-old",
  "/var/cache/debconf/templates.dat-old",
  "/var/cache/ldconfig/aux-cache",
  "/var/lib/dbus/machine-id",
  "/var/lib/dpkg/diversions-old",
  "/var/lib/dpkg/statoverride-old",
  "/var/lib/dpkg/status-old",
  "/var/lib/systemd/catalog/database",
  "/var/log/alternatives.log",
  "/var/log/bootstrap.log",
  "/var/log/dpkg.log",
  "/run/mount",
] as const;
const emptied = [
  "/dev",
  "/proc",
  "/sys",
  "/tmp",
  "/var/tmp",
  "/var/cache/apt",
  "/var/lib/apt/lists",
  "/var/log/apt",
] as const;

/**
 * Brings a configured root into the state of an image: nothing of the making left, and the same bytes and times for the same packages.
 * @param epoch seconds; later modification times become this one, and folders have it always.
 */
export function cleanRoot(root: RootFiles, options: { readonly slim: boolean; readonly epoch: number }): void {
  for (const path of removed) root.remove(path);
  for (const folder of emptied) for (const name of root.list(folder)) root.remove(`${folder}/${name}`);
  if (options.slim) slimDown(root);
  for (const file of ["/etc/shadow", "/etc/shadow-"]) clampPasswordDates(root, file, options.epoch);
  clampTimes(root.root, options.epoch);
}

/** Field 3 of shadow(5) is the day of the last change: the day of the making otherwise. */
function clampPasswordDates(root: RootFiles, file: string, epoch: number): void {
  const text = root.read(file)?.toString("latin1");
  if (text === undefined) return;
  const today = Math.floor(epoch / 86_400);
  const clamped = text.replace(/^([^:\n]*:[^:\n]*:)(\d+)/gm, (line, head: string, days: string) =>
    Number(days) > today ? `${head}${today}` : line,
  );
  if (clamped === text) return;
  const { uid, gid, mode } = statSync(root.path(file));
  root.write(file, Buffer.from(clamped, "latin1"), mode & 0o7777);
  root.own(file, uid, gid);
}

/**
 * Removes what dpkg would leave out under the slim configuration, then folders and links that lead nowhere any more.
 * The folders of man pages stay: some packages' scripts fail without them.
 */
function slimDown(root: RootFiles): void {
  const keep = slimIncludes.map(globPattern);
  const isKept = (path: string): boolean => keep.some((pattern) => pattern.test(path));
  const manFolders = root.list("/usr/share/man").filter((name) => /^man\d$/.test(name));
  for (const exclude of slimExcludes) {
    const folder = exclude.slice(0, exclude.indexOf("/*"));
    const matches = globPattern(exclude);
    if (root.list(folder).length === 0) continue;
    removeFiles(root.path(folder), folder, (path) => matches.test(path) && !isKept(path));
    while (removeDead(root, root.path(folder))) {
      // A removed link or folder may have been the last in its folder.
    }
  }
  for (const name of manFolders) root.folder(`/usr/share/man/${name}`);
}

function removeFiles(full: string, path: string, unwanted: (path: string) => boolean): void {
  for (const entry of readdirSync(full, { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) removeFiles(`${full}/${entry.name}`, inner, unwanted);
    else if (!entry.isSymbolicLink() && unwanted(inner)) rmSync(`${full}/${entry.name}`);
  }
}

/** @returns whether something was removed. */
function removeDead(root: RootFiles, full: string): boolean {
  let any = false;
  for (const entry of readdirSync(full, { withFileTypes: true })) {
    const inner = `${full}/${entry.name}`;
    if (entry.isSymbolicLink() && !root.resolves(inner)) {
      rmSync(inner);
      any = true;
    } else if (entry.isDirectory()) {
      if (removeDead(root, inner)) any = true;
      if (readdirSync(inner).length === 0) {
        rmdirSync(inner);
        any = true;
      }
    }
  }
  return any;
}

/** dpkg's patterns: `*` and `?` match slashes too. */
function globPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${text}$`, "s");
}

/**
 * Later modification times become this one, in seconds, and folders have it always.
 * Folders last: setting times of what is in them leaves theirs alone, but whatever came before did not.
 */
export function clampTimes(folder: string, epoch: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) clampTimes(path, epoch);
    else if (lstatSync(path).mtimeMs > epoch * 1000) lutimesSync(path, epoch, epoch);
  }
  lutimesSync(folder, epoch, epoch);
}

/** Gives every folder the same time, and leaves all else as it is. Seconds since the epoch. */
export function setFolderTimes(folder: string, time: number): void {
  for (const entry of readdirSync(fsPath(folder), { withFileTypes: true, encoding: "latin1" })) {
    if (entry.isDirectory()) setFolderTimes(`${folder}/${entry.name}`, time);
  }
  lutimesSync(fsPath(folder), time, time);
}
