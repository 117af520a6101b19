import type { SoftwarePackage } from "../../attest/index.ts";
import { type ElfLayout, offsetOf, PT_LOAD, type ReadAt, readLayout } from "../elf-layout.ts";
import { cleanText } from "./text.ts";

/** What Go's linker writes where a program's own facts begin (Go, debug/buildinfo). */
const magic = Buffer.from("\xff Go buildinf:", "latin1");
const headSize = 32;
/** The facts lie on such a boundary. */
const boundary = 16;
/** How far into the data they are looked for where no section has their name. */
const searched = 64 * 1024;
/** Of the list of modules, and of modules. */
const most = { text: 4 * 1024 * 1024, version: 256, modules: 20_000 };
const PF_W = 2;

/** The modules that a program was built from, and Go's own library; none for what is no Go program, or says nothing. */
export function goModules(read: ReadAt, path: string): readonly SoftwarePackage[] {
  try {
    const layout = readLayout(read);
    if (typeof layout !== "object") return [];
    const info = buildInfo(read, layout);
    return info ? [...library(info.version, path), ...modules(info.modules, path)] : [];
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

interface BuildInfo {
  readonly version: string;
  readonly modules: string;
}

function buildInfo(read: ReadAt, layout: ElfLayout): BuildInfo | undefined {
  const start = findMagic(read, layout);
  if (start === undefined) return undefined;
  const head = read(start, headSize);
  if (head.length < headSize) return undefined;
  const [width = 0, flags = 0] = [head[14], head[15]];
  // Since Go 1.18 the texts follow at once, each after its length.
  if (flags & 2) {
    const version = inline(read, start + headSize, most.version);
    const list = version && inline(read, version.end, most.text);
    return version && { version: version.text, modules: unwrapped(list?.text ?? "") };
  }
  if (width !== 4 && width !== 8) return undefined;
  const text = (place: number, longest: number): string => {
    const header = pointer(read, start + place, width, (flags & 1) === 0);
    const at = offsetOf(layout.segments, header);
    const address = pointer(read, at, width, (flags & 1) === 0);
    const length = pointer(read, at + width, width, (flags & 1) === 0);
    return length === 0 || length > longest ? "" : read(offsetOf(layout.segments, address), length).toString("latin1");
  };
  return { version: text(16, most.version), modules: unwrapped(text(16 + width, most.text)) };
}

function findMagic(read: ReadAt, layout: ElfLayout): number | undefined {
  const named = layout.sections().find(({ name }) => name === ".go.buildinfo");
  const data = named ?? layout.segments.find(({ type, flags }) => type === PT_LOAD && (flags & PF_W) !== 0);
  if (!data) return undefined;
  const bytes = read(data.offset, Math.min(data.size, searched));
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (at % boundary === 0) return data.offset + at;
  }
  return undefined;
}

/** A text with its length before it, as a varint (encoding/binary). */
function inline(
  read: ReadAt,
  start: number,
  longest: number,
): { readonly text: string; readonly end: number } | undefined {
  const head = read(start, 10);
  let length = 0;
  for (const [at, byte] of head.entries()) {
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte & 0x80) continue;
    if (length > longest) return undefined;
    const text = read(start + at + 1, length).toString("latin1");
    return { text, end: start + at + 1 + length };
  }
  return undefined;
}

/** Throws RangeError for what lies outside of every file. */
function pointer(read: ReadAt, at: number, width: 4 | 8, little: boolean): number {
  const bytes = read(at, width);
  if (width === 4) return little ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
  const value = Number(little ? bytes.readBigUInt64LE(0) : bytes.readBigUInt64BE(0));
  if (!Number.isSafeInteger(value)) throw new RangeError("an address is larger than any memory");
  return value;
}

/** The list lies between two marks of 16 bytes. */
function unwrapped(text: string): string {
  const inner = text.length >= 33 && text.at(-17) === "\n" ? text.slice(16, -16) : "";
  return Buffer.from(inner, "latin1").toString("utf8");
}

function library(version: string, path: string): readonly SoftwarePackage[] {
  const [, number] = /^go(\d[\w.+-]*)/.exec(version) ?? [];
  return number === undefined ? [] : [{ kind: "go", name: "stdlib", version: number, path }];
}

/** Lines of `path`, `mod`, `dep` and `=>`, which stands for the module of the line before it (Go, runtime/debug.BuildInfo). */
function modules(text: string, path: string): readonly SoftwarePackage[] {
  const found: SoftwarePackage[] = [];
  for (const line of text.split("\n")) {
    const [word, name, version] = line.split("\t");
    const module = cleanText(name);
    if (module === undefined || (word !== "mod" && word !== "dep" && word !== "=>")) continue;
    // A folder that stands in for a module says nothing of it: the module's own name does.
    if (word === "=>" && /^\.{0,2}\//.test(module)) continue;
    if (word === "=>") found.pop();
    if (found.length >= most.modules) break;
    found.push({ kind: "go", name: module, version: cleanText(version) ?? "", path });
  }
  return found;
}
