import { posix } from "node:path";
import { inPages } from "../audit/in-pages.ts";
import type { LibraryFinder, Objects } from "../audit/library-finder.ts";
import type { InRoot } from "../in-root.ts";
import { machineName } from "../machines.ts";
import type { Elf } from "../result/elf.ts";
import type { Program } from "../result/libraries.ts";
import type { Mark, ProgramFacts } from "./contract.ts";
import { highestVersions, readVersions } from "./elf-versions.ts";
import { marksIn } from "./marks.ts";

export interface FactsFrom {
  readonly root: InRoot;
  readonly objects: Objects;
  readonly finder: LibraryFinder;
  /** A library of that name counts as coming along wherever it lies. */
  readonly anywhere: boolean;
}

/** Folders that a distribution's packages put libraries into. */
const systemFolder = /^\/(?:usr\/)?lib(?:32|64|x32|exec)?\//;
const loaders = /^(?:ld-linux|ld64|ld-musl-|linux-vdso)/;

/** What a program or library needs, with all that comes along with it; undefined for what is no ELF file. */
export function programFacts(path: string, role: ProgramFacts["role"], from: FactsFrom): ProgramFacts | undefined {
  const { root, objects, finder } = from;
  const elf = objects.get(path);
  if (!elf) return undefined;
  const needs = new Map<string, Set<string>>();
  const bundled = new Map<string, Program>();
  const waiting: Program[] = [{ path, elf }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const versions = versionsOf(root, next.path);
    for (const name of next.elf.needed) {
      const short = posix.basename(name);
      if (loaders.test(short)) continue;
      const found =
        finder.find(name, next) ??
        finder.find(name, { path, elf }) ??
        (from.anywhere ? finder.anywhere(short, next) : undefined);
      if (found !== undefined && found !== "loader" && !systemFolder.test(found.path)) {
        if (!bundled.has(found.path)) waiting.push(found);
        bundled.set(found.path, found);
        continue;
      }
      const known = needs.get(short) ?? new Set();
      for (const version of highestVersions(versions.get(name) ?? [])) known.add(version);
      needs.set(short, known);
    }
  }
  bundled.delete(path);
  return {
    path: root.show(path),
    role,
    architecture: machineName(elf.machine),
    linkage: linkageOf(elf),
    loader: elf.interpreter && root.show(elf.interpreter),
    needs: [...needs]
      .map(([name, versions]) => ({ name: root.show(name), versions: highestVersions([...versions]) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    bundled: [...bundled.keys()].map((one) => root.show(one)).sort(),
    marks: role === "program" ? marksOf(root, path) : [],
    ...(role === "extension" && pythonOf(path)),
  };
}

function linkageOf({ interpreter, needed }: Elf): ProgramFacts["linkage"] {
  const loader = posix.basename(interpreter ?? "");
  if (loader.startsWith("ld-musl-") || needed.some((name) => /^libc\.musl-|^libc\.so$/.test(name))) return "musl";
  if (
    /^(?:ld-linux|ld64|ld\.so\.1)/.test(loader) ||
    needed.some((name) => /^lib(?:c|m|pthread|dl)\.so\.6|^libc\.so\.6\.1$/.test(name))
  )
    return "glibc";
  return interpreter === undefined && needed.length === 0 ? "static" : "other";
}

function versionsOf(root: InRoot, path: string): ReadonlyMap<string, readonly string[]> {
  const file = root.openPlain(path);
  try {
    return file ? readVersions(inPages(file.read)).needs : new Map();
  } finally {
    file?.close();
  }
}

function marksOf(root: InRoot, path: string): readonly Mark[] {
  const file = root.openPlain(path);
  try {
    return file ? marksIn(file) : [];
  } finally {
    file?.close();
  }
}

/** `_x.cpython-311-x86_64-linux-gnu.so` is for Python 3.11 alone; one of the stable interface (`.abi3.so`) for all. */
function pythonOf(path: string): { readonly python?: string } {
  const [, major, minor] = /\.cpython-(\d)(\d+)[a-z]*-/.exec(posix.basename(path)) ?? [];
  return major === undefined ? {} : { python: `${major}.${minor}` };
}
