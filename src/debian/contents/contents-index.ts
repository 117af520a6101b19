/*
 * A Contents index as slipway keeps it: of all files of the archive only libraries where the loader looks, and programs in PATH. Text lines,
 * sorted, each with its packages:
 *
 *     slipway-contents 1
 *     libfoo.so.1 \t libfoo1
 *     bin/perl \t perl-base
 */

const formatName = "slipway-contents 1";

/** `usr/lib/x86_64-linux-gnu/libfoo.so.1   libs/libfoo1,libs/libfoo1-alt` (repository format, "Contents indices"). */
const row =
  /^(?:usr\/)?(?:lib(?:64)?\/(?:[a-z0-9_]+-linux-[a-z0-9]+\/)?([^/\s]+\.so(?:\.[^/\s]+)?)|s?bin\/([^/\s]+))[ \t]+(\S+)$/;

/** Takes the lines of a Contents file that count, in pieces as they come. */
export class ContentsReader {
  readonly #found = new Map<string, Set<string>>();
  #rest = "";

  /** @param text latin1. */
  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** The compact index. */
  end(): string {
    if (this.#rest !== "") this.#line(this.#rest);
    const lines = [...this.#found].map(([name, packages]) => `${name}\t${[...packages].sort().join(" ")}\n`);
    return `${formatName}\n${lines.sort().join("")}`;
  }

  #line(line: string): void {
    // Most lines are of other folders: no expression is tried on them.
    const first = line.charCodeAt(0);
    if (first !== 0x75 && first !== 0x6c && first !== 0x62 && first !== 0x73) return;
    if (line.startsWith("usr/share/")) return;
    const [, library, program, places = ""] = row.exec(line) ?? [];
    const name = library ?? (program === undefined ? undefined : `bin/${program}`);
    if (name === undefined) return;
    const packages = this.#found.get(name) ?? new Set();
    for (const place of places.split(",")) packages.add(place.slice(place.lastIndexOf("/") + 1));
    this.#found.set(name, packages);
  }
}

/** Which packages of the archive have a library or a program. */
export class Contents {
  readonly #text: string;

  /** @throws Error for a text of another format: the caller makes it anew. */
  constructor(text: string) {
    if (!text.startsWith(`${formatName}\n`) || !text.endsWith("\n"))
      throw new Error("not a contents index of this version");
    this.#text = text;
  }

  /** Packages with a library of that file name (`libz.so.1`), the likeliest first. */
  library(name: string): readonly string[] {
    return [...this.#packages(name)].sort(
      (a, b) => unlikely(a) - unlikely(b) || a.length - b.length || (a < b ? -1 : 1),
    );
  }

  /** Packages with a program of that name in PATH. */
  program(name: string): readonly string[] {
    return [...this.#packages(`bin/${name}`)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  }

  #packages(key: string): readonly string[] {
    if (/[\t\n]/.test(key)) return [];
    const at = this.#text.indexOf(`\n${key}\t`);
    if (at < 0) return [];
    return this.#text.slice(at + key.length + 2, this.#text.indexOf("\n", at + 1)).split(" ");
  }
}

/** Files to build with have the same names as those to run with, and so have copies for debugging and for other machines. */
function unlikely(name: string): number {
  return (
    (name.startsWith("lib") || /^[a-z]+\d/.test(name) ? 0 : 1) + (/-(?:dev|dbg|cross|headless)\b/.test(name) ? 2 : 0)
  );
}
