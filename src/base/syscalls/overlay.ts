import { closeSync, constants, mkdtempSync, openSync, rmdirSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { check, libc, systemError } from "./native.ts";
import { cloneTree, configure, finishFs, openFs } from "./tree.ts";

const O_PATH = 0x200000;
/** fsconfig(2) takes values up to 255 bytes; mount(2) takes a page of options. */
const longestValue = 255;
const page = 4096;
const MNT_DETACH = 2;
/** Overlay takes its layers one by one since Linux 6.8. */
const kernel = release().split(".", 2).map(Number);
const takesLayersOneByOne = (kernel[0] ?? 0) > 6 || (kernel[0] === 6 && (kernel[1] ?? 0) >= 8);

/**
 * Makes an overlay file system: `lowerdir+=PATH` once a layer, topmost first, `upperdir=`, `workdir=`, other settings.
 * @param flags MOUNT_ATTR_* bits of the mount.
 * @param oneByOne whether the kernel takes layers one by one.
 * @returns a descriptor of the mount, which is nowhere yet.
 */
export function mountOverlay(settings: readonly string[], flags: number, oneByOne = takesLayersOneByOne): number {
  const open: number[] = [];
  // a descriptor's name needs no escapes, is short, and is found from any thread whatever its working folder
  const byDescriptor = (path: string): string => {
    open.push(openSync(path, O_PATH | constants.O_DIRECTORY));
    return `/proc/self/fd/${open.at(-1)}`;
  };
  try {
    if (oneByOne) return addLayers(settings, flags, byDescriptor);
    return joinLayers(settings, flags, byDescriptor);
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

function addLayers(settings: readonly string[], flags: number, byDescriptor: (path: string) => string): number {
  const fs = openFs("overlay");
  try {
    for (const setting of settings) {
      const [key, path] = split(setting);
      const asItIs = !isFolder(key) || (key === "lowerdir+" && Buffer.byteLength(path) <= longestValue);
      configure(fs, asItIs ? setting : `${key}=${byDescriptor(path)}`);
    }
    return finishFs(fs, flags);
  } finally {
    closeSync(fs);
  }
}

/** Earlier kernels: mount(2) on a scratch folder, with every layer in one option. */
function joinLayers(settings: readonly string[], flags: number, byDescriptor: (path: string) => string): number {
  const named = settings.map(split);
  const lower = named.filter(([key]) => key === "lowerdir+").map(([, path]) => byDescriptor(path));
  const options = named
    .filter(([key]) => key !== "lowerdir+")
    .map(([key, value]) => (isFolder(key) ? `${key}=${byDescriptor(value)}` : value === "" ? key : `${key}=${value}`));
  const data = Buffer.from(`${[`lowerdir=${lower.join(":")}`, ...options].join(",")}\0`);
  if (data.length > page)
    throw systemError(7, "mount", `overlay of ${lower.length} layers: too many for a kernel before 6.8`);
  const folder = mkdtempSync(join(tmpdir(), "slipway-mount-"));
  try {
    check(libc().mount("overlay", folder, "overlay", 0, data), "mount", `overlay ${settings.join(",")}`);
    try {
      return cloneTree(folder, false, flags);
    } finally {
      libc().umount2(folder, MNT_DETACH);
    }
  } finally {
    rmdirSync(folder);
  }
}

function split(setting: string): readonly [key: string, value: string] {
  const at = setting.indexOf("=");
  return at < 0 ? [setting, ""] : [setting.slice(0, at), setting.slice(at + 1)];
}

function isFolder(key: string): boolean {
  return key === "lowerdir+" || key === "upperdir" || key === "workdir";
}
