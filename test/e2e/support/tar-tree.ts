import { readFileSync } from "node:fs";

/** What a test asks of a file in an image. */
export interface TreeFile {
  readonly type: "file" | "hard link" | "link" | "char" | "block" | "folder" | "fifo";
  /** Permission bits in octal: `755`. */
  readonly mode: string;
  /** `uid:gid`. */
  readonly owner: string;
  /** Where a link leads. */
  readonly link: string;
  readonly content: string;
  readonly body: Buffer;
  /** `major:minor`. */
  readonly device: string;
  /** Extended attributes. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

const types: Readonly<Record<string, TreeFile["type"]>> = {
  "0": "file",
  "1": "hard link",
  "2": "link",
  "3": "char",
  "4": "block",
  "5": "folder",
  "6": "fifo",
};

const xattr = "SCHILY.xattr.";

/** Reads a tar by POSIX (pax) alone: no code that it is there to judge. Paths have neither a leading nor a trailing slash. */
export function readTree(path: string): ReadonlyMap<string, TreeFile> {
  const tar = readFileSync(path);
  const tree = new Map<string, TreeFile>();
  let pax: ReadonlyMap<string, string> = new Map();
  let xattrs: ReadonlyMap<string, Buffer> = new Map();
  for (let at = 0; at + 512 <= tar.length && !isEnd(tar.subarray(at, at + 512));) {
    const header = tar.subarray(at, at + 512);
    const text = (from: number, length: number): string =>
      header
        .subarray(from, from + length)
        .toString("utf8")
        .replace(/\0.*$/s, "");
    const octal = (from: number, length: number): number => Number.parseInt(text(from, length).trim() || "0", 8);
    const flag = text(156, 1) || "0";
    const size = Number(pax.get("size") ?? octal(124, 12));
    const body = tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (flag === "x") {
      const records = paxRecords(body);
      pax = new Map([...records].map(([key, value]) => [key, value.toString("utf8")]));
      xattrs = new Map(
        [...records].flatMap(([key, value]) => (key.startsWith(xattr) ? [[key.slice(xattr.length), value]] : [])),
      );
      continue;
    }
    const name = pax.get("path") ?? [text(345, 155), text(0, 100)].filter((part) => part !== "").join("/");
    tree.set(name.replace(/^\.?\/+|\/+$/g, ""), {
      type: types[flag] ?? "file",
      mode: octal(100, 8).toString(8),
      owner: `${pax.get("uid") ?? octal(108, 8)}:${pax.get("gid") ?? octal(116, 8)}`,
      link: pax.get("linkpath") ?? text(157, 100),
      content: body.toString("utf8"),
      body,
      device: `${octal(329, 8)}:${octal(337, 8)}`,
      xattrs,
      mtime: Number(pax.get("mtime") ?? octal(136, 12)),
    });
    pax = new Map();
    xattrs = new Map();
  }
  return tree;
}

/** `LENGTH KEY=VALUE\n`, again and again. */
function paxRecords(body: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.subarray(at, space).toString("latin1"));
    const record = body.subarray(space + 1, at + length - 1);
    const equals = record.indexOf("=");
    records.set(record.toString("utf8", 0, equals), record.subarray(equals + 1));
    at += length;
  }
  return records;
}

/** A block of zeros. (Where pax has the name, that of the header itself may begin with one.) */
function isEnd(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}
