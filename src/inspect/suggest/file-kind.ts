import { SlipwayError } from "../../base/index.ts";
import type { OpenFile } from "../in-root.ts";
import { interpreterLine } from "../result/program.ts";

/** What a file is, as far as starting it goes. */
export type FileKind =
  | { readonly kind: "elf" }
  | { readonly kind: "script"; readonly program: string; readonly argument: string }
  /** A script without an interpreter line, by its name. */
  | { readonly kind: "source"; readonly runtime: "python3" | "nodejs" }
  | { readonly kind: "jar" }
  | { readonly kind: "class" }
  /** A program that no Linux runs. */
  | { readonly kind: "foreign"; readonly what: string; readonly hint: string }
  | { readonly kind: "other"; readonly what: string };

const build = "build it for Linux: GOOS=linux, --target x86_64-unknown-linux-gnu, or in a stage of the Dockerfile";

/** Tells by its first bytes, or else by its name. */
export function fileKind(path: string, { read, stats }: Pick<OpenFile, "read" | "stats">): FileKind {
  const head = read(0, 256);
  const first = head.length >= 4 ? head.readUInt32BE(0) : 0;
  if (first === 0x7f454c46) return { kind: "elf" };
  const line = interpreterLine(head);
  if (line) return { kind: "script", ...line };
  if (first === 0xcafebabe) {
    // A fat program of macOS has the same first bytes, then how many it holds.
    const count = head.length >= 8 ? head.readUInt32BE(4) : 0;
    return count > 0 && count < 40 ? { kind: "foreign", what: "a program for macOS", hint: build } : { kind: "class" };
  }
  if ([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe].includes(first)) {
    return { kind: "foreign", what: "a program for macOS", hint: build };
  }
  if (head.toString("latin1", 0, 2) === "MZ") return { kind: "foreign", what: "a program for Windows", hint: build };
  if (first === 0x0061736d) {
    return {
      kind: "foreign",
      what: "WebAssembly",
      hint: "a container needs a runtime for it, such as wasmtime, which Debian does not have",
    };
  }
  if (/\.(?:jar|war|ear)$/i.test(path) || first === 0x504b0304) return { kind: "jar" };
  if (/\.pyw?$/.test(path)) return { kind: "source", runtime: "python3" };
  if (/\.[cm]?js$/.test(path)) return { kind: "source", runtime: "nodejs" };
  if (/\.[cm]?tsx?$/.test(path))
    return { kind: "other", what: "TypeScript, which is compiled first: name what comes of it" };
  if (stats.size === 0) return { kind: "other", what: "empty" };
  return {
    kind: "other",
    what: isText(head) ? "text, and begins with no #! line" : "neither a program nor a script",
  };
}

/** No control characters but those of lines. */
function isText(head: Buffer): boolean {
  return (
    head.every((byte) => (byte >= 32 ? byte !== 127 : byte >= 8 && byte <= 13)) &&
    !head.toString("utf8").slice(0, -1).includes("\ufffd")
  );
}

/** Nothing can be told of such a file. */
export function untold(path: string, what: string, hint?: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_USAGE",
    message: `Cannot tell a base for ${path}: it is ${what}`,
    hint: hint ?? "name a program, a script, a jar, a folder with them, or an image of the store",
  });
}
