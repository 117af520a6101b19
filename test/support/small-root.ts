import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const programs = [
  "sh",
  "cat",
  "chmod",
  "chown",
  "echo",
  "env",
  "false",
  "grep",
  "id",
  "ls",
  "mkdir",
  "mknod",
  "sleep",
].concat([
  "df",
  "head",
  "ln",
  "mount",
  "mv",
  "tail",
  "wc",
  "rm",
  "stat",
  "stty",
  "touch",
  "true",
  "tty",
  "uname",
  "umount",
  "unshare",
]);

/** Fills a folder with a root file system of this machine's own programs and their libraries: a shell and what tests ask with. */
export function makeSmallRoot(folder: string): void {
  for (const name of ["bin", "etc", "tmp", "home"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
  const sources = programs.map((name) => ["/usr/bin", "/bin"].map((path) => join(path, name)).find(existsSync));
  const found = sources.filter((source) => source !== undefined);
  found.forEach((source) => copy(source, join(folder, "bin", source.slice(source.lastIndexOf("/") + 1))));
  const linked = execFileSync("ldd", found, { encoding: "utf8" });
  for (const library of new Set(linked.match(/\/\S+(?= \(0x)/g))) copy(library, join(folder, library));
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n");
  writeFileSync(join(folder, "etc/group"), "root:x:0:\nuser:x:1000:\n");
}

function copy(source: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(source), target);
}
