import { type ElfLayout, offsetOf, type ReadAt, readLayout } from "../elf-layout.ts";
import { entriesIn, text } from "../result/elf.ts";

/** Versions of symbols (Linux Standard Base, "Symbol Versioning"). */
export interface ElfVersions {
  /** By library: `libc.so.6` with `GLIBC_2.34`. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** What a library has itself. */
  readonly defines: readonly string[];
}

const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_VERDEF = 0x6ffffffc;
const DT_VERNEED = 0x6ffffffe;
/** More than any library has. */
const most = { libraries: 1000, versions: 4000, name: 256 };
const none: ElfVersions = { needs: new Map(), defines: [] };

/** The versions that a program or library needs and defines; none for what makes no sense. */
export function readVersions(read: ReadAt): ElfVersions {
  try {
    const layout = readLayout(read);
    return typeof layout === "object" ? parse(read, layout) : none;
  } catch (error) {
    if (error instanceof RangeError) return none;
    throw error;
  }
}

function parse(read: ReadAt, { bits, segments, at }: ElfLayout): ElfVersions {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries = new Map(dynamic ? entriesIn(read, dynamic, bits, at) : []);
  const place = (tag: number): number | undefined => {
    const address = entries.get(tag);
    return address === undefined ? undefined : offsetOf(segments, Number(address));
  };
  const strings = place(DT_STRTAB);
  if (strings === undefined) return none;
  const name = (offset: number): string => text(read, strings + offset, most.name);
  return { needs: needsAt(place(DT_VERNEED)), defines: definesAt(place(DT_VERDEF)) };

  function needsAt(start: number | undefined): ReadonlyMap<string, readonly string[]> {
    const needs = new Map<string, string[]>();
    for (let here = start; here !== undefined && needs.size < most.libraries;) {
      const head = read(here, 16);
      const names: string[] = [];
      let entry = here + at.int(head, 8);
      for (let count = at.half(head, 2); count > 0 && names.length < most.versions; count--) {
        const one = read(entry, 16);
        names.push(name(at.int(one, 8)));
        entry += at.int(one, 12);
      }
      needs.set(name(at.int(head, 4)), names);
      const next = at.int(head, 12);
      here = next === 0 ? undefined : here + next;
    }
    return needs;
  }

  function definesAt(start: number | undefined): readonly string[] {
    const names: string[] = [];
    for (let here = start; here !== undefined && names.length < most.versions;) {
      const head = read(here, 20);
      names.push(name(at.int(read(here + at.int(head, 12), 8), 0)));
      const next = at.int(head, 16);
      here = next === 0 ? undefined : here + next;
    }
    return names;
  }
}

/** The highest of each kind: `GLIBC_2.34` of `GLIBC_2.2.5` and `GLIBC_2.34`. What has no number is left out. */
export function highestVersions(names: readonly string[]): readonly string[] {
  const highest = new Map<string, string>();
  for (const name of names) {
    const [, kind] = /^([A-Za-z][\w]*?)_(\d[\d.]*)$/.exec(name) ?? [];
    if (kind === undefined) continue;
    const before = highest.get(kind);
    if (before === undefined || compareNumbers(name, before) > 0) highest.set(kind, name);
  }
  return [...highest.values()].sort();
}

/** `GLIBC_2.9` is lower than `GLIBC_2.34`. */
export function compareNumbers(a: string, b: string): number {
  const numbers = (name: string): readonly number[] =>
    name
      .slice(name.lastIndexOf("_") + 1)
      .split(".")
      .map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
