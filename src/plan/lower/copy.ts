import { posix } from "node:path";
import type { AddInstruction, CopyInstruction, SourceArgument, Word } from "../../dockerfile/index.ts";
import { expandWord, type FileMode, Glob, parseFileMode } from "../../dockerfile/index.ts";
import type { CopyOp, CopySource, Vertex } from "../../graph/index.ts";
import { wrong } from "../refuse.ts";
import type { StageBuilder } from "../stage.ts";
import { type RemoteSource, remoteSource } from "./remote-source.ts";
import type { Surroundings } from "./surroundings.ts";
import { expand } from "./words.ts";

type FileCopy = CopyInstruction | AddInstruction;

/** Dockerfile reference, "COPY". */
export async function lowerCopy(
  instruction: CopyInstruction,
  stage: StageBuilder,
  around: Surroundings,
): Promise<void> {
  const { from, location } = instruction;
  const source = from ? await around.source(expand(from, stage, location), location) : around.context;
  const remote = (path: string, word: Word): RemoteSource | undefined =>
    remoteSource(path, instruction, undefined, { ...location, span: word.span }, around.fetched);
  addCopy(instruction, stage, around, source, { unpack: false, remote });
}

/** Dockerfile reference, "ADD". Archives of the context are unpacked unless that is asked not to be. */
export function lowerAdd(instruction: AddInstruction, stage: StageBuilder, around: Surroundings): void {
  const unpack = instruction.unpack ?? true;
  const checksum = given(instruction.checksum, instruction, stage);
  const remote = (path: string, word: Word): RemoteSource | undefined =>
    remoteSource(path, instruction, checksum, { ...instruction.location, span: word.span }, around.fetched);
  addCopy(instruction, stage, around, around.context, { unpack, remote });
}

function addCopy(
  instruction: FileCopy,
  stage: StageBuilder,
  around: Surroundings,
  from: Vertex,
  how: {
    readonly unpack: boolean;
    readonly remote?: (path: string, word: Word) => RemoteSource | undefined;
  },
): void {
  const { location } = instruction;
  const inputs: Vertex[] = [];
  const sources = inOrder(instruction).map((source) => {
    if (source.type === "heredoc") return inlineSource(source.heredoc, instruction, stage);
    const path = sourcePath(source.path, instruction, stage);
    const remote = how.remote?.(path, source.path);
    const input = 1 + indexIn(inputs, remote?.vertex ?? from);
    return remote
      ? ({ type: "path", input, path: remote.path, literal: true, unpack: remote.unpack } as const)
      : ({ type: "path", input, path } as const);
  });
  const written = expand(instruction.destination, stage, location);
  const chown = given(instruction.chown, instruction, stage);
  const chmod = given(instruction.chmod, instruction, stage);
  // With both, docker build copies onto what is there; so the result is the same here.
  const linked = instruction.link && chmod === undefined;
  if (linked) checkLinkedOwner(chown, instruction);
  warnOfOverwriting(instruction, sources, written, around);
  const op: CopyOp = {
    kind: "copy",
    sources,
    destination: destinationPath(written, stage.workdir),
    chown,
    chmod: chmod === undefined ? undefined : fileMode(chmod, instruction),
    unpack: how.unpack,
    time: stage.epoch,
    parents: instruction.parents || undefined,
    excludes: excludesOf(instruction, around),
  };
  const shown = historyText(instruction, stage, written, chown, chmod);
  if (linked) stage.addLinkedLayer(op, inputs, instruction, shown);
  else stage.addLayer(op, inputs, instruction, shown);
}

/** Paths, then what stands in the Dockerfile itself: as for docker build, which copies them in this order. */
function inOrder({ sources }: FileCopy): readonly SourceArgument[] {
  return [...sources.filter(({ type }) => type === "path"), ...sources.filter(({ type }) => type === "heredoc")];
}

function indexIn(inputs: Vertex[], wanted: Vertex): number {
  const at = inputs.findIndex(({ digest }) => digest === wanted.digest);
  return at < 0 ? inputs.push(wanted) - 1 : at;
}

function sourcePath(word: Word, { kind, location }: FileCopy, stage: StageBuilder): string {
  const path = expand(word, stage, location);
  if (path === "") throw wrong(`${kind.toUpperCase()} has an empty source`, { ...location, span: word.span });
  return path;
}

function inlineSource(
  { name: written, content, expand: variables, span }: (SourceArgument & { type: "heredoc" })["heredoc"],
  { kind, location }: FileCopy,
  stage: StageBuilder,
): CopySource {
  // Its name is that of a file at the top of a file system of its own, where `..` leads nowhere.
  const name = posix.resolve("/", written).slice(1);
  if (name === "" || name.includes("/")) {
    throw wrong(
      `${kind.toUpperCase()} cannot make a file called ${JSON.stringify(written)}`,
      { ...location, span },
      "name the heredoc as the file, without a folder",
    );
  }
  const text = variables
    ? expandWord(content, stage.scope.lookup, { escape: stage.escape, location, keepQuotes: true })
    : content;
  return { type: "inline", name, content: text };
}

/** A flag's value with its variables; what comes out empty is as if it was not given. */
function given(word: Word | undefined, { location }: FileCopy, stage: StageBuilder): string | undefined {
  return (word && expand(word, stage, location)) || undefined;
}

function fileMode(text: string, { kind, location, chmod }: FileCopy): FileMode {
  const mode = parseFileMode(text);
  if (mode !== undefined) return mode;
  throw wrong(
    `Invalid ${kind.toUpperCase()} --chmod ${JSON.stringify(text)}`,
    chmod ? { ...location, span: chmod.span } : location,
    "give permission bits in octal, up to 7777, or changes such as u=rwX,go=rX",
  );
}

/** What is copied onto nothing sees no accounts. */
function checkLinkedOwner(owner: string | undefined, { kind, location, chown }: FileCopy): void {
  if (owner === undefined || owner.split(":").every((name) => /^(root|\d*)$/.test(name))) return;
  throw wrong(
    `${kind.toUpperCase()} --link --chown=${owner} cannot be looked up: a linked copy does not see the accounts of the stage`,
    chown ? { ...location, span: chown.span } : location,
    "give numbers (UID:GID), or leave out --link",
  );
}

/** The reference asks for a slash here; docker build goes without, and several files then end as one. */
function warnOfOverwriting(
  { kind, location, parents }: FileCopy,
  sources: readonly CopySource[],
  destination: string,
  { warn }: Surroundings,
): void {
  if (sources.length < 2 || parents || isFolder(destination)) return;
  const message = `${kind.toUpperCase()} has several sources and a destination without a slash at its end: of files, the last one is left`;
  const { startLine: line, endLine } = location.span;
  warn({ type: "warning", message, line, endLine, hint: `write ${destination}/` });
}

/** Patterns as they are written: docker build replaces no variables in them. */
function excludesOf({ kind, location, excludes }: FileCopy, { warn }: Surroundings): readonly string[] | undefined {
  for (const { text, span } of excludes) {
    const pattern = text.trim().replace(/^!/, "");
    const glob = pattern === "" ? undefined : Glob.compile(pattern, { doubleStar: true });
    if ((pattern === "" && text.trim() !== "") || (pattern !== "" && (!glob || glob.hasBackwardRange))) {
      throw wrong(
        `Invalid ${kind.toUpperCase()} --exclude ${JSON.stringify(text)}`,
        { ...location, span },
        "close every [",
      );
    }
    if (/\$\{?\w/.test(text)) {
      const message = `${kind.toUpperCase()} --exclude=${text} excludes what has that name: variables are not replaced in it`;
      warn({ type: "warning", message, line: span.startLine, endLine: span.endLine });
    }
  }
  return excludes.length === 0 ? undefined : excludes.map(({ text }) => text);
}

function isFolder(written: string): boolean {
  return written === "" || /(^|\/)\.{0,2}$/.test(written);
}

/** Absolute, and ending in a slash exactly when a folder is meant. */
function destinationPath(written: string, workdir: string): string {
  const path = posix.resolve(workdir, written);
  return isFolder(written) && path !== "/" ? `${path}/` : path;
}

/** As docker build writes it, which tells neither `--from` nor `--link`. */
function historyText(
  instruction: FileCopy,
  stage: StageBuilder,
  destination: string,
  chown: string | undefined,
  chmod: string | undefined,
): string {
  const flags = [
    ...(instruction.parents ? ["--parents"] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
  ];
  const sources = inOrder(instruction).map((source) =>
    source.type === "path" ? expand(source.path, stage, instruction.location) : `<<${source.heredoc.name}`,
  );
  return `${[instruction.kind.toUpperCase(), ...flags, ...sources, destination].join(" ")} # slipway`;
}
