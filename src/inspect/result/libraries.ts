import { posix } from "node:path";
import type { InRoot } from "../in-root.ts";
import { type Elf, readElf } from "./elf.ts";
import { readLdCache } from "./ld-cache.ts";

/** A program in a root, with what the loader must know of it. */
export interface Program {
  /** Without links, inside the root. */
  readonly path: string;
  readonly elf: Elf;
}

export interface LinkedLibraries {
  /** Each name that is not found, and who needs it. */
  readonly missing: readonly { readonly name: string; readonly by: string }[];
  /** Names of all that are found. */
  readonly found: readonly string[];
}

/** More than any program loads, and more places than any is looked for in. */
const most = { libraries: 2000, lookups: 50_000 };
const largestCache = 16 << 20;

/**
 * Looks up what a dynamic program needs as its loader would (ld.so(8); musl's ldso): along RPATH, LD_LIBRARY_PATH, RUNPATH, the cache and the
 * usual folders.
 * @param env of the image: LD_LIBRARY_PATH.
 * @returns undefined for a loader whose ways are not known.
 */
export function linkedLibraries(
  root: InRoot,
  program: Program,
  env: ReadonlyMap<string, string>,
): LinkedLibraries | undefined {
  const loader = posix.basename(program.elf.interpreter ?? "");
  const folders = loader.startsWith("ld-musl-") ? muslFolders(root, loader) : glibcFolders(loader);
  if (!folders) return undefined;
  const cache = loader.startsWith("ld-musl-") ? new Map<string, readonly string[]>() : cacheOf(root);
  const given = (env.get("LD_LIBRARY_PATH") ?? "").split(/[:;]/).filter(Boolean);
  const missing = new Map<string, string>();
  const found = new Map<string, Program>();
  let lookups = 0;
  const waiting: { readonly object: Program; readonly inherited: readonly string[] }[] = [
    { object: program, inherited: [] },
  ];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { object, inherited } = next;
    const replace = (list: readonly string[]): readonly string[] =>
      list.flatMap((folder) => replaceTokens(folder, object));
    // RPATH holds for what a library needs in turn; RUNPATH, which makes RPATH void, does not
    const rpath = object.elf.runpath.length > 0 ? [] : [...replace(object.elf.rpath), ...inherited];
    for (const name of object.elf.needed) {
      if (found.has(name) || missing.has(name) || isLoaderItself(name, loader)) continue;
      if (found.size + missing.size >= most.libraries) return undefined;
      const paths = name.includes("/")
        ? [name]
        : [
            ...[...rpath, ...given, ...replace(object.elf.runpath)].map((folder) => `${folder}/${name}`),
            ...(object.elf.noDefaultFolders ? [] : (cache.get(name) ?? [])),
            ...(object.elf.noDefaultFolders ? [] : folders.map((folder) => `${folder}/${name}`)),
          ];
      lookups += paths.length;
      if (lookups > most.lookups) return undefined;
      const library = firstOf(root, paths, program.elf);
      if (library) {
        found.set(name, library);
        waiting.push({ object: library, inherited: rpath });
      } else missing.set(name, object.path);
    }
  }
  return { missing: [...missing].map(([name, by]) => ({ name, by })), found: [...found.keys()] };
}

/** A library for another machine is passed over, as loaders do. */
function firstOf(root: InRoot, paths: readonly string[], wanted: Elf): Program | undefined {
  for (const path of paths) {
    const file = root.openFile(path);
    if (!file) continue;
    try {
      const elf = readElf(file.read);
      if (typeof elf === "object" && elf.machine === wanted.machine && elf.bits === wanted.bits) {
        return { path: file.path, elf };
      }
    } finally {
      file.close();
    }
  }
  return undefined;
}

/** The architecture's folder in Debian and those that took it over. */
export const triplets: Readonly<Record<number, readonly string[]>> = {
  3: ["i386-linux-gnu"],
  21: ["powerpc64le-linux-gnu"],
  22: ["s390x-linux-gnu"],
  40: ["arm-linux-gnueabihf", "arm-linux-gnueabi"],
  62: ["x86_64-linux-gnu"],
  183: ["aarch64-linux-gnu"],
  243: ["riscv64-linux-gnu"],
};

function glibcFolders(loader: string): readonly string[] | undefined {
  if (!/^(ld-linux|ld64|ld\.so\.1$|ld-2\.)/.test(loader)) return undefined;
  const inner = Object.values(triplets).flat();
  return ["/lib", "/usr/lib"].flatMap((folder) => [
    ...inner.map((triplet) => `${folder}/${triplet}`),
    `${folder}64`,
    `${folder}32`,
    folder,
  ]);
}

/** musl, ldso/dynlink.c: one line of folders in a file beside the loader's own, or three. */
export function muslFolders(root: InRoot, loader: string): readonly string[] {
  const file = root.read(`/etc/${loader.replace(/\.so\.1$/, ".path")}`, 64 << 10);
  if (!(file instanceof Buffer)) return ["/lib", "/usr/local/lib", "/usr/lib"];
  return file
    .toString("latin1")
    .split(/[:\n]/)
    .filter((folder) => folder.startsWith("/"));
}

/** musl is its own C library under all the names that the parts of one go by. */
export function isLoaderItself(name: string, loader: string): boolean {
  if (name === loader) return true;
  return loader.startsWith("ld-musl-") && /^lib(c|pthread|rt|m|dl|util|xnet)\./.test(name);
}

export function cacheOf(root: InRoot): ReadonlyMap<string, readonly string[]> {
  const bytes = root.read("/etc/ld.so.cache", largestCache);
  return bytes instanceof Buffer ? readLdCache(bytes) : new Map();
}

/** ld.so(8), "Dynamic string tokens". $LIB and $PLATFORM differ from system to system: all that they may be is tried. */
export function replaceTokens(folder: string, { path, elf }: Program): readonly string[] {
  const origin = folder.replace(/\$(ORIGIN\b|\{ORIGIN\})/g, () => posix.dirname(path));
  if (!/\$(LIB\b|\{LIB\})/.test(origin)) return [origin];
  return ["lib", "lib64", ...(triplets[elf.machine] ?? []).map((triplet) => `lib/${triplet}`)].map((lib) =>
    origin.replace(/\$(LIB\b|\{LIB\})/g, () => lib),
  );
}
