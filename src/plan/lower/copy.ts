import { posix } from "node:path";
import type { AddInstruction, CopyInstruction, SourceArgument } from "../../dockerfile/index.ts";
import { expandWord } from "../../dockerfile/index.ts";
import type { CopyOp, CopySource, Vertex } from "../../graph/index.ts";
import { refuseFlags, unsupported, wrong } from "../refuse.ts";
import type { StageBuilder } from "../stage.ts";
import type { Surroundings } from "./surroundings.ts";
import { expand } from "./words.ts";

/** Dockerfile reference, "COPY". `--link` gives what the plain form gives: the files are copied onto the base as it is. */
export async function lowerCopy(
  instruction: CopyInstruction,
  stage: StageBuilder,
  around: Surroundings,
): Promise<void> {
  refuseFlags(instruction, ["parents", "exclude"]);
  const { from, location } = instruction;
  const source = from ? await around.source(expand(from, stage, location), location) : around.context;
  addCopy(instruction, stage, source, false);
}

/** Dockerfile reference, "ADD", of local files and archives. */
export function lowerAdd(instruction: AddInstruction, stage: StageBuilder, around: Surroundings): void {
  refuseFlags(instruction, ["parents", "exclude", "checksum", "keep-git-dir"]);
  for (const source of instruction.sources) {
    if (source.type !== "path") continue;
    const path = expand(source.path, stage, instruction.location);
    if (/^(https?|git|ssh):\/\/|^git@|\.git(#.*)?$/.test(path)) {
      throw unsupported("ADD of a remote source", instruction.location, source.path.span);
    }
  }
  addCopy(instruction, stage, around.context, instruction.unpack ?? true);
}

function addCopy(
  instruction: CopyInstruction | AddInstruction,
  stage: StageBuilder,
  from: Vertex,
  unpack: boolean,
): void {
  const { location } = instruction;
  const name = instruction.kind.toUpperCase();
  const written = expand(instruction.destination, stage, location);
  const sources = instruction.sources.map((source) => lowerSource(source, instruction, stage));
  if (sources.length > 1 && !/(^|\/)\.{0,2}$/.test(written)) {
    throw wrong(
      `${name} with more than one source needs a folder as its destination, and ${JSON.stringify(written)} does not end in a slash`,
      { ...location, span: instruction.destination.span },
      `write ${written}/`,
    );
  }
  const chmod = instruction.chmod && expand(instruction.chmod, stage, location);
  if (chmod !== undefined && !/^[0-7]{1,4}$/.test(chmod)) {
    if (/^[ugoa]*[-+=]/.test(chmod)) throw unsupported(`${name} --chmod=${chmod}`, location);
    throw wrong(`Invalid --chmod ${JSON.stringify(chmod)}`, location, "give permission bits in octal: 755");
  }
  const chown = instruction.chown && expand(instruction.chown, stage, location);
  const op: CopyOp = {
    kind: "copy",
    sources,
    destination: destinationPath(written, stage.workdir),
    chown,
    chmod,
    unpack,
  };
  const paths = sources.map((source) => (source.type === "path" ? source.path : `<<${source.name}`));
  const shown = [...flagsShown(instruction, chown, chmod), ...paths, written].join(" ");
  stage.addLayer(
    op,
    sources.some(({ type }) => type === "path") ? [from] : [],
    instruction,
    `${name} ${shown} # slipway`,
  );
}

function lowerSource(
  source: SourceArgument,
  instruction: CopyInstruction | AddInstruction,
  stage: StageBuilder,
): CopySource {
  const { location } = instruction;
  if (source.type === "path") {
    const path = expand(source.path, stage, location);
    if (path === "")
      throw wrong(`${instruction.kind.toUpperCase()} has an empty source`, { ...location, span: source.path.span });
    return { type: "path", input: 1, path };
  }
  const { content, expand: variables, span } = source.heredoc;
  // Its name is that of a file at the top of a file system of its own, where `..` leads nowhere.
  const name = posix.resolve("/", source.heredoc.name).slice(1);
  if (name === "" || name.includes("/")) {
    throw wrong(
      `${instruction.kind.toUpperCase()} cannot make a file called ${JSON.stringify(source.heredoc.name)}`,
      { ...location, span },
      "name the heredoc as the file, without a folder",
    );
  }
  const text = variables
    ? expandWord(content, stage.scope.lookup, { escape: stage.escape, location, keepQuotes: true })
    : content;
  return { type: "inline", name, content: text };
}

/** Absolute, and ending in a slash exactly when a folder is meant. */
function destinationPath(written: string, workdir: string): string {
  const path = posix.resolve(workdir, written);
  const folder = written === "" || /(^|\/)\.{0,2}$/.test(written);
  return folder && path !== "/" ? `${path}/` : path;
}

function flagsShown(instruction: CopyInstruction | AddInstruction, chown?: string, chmod?: string): readonly string[] {
  const flags: string[] = [];
  if (instruction.kind === "copy" && instruction.from) flags.push(`--from=${instruction.from.text}`);
  if (chown !== undefined) flags.push(`--chown=${chown}`);
  if (chmod !== undefined) flags.push(`--chmod=${chmod}`);
  return flags;
}
