import { readdirSync, readFileSync } from "node:fs";
import { defaultPlatform, type Platform } from "../oci/index.ts";
import { elfHeader, elfKinds } from "./foreign-program.ts";

/** How programs of a platform run on this machine. */
export type Emulation =
  /** They are this machine's own. */
  | { readonly kind: "native" }
  /** A handler of binfmt_misc runs them. `interpreter` must be in their file system, unless the kernel holds it open (flag F). */
  | { readonly kind: "handler"; readonly name: string; readonly interpreter: string | undefined }
  /** Nothing that can be seen from here. */
  | { readonly kind: "none"; readonly why: string };

const binfmtFolder = "/proc/sys/fs/binfmt_misc";

/**
 * How this machine would run programs for a platform, as far as can be read (kernel, admin-guide/binfmt-misc): in a container the handlers of
 * the machine around it count and cannot be seen.
 * @param folder where binfmt_misc is mounted.
 */
export function emulation(platform: Platform, folder: string = binfmtFolder): Emulation {
  const own = defaultPlatform();
  if (platform.os !== own.os) return { kind: "none", why: `this is ${own.os}` };
  if (platform.architecture === own.architecture) return { kind: "native" };
  const registered = handlers(folder);
  const kind = elfKinds.get(platform.architecture);
  const handler = kind && registered?.find(({ takes }) => takes(elfHeader(kind)));
  if (handler) {
    const { name, interpreter, flags } = handler;
    return { kind: "handler", name, interpreter: flags.includes("F") ? undefined : interpreter };
  }
  if (!kind) return { kind: "none", why: `${platform.architecture} is no architecture that slipway knows` };
  return { kind: "none", why: registered ? "no emulator for it is registered" : `${folder} cannot be read` };
}

/** Whether something that is registered runs a file, by its first bytes. */
export function hasHandler(head: Uint8Array, folder: string = binfmtFolder): boolean {
  return handlers(folder)?.some(({ takes }) => takes(head)) ?? false;
}

interface Handler {
  readonly name: string;
  readonly interpreter: string;
  readonly flags: string;
  readonly takes: (head: Uint8Array) => boolean;
}

/** Those that are enabled; undefined when binfmt_misc is not mounted or not on. */
function handlers(folder: string): readonly Handler[] | undefined {
  try {
    if (readFileSync(`${folder}/status`, "utf8").trim() !== "enabled") return undefined;
    const names = readdirSync(folder).filter((name) => name !== "status" && name !== "register");
    return names.flatMap((name) => parseHandler(name, readFileSync(`${folder}/${name}`, "utf8")) ?? []);
  } catch {
    return undefined;
  }
}

function parseHandler(name: string, text: string): Handler | undefined {
  const field = (key: string): string => new RegExp(`^${key}:? (.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  const magic = Buffer.from(field("magic"), "hex");
  if (!/^enabled$/m.test(text) || magic.length === 0) return undefined;
  const mask = Buffer.from(field("mask"), "hex");
  const offset = Number(field("offset")) || 0;
  const takes = (head: Uint8Array): boolean =>
    magic.every((byte, at) => (((head[offset + at] ?? 0) ^ byte) & (mask[at] ?? 0xff)) === 0);
  return { name, interpreter: field("interpreter"), flags: field("flags"), takes };
}
