import { readdirSync, readFileSync } from "node:fs";
import { defaultPlatform, type Platform } from "../oci/index.ts";

/** How programs of a platform run on this machine. */
export type Emulation =
  /** The kernel runs them itself, or it may: only trying tells. */
  | { readonly kind: "native" }
  /** A handler of binfmt_misc runs them. `interpreter` must be in their file system, unless the kernel holds it open (flag F). */
  | { readonly kind: "handler"; readonly name: string; readonly interpreter: string | undefined }
  /** Nothing does. */
  | { readonly kind: "none"; readonly why: string };

/** What tells ELF files of an architecture apart: class and byte order of `e_ident`, and `e_machine`. */
interface ElfKind {
  readonly bits: 32 | 64;
  readonly order: "little" | "big";
  readonly machine: number;
}

const elf = (bits: 32 | 64, order: "little" | "big", machine: number): ElfKind => ({ bits, order, machine });

const kinds: Readonly<Record<string, ElfKind>> = {
  "386": elf(32, "little", 3),
  amd64: elf(64, "little", 62),
  arm: elf(32, "little", 40),
  arm64: elf(64, "little", 183),
  loong64: elf(64, "little", 258),
  mips: elf(32, "big", 8),
  mipsle: elf(32, "little", 8),
  mips64: elf(64, "big", 8),
  mips64le: elf(64, "little", 8),
  ppc64: elf(64, "big", 21),
  ppc64le: elf(64, "little", 21),
  riscv64: elf(64, "little", 243),
  s390x: elf(64, "big", 22),
};

/** Architectures that a machine's kernel may run as well: processor and configuration decide. */
const relatives: Readonly<Record<string, readonly string[]>> = { amd64: ["386"], arm64: ["arm"], ppc64le: ["ppc64"] };

/**
 * How this machine would run programs for a platform (kernel, admin-guide/binfmt-misc).
 * @param folder where binfmt_misc is mounted.
 */
export function emulation(platform: Platform, folder = "/proc/sys/fs/binfmt_misc"): Emulation {
  const own = defaultPlatform();
  if (platform.os !== own.os) return { kind: "none", why: `this is ${own.os}` };
  if (platform.architecture === own.architecture) return { kind: "native" };
  const registered = handlers(folder);
  const kind = kinds[platform.architecture];
  const handler = kind && registered?.find(({ takes }) => takes(header(kind)));
  if (handler) {
    const { name, interpreter, flags } = handler;
    return { kind: "handler", name, interpreter: flags.includes("F") ? undefined : interpreter };
  }
  if (relatives[own.architecture]?.includes(platform.architecture)) return { kind: "native" };
  if (!kind) return { kind: "none", why: `${platform.architecture} is no architecture that slipway knows` };
  return { kind: "none", why: registered ? "no emulator for it is registered" : `${folder} cannot be read` };
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

/** The beginning of an executable of that kind (ELF, "ELF header"). */
function header({ bits, order, machine }: ElfKind): Uint8Array {
  const head = new DataView(new ArrayBuffer(64));
  const little = order === "little";
  head.setUint32(0, 0x7f454c46);
  head.setUint8(4, bits === 32 ? 1 : 2);
  head.setUint8(5, little ? 1 : 2);
  head.setUint8(6, 1);
  head.setUint16(16, 2, little);
  head.setUint16(18, machine, little);
  return new Uint8Array(head.buffer);
}
