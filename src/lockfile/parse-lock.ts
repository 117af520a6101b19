import { didYouMean, isDigest, SlipwayError, type SourceSpan } from "../base/index.ts";
import type { LockEntry, LockFile } from "./contract.ts";
import { entryKey } from "./entry.ts";

/** Larger is no lock file (UTF-16 units). */
const largest = 1 << 20;

type Kind = LockEntry["kind"];
type Value = string | readonly string[];

/** A table while it is read: members with the lines they stand on. */
interface Table {
  readonly kind: Kind;
  readonly line: Line;
  readonly members: Map<string, { readonly value: Value; readonly line: Line }>;
}

interface Line {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly text: string;
}

/** Members that an entry of a kind, or of a source, must have. */
const needed = {
  file: ["url", "digest"],
  git: ["remote", "commit"],
  registry: ["name", "source", "digest"],
  layout: ["name", "source", "digest"],
  archive: ["name", "source", "platform", "release", "date", "packages"],
  store: ["name", "source", "platform", "id"],
} as const;
const optional: Readonly<Record<string, readonly string[]>> = { git: ["ref"], archive: ["key"] };

const shapes: Readonly<Record<string, { readonly fits: (text: string) => boolean; readonly is: string }>> = {
  digest: { fits: isDigest, is: "sha256: and 64 hexadecimal digits" },
  packages: { fits: isDigest, is: "sha256: and 64 hexadecimal digits" },
  id: { fits: isDigest, is: "sha256: and 64 hexadecimal digits" },
  commit: { fits: (text) => /^(?:[a-f0-9]{40}|[a-f0-9]{64})$/.test(text), is: "the whole id of a commit" },
  date: { fits: (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text), is: "a time such as 2026-11-21T10:00:00Z" },
  key: { fits: (text) => /^[0-9A-F]{16,64}$/.test(text), is: "the fingerprint of a key" },
  platform: { fits: (text) => /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/.test(text), is: "OS/ARCH[/VARIANT]" },
};

/**
 * Reads a lock file, strictly: the part of TOML that `formatLock` writes, with other spaces, comments and order.
 * @param file its name, for messages.
 * @throws SLIP_LOCK with the place of the first thing that is wrong.
 */
export function parseLock(text: string, file: string): LockFile {
  return new Parser(text, file).parse();
}

class Parser {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    let start = 0;
    this.#lines = text
      .slice(0, largest)
      .split("\n")
      .map((line, at) => {
        const found = { number: at + 1, start, text: line.replace(/\r$/, "") };
        start += line.length + 1;
        return found;
      });
  }

  parse(): LockFile {
    if (this.#text.length > largest) throw this.#bad(this.#lines[0] as Line, "it is larger than any lock file: 1 MiB");
    const tables: Table[] = [];
    let version = false;
    for (let line = this.#next(); line; line = this.#next()) {
      const table = /^\[\[([^\]]*)\]\]$/.exec(line.text.trim());
      if (table) {
        if (!version) throw this.#bad(line, "it has no version: `version = 1` stands at the top");
        tables.push({ kind: this.#kind((table[1] ?? "").trim(), line), line, members: new Map() });
        continue;
      }
      const member = /^([A-Za-z0-9_-]+)[ \t]*=[ \t]*(.*)$/s.exec(line.text.trim());
      if (!member) throw this.#bad(line, "that is no line of a lock file");
      const [, name = "", written = ""] = member;
      const into = tables.at(-1);
      if (!into) {
        if (name !== "version" || version) throw this.#bad(line, `${name} cannot stand there`);
        if (written !== "1")
          throw this.#bad(
            line,
            `it is of version ${written}, and this slipway reads version 1`,
            "use a newer slipway, or write the lock anew: slipway lock",
          );
        version = true;
        continue;
      }
      if (into.members.has(name)) throw this.#bad(line, `${name} stands there twice`);
      into.members.set(name, { value: this.#value(name, written, line), line });
    }
    if (!version) throw this.#bad(this.#lines[0] as Line, "it has no version: `version = 1` stands at the top");
    const entries = new Map<string, LockEntry>();
    for (const table of tables) {
      const entry = this.#entry(table);
      const key = entryKey(entry);
      if (entries.has(key))
        throw this.#bad(
          table.line,
          `it has ${key} twice`,
          "two branches were merged: keep one of them, or write the lock anew: slipway lock",
        );
      entries.set(key, entry);
    }
    return { entries: [...entries.values()] };
  }

  /** The next line with something on it. */
  #next(): Line | undefined {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] as Line;
      if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line.text)) throw this.#bad(line, "it has a control character");
      if (/^(?:<{7}|={7}|>{7})/.test(line.text)) {
        throw this.#bad(
          line,
          "two branches were not merged",
          "keep one side of each conflict, or write the lock anew: slipway lock",
        );
      }
      if (line.text.trim() === "" || line.text.trimStart().startsWith("#")) continue;
      this.#at++;
      return line;
    }
    return undefined;
  }

  #kind(name: string, line: Line): Kind {
    if (name === "image" || name === "file" || name === "git") return name;
    throw this.#bad(
      line,
      `it has the unknown table ${JSON.stringify(name)}`,
      didYouMean(name, ["image", "file", "git"]),
    );
  }

  #value(name: string, written: string, line: Line): Value {
    if (name !== "used") return this.#string(written, line);
    if (!written.startsWith("[")) throw this.#bad(line, "used must be a list of texts");
    if (written.length > 1) {
      if (!written.endsWith("]")) throw this.#bad(line, "the list has no end");
      const inside = written.slice(1, -1).trim();
      return inside === "" ? [] : [this.#string(inside.replace(/,$/, ""), line)];
    }
    const texts: string[] = [];
    for (let at = this.#next(); ; at = this.#next()) {
      if (!at) throw this.#bad(line, "the list has no end");
      const item = at.text.trim();
      if (item === "]") return texts;
      texts.push(this.#string(item.replace(/,$/, ""), at));
    }
  }

  #string(written: string, line: Line): string {
    try {
      const value: unknown = JSON.parse(written);
      if (typeof value === "string") return value;
    } catch {
      // told below
    }
    throw this.#bad(line, "a text in quotes must stand there");
  }

  #entry(table: Table): LockEntry {
    const { kind, line, members } = table;
    const source = members.get("source");
    const shape = kind !== "image" ? kind : (source?.value ?? "registry");
    if (
      typeof shape !== "string" ||
      !Object.hasOwn(needed, shape) ||
      (kind === "image") === (shape === "file" || shape === "git")
    ) {
      throw this.#bad(
        source?.line ?? line,
        `it has the unknown source ${JSON.stringify(shape)}`,
        "one of: registry, layout, archive, store",
      );
    }
    const wanted: readonly string[] = needed[shape as keyof typeof needed];
    const known = [...wanted, ...(optional[shape] ?? []), "used"];
    const values: Record<string, Value> = {};
    for (const [name, { value, line: place }] of members) {
      if (!known.includes(name))
        throw this.#bad(place, `${name} is unknown for ${article(shape)}`, didYouMean(name, known));
      const must = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
      if (must && !must.fits(value as string)) throw this.#bad(place, `${name} must be ${must.is}`);
      if (value === "") throw this.#bad(place, `${name} is empty`);
      values[name] = value;
    }
    const missing = [...wanted, "used"].find((name) => values[name] === undefined);
    if (missing !== undefined) throw this.#bad(line, `${article(shape)} must have ${missing}`);
    return { kind, ...values } as unknown as LockEntry;
  }

  #bad(line: Line, problem: string, hint = "mend that line, or write the lock anew: slipway lock"): SlipwayError {
    const span: SourceSpan = {
      start: line.start,
      end: line.start + line.text.length,
      startLine: line.number,
      endLine: line.number,
    };
    return new SlipwayError({
      code: "SLIP_LOCK",
      message: `Cannot use ${this.#file}: line ${line.number}: ${problem}`,
      hint,
      location: { file: this.#file, text: this.#text.slice(0, largest), span },
    });
  }
}

function article(shape: string): string {
  if (shape === "file" || shape === "git") return `an entry of ${shape}`;
  return `an image of source ${shape}`;
}
