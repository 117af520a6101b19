import type { DebianPackage } from "./contract.ts";
import { parseRelations } from "./relation.ts";
import { compareVersions } from "./version.ts";

/*
 * A Packages index as slipway keeps it: text lines sorted by their first column, so that a name is found by bisection in the text
 * itself and opening 60,000 packages costs no more than reading the file. First a header line, then one line a package, then one
 * line a name that some package provides:
 *
 *     slipway-packages 2 <packages> <length of their lines> <length of all lines>
 *     name \t version \t architecture \t ...
 *     virtual \t provider provider ...
 */

const formatName = "slipway-packages 2";

/** Policy 5.6.1; a name is also one of files. */
const usableName = /^[a-z0-9][a-z0-9+.-]*$/;

/** The kept fields in column order, after the package's name. */
const columns = [
  "version",
  "architecture",
  "source",
  "essential",
  "priority",
  "pre-depends",
  "depends",
  "provides",
  "conflicts",
  "breaks",
  "multi-arch",
  "installed-size",
  "filename",
  "size",
  "sha256",
] as const;
const columnOf = new Map<string, number>([
  ["package", 0],
  ...columns.map((name, at): [string, number] => [name, at + 1]),
]);

/**
 * Makes the compact index of a Packages file.
 * @param text the file, decoded as latin1: the kept fields are ASCII, and the others do not matter.
 */
export function compactPackages(text: string): string {
  const rows: { readonly name: string; readonly version: string; readonly line: string }[] = [];
  const providers = new Map<string, Set<string>>();
  let row: string[] = [];
  let column: number | undefined;
  const finish = (): void => {
    const name = row[0] ?? "";
    if (usableName.test(name) && row[1] !== undefined && row[13] !== undefined) {
      const cells = Array.from({ length: columns.length + 1 }, (_, at) => row[at] ?? "");
      rows.push({ name, version: row[1], line: cells.join("\t") });
      for (const [relation] of parseRelations(row[8] ?? "")) {
        if (relation) getOrAdd(providers, relation.name).add(name);
      }
    }
    row = [];
    column = undefined;
  };
  for (let at = 0; at < text.length;) {
    let end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    const first = text.charCodeAt(at);
    if (end === at || (end === at + 1 && first === 13)) finish();
    else if (first === 32 || first === 9) {
      if (column !== undefined) row[column] += ` ${clean(text.slice(at, end))}`;
    } else {
      const colon = text.indexOf(":", at);
      column = colon > at && colon < end ? columnOf.get(text.slice(at, colon).toLowerCase()) : undefined;
      if (column !== undefined) row[column] = clean(text.slice(colon + 1, end));
    }
    at = end + 1;
  }
  finish();

  rows.sort((a, b) => order(a.name, b.name) || compareVersions(b.version, a.version) || order(a.line, b.line));
  const body = rows.map((entry) => `${entry.line}\n`).join("");
  const provides = [...providers]
    .sort(([a], [b]) => order(a, b))
    .map(([virtual, names]) => `${virtual}\t${[...names].sort(order).join(" ")}\n`)
    .join("");
  return `${formatName} ${rows.length} ${body.length} ${body.length + provides.length}\n${body}${provides}`;
}

const newline = 10;
const tab = 9;

/** The packages of one suite, read from the compact form. */
export class PackageIndex {
  /** How many packages it has. */
  readonly size: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #middle: number;
  readonly #origin: { readonly mirror: string; readonly suite: string };

  /**
   * @param bytes of the compact form: it is searched as it lies in memory, as text it would be there twice.
   * @throws Error when they are not a whole index of this format: the caller makes it anew.
   */
  constructor(bytes: Buffer, origin: { readonly mirror: string; readonly suite: string }) {
    const head = /^slipway-packages 2 (\d+) (\d+) (\d+)\n/.exec(bytes.toString("latin1", 0, 80));
    if (!head) throw new Error("not a package index of this version");
    this.#bytes = bytes;
    this.#origin = origin;
    this.size = Number(head[1]);
    this.#start = head[0].length;
    this.#middle = this.#start + Number(head[2]);
    if (bytes.length !== this.#start + Number(head[3])) {
      throw new Error("a package index that is cut off");
    }
  }

  /** Every version of the package, highest first. */
  versions(name: string): readonly DebianPackage[] {
    const found: DebianPackage[] = [];
    for (let at = this.#seek(name, this.#start, this.#middle); at < this.#middle;) {
      const end = this.#bytes.indexOf(newline, at);
      if (this.#key(at) !== name) break;
      found.push(this.#package(at, end));
      at = end + 1;
    }
    return found;
  }

  /** Names of packages with a version that provides the name. */
  providers(name: string): readonly string[] {
    const at = this.#seek(name, this.#middle, this.#bytes.length);
    if (at >= this.#bytes.length || this.#key(at) !== name) return [];
    return this.#text(at + name.length + 1, this.#bytes.indexOf(newline, at)).split(" ");
  }

  *names(): Generator<string> {
    let last = "";
    for (let at = this.#start; at < this.#middle; at = this.#bytes.indexOf(newline, at) + 1) {
      const name = this.#key(at);
      if (name !== last) yield name;
      last = name;
    }
  }

  *packages(): Generator<DebianPackage> {
    for (let at = this.#start; at < this.#middle;) {
      const end = this.#bytes.indexOf(newline, at);
      yield this.#package(at, end);
      at = end + 1;
    }
  }

  #text(from: number, to: number): string {
    return this.#bytes.toString("latin1", from, to);
  }

  #key(at: number): string {
    return this.#text(at, this.#bytes.indexOf(tab, at));
  }

  /** Start of the first line in [from, to) whose key is not less than the name. */
  #seek(name: string, from: number, to: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const line = middle === low ? low : Math.max(low, this.#bytes.lastIndexOf(newline, middle - 1) + 1);
      if (order(this.#key(line), name) < 0) low = this.#bytes.indexOf(newline, middle) + 1;
      else high = line;
    }
    return low;
  }

  #package(at: number, end: number): DebianPackage {
    const cells = this.#text(at, end).split("\t");
    const cell = (column: number): string => cells[column] ?? "";
    return {
      name: cell(0),
      version: cell(1),
      architecture: cell(2),
      source: cell(3).replace(/ .*/, "") || cell(0),
      essential: cell(4) === "yes",
      priority: cell(5) || "optional",
      preDepends: cell(6),
      depends: cell(7),
      provides: cell(8),
      conflicts: cell(9),
      breaks: cell(10),
      multiArch: cell(11),
      installedSize: Number(cell(12)) || 0,
      filename: cell(13),
      size: Number(cell(14)),
      sha256: cell(15),
      ...this.#origin,
    };
  }
}

function getOrAdd(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key);
  if (!set) map.set(key, (set = new Set()));
  return set;
}

function clean(value: string): string {
  return value.trim().replaceAll("\t", " ");
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
