import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { SlipwayError } from "../base/index.ts";
import type { ProcessSpec } from "./contract.ts";
import { resolveBelow } from "./stubs.ts";

/** Where the kernel's own file systems are mounted. */
export const kernelFolders = ["/proc", "/sys", "/dev"] as const;

/**
 * Refuses with SLIP_SANDBOX what a runtime would take in another sense than it was meant, and what only a hostile image has.
 * @param spec what is to run; nothing of it has been mounted or made yet.
 */
export function checkProcess(spec: ProcessSpec): void {
  checkText(spec);
  checkKernelFolders(spec.root);
  checkFolder(spec);
  for (const { type, source, target } of spec.mounts) {
    if (type === "bind") checkSource(source, target);
  }
}

/** The runtime opens the folders that it mounts, and where it may not says nothing of them. */
function checkSource(source: string, target: string): void {
  try {
    if (statSync(source).isDirectory()) accessSync(source, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw refuse(`Cannot mount ${source} on ${target}: no such file or directory`);
    if (code !== "EACCES") throw error;
    throw refuse(
      `Cannot mount ${source} on ${target}: permission denied`,
      "give what the user that runs slipway may read",
    );
  }
}

/** A runtime written in C takes what follows a NUL for not there. */
function checkText(spec: ProcessSpec): void {
  const paths = spec.mounts.flatMap(({ source, target, options }) => [source, target, ...options]);
  for (const text of [...spec.args, ...spec.env, spec.cwd, spec.hostname ?? "", ...paths]) {
    if (text.includes("\0"))
      throw refuse(`Cannot run a process: ${JSON.stringify(text.slice(0, 200))} has a NUL in it`);
  }
  if (spec.args.length === 0) throw refuse("Cannot run a process: it has no program");
}

/**
 * Were /proc a link, masks and read-only paths would be put where it leads at that moment, and another process that shares a
 * volume could turn it meanwhile.
 */
function checkKernelFolders(root: string): void {
  for (const folder of kernelFolders) {
    const found = lstatSync(join(root, folder), { throwIfNoEntry: false });
    if (!found || found.isDirectory()) continue;
    const what = found.isSymbolicLink() ? "a symbolic link" : "no folder";
    throw refuse(
      `Cannot run a process: ${folder} of the image is ${what}`,
      `make ${folder} an empty folder in the image`,
    );
  }
}

/** Below /proc/self/fd lie folders of the machine that the runtime has open while it enters the container. */
function checkFolder({ root, cwd }: ProcessSpec): void {
  if (!posix.isAbsolute(cwd))
    throw refuse(`Cannot run a process in the folder ${JSON.stringify(cwd)}: it is not absolute`);
  const { found, missing } = resolveBelow(root, cwd);
  const inside = join(found, ...missing).slice(root.length);
  if (`${inside}/`.startsWith("/proc/")) {
    throw refuse(`Cannot run a process in the folder ${JSON.stringify(cwd)}: it lies in /proc`, "use another WORKDIR");
  }
}

function refuse(message: string, hint?: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_SANDBOX", message, hint });
}
