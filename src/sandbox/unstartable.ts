import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { posix } from "node:path";
import type { ProcessSpec } from "./contract.ts";
import { interpreterOf } from "./elf.ts";
import { resolveBelow } from "./stubs.ts";

/** The kernel's limit for one argument or variable (execve(2), MAX_ARG_STRLEN). */
const longestString = 128 * 1024;
/** e_machine of what runs on each architecture: its own programs and those of its 32-bit predecessor. */
const machines: Readonly<Record<string, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] };

/**
 * Why the kernel refused to start a program that is there, as a shell's exit code: 126 when it is none for this machine or its
 * arguments are too long, 127 when the interpreter of a script or the loader of a program is missing; undefined when it could start.
 *
 * The runtime has closed its log by then and ends with a code that the program itself may give: what execve(2) looks at is looked at again.
 */
export function unstartable(spec: ProcessSpec): 126 | 127 | undefined {
  if ([...spec.args, ...spec.env].some((text) => Buffer.byteLength(text) >= longestString)) return 126;
  const program = find(spec, spec.args[0] ?? "");
  const head = program === undefined ? undefined : readHead(program);
  if (head === undefined) return undefined;
  const script = /^#![ \t]*([^ \t\n\0]+)/.exec(head.toString("latin1", 0, 256))?.[1];
  if (script !== undefined) return missing(spec, Buffer.from(script, "latin1").toString()) ? 127 : undefined;
  const elf = head.toString("latin1", 0, 4) === "\x7fELF" && head.length >= 20;
  if (!elf || !machines[process.arch]?.includes(head.readUInt16LE(18))) return otherFormats() ? undefined : 126;
  const loader = loaderOf(head);
  return loader !== undefined && missing(spec, loader) ? 127 : undefined;
}

function find(spec: ProcessSpec, name: string): string | undefined {
  const path = spec.env.findLast((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  const folders = name.includes("/") ? [spec.cwd] : path.split(":");
  return folders
    .map((folder) => (name.startsWith("/") ? name : posix.join(folder, name)))
    .map((candidate) => resolveBelow(spec.root, candidate))
    .find(({ missing: rest }) => rest.length === 0)?.found;
}

/** What a volume may hold counts as there. */
function missing(spec: ProcessSpec, path: string): boolean {
  if (!path.startsWith("/") || spec.mounts.some(({ target }) => `${path}/`.startsWith(`${target}/`))) return false;
  return resolveBelow(spec.root, path).missing.length > 0;
}

/** The first bytes of a regular file: nothing else is opened, a fifo would wait for ever. */
function readHead(file: string): Buffer | undefined {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  const fd = openSync(file, "r");
  try {
    const head = Buffer.alloc(65_536);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

function loaderOf(head: Buffer): string | undefined {
  try {
    return interpreterOf(head);
  } catch {
    // a 32-bit program, or a broken one
    return undefined;
  }
}

/** Whether the machine runs more than its own format (binfmt_misc): which, only the kernel knows. */
function otherFormats(): boolean {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}
