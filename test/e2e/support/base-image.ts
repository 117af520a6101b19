import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A busybox without a dynamic loader: the whole user land of the images that are built here. */
const busybox = (process.env["PATH"] ?? "")
  .split(":")
  .map((folder) => join(folder, "busybox"))
  .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && isStatic(path));

/** Why the base image cannot be built here, or undefined. */
export const whyNoBusybox: string | undefined =
  busybox === undefined ? "no static busybox on PATH (Debian: the package busybox-static)" : undefined;

const dockerfile = `
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY passwd group /etc/
COPY root /
RUN mkdir -m 1777 /tmp
`;

/** Writes the build context of the image `base`: busybox in /bin, accounts root and app. */
export function writeBaseContext(folder: string): void {
  // Other builders leave these behind where a step needed them; in an image that has them nobody does.
  for (const name of ["dev", "proc", "sys"]) mkdirSync(join(folder, "root", name), { recursive: true });
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  writeFileSync(join(folder, "passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345::/home/app:/bin/sh\n");
  writeFileSync(join(folder, "group"), "root:x:0:\napp:x:2345:\nstaff:x:50:app\n");
  copyFileSync(busybox as string, join(folder, "busybox"));
}

/** True for an ELF program that names no loader (program header PT_INTERP). 64-bit little endian, as all machines here are. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  if (head.readUInt32BE(0) !== 0x7f454c46) return false;
  const [table, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  return Array.from({ length: count }, (_, at) => head.readUInt32LE(table + at * size)).every((type) => type !== 3);
}
