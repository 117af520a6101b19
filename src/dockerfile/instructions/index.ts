/** Every instruction of the reference and its parser; one file an instruction or family. */
import { nearestNames } from "../../base/index.ts";
import type { Heredoc, Instruction, InstructionKind, Token } from "../ast.ts";
import { splitFlags } from "../flags.ts";
import { findHeredocs, type HeredocMark, type PlacedHeredoc } from "../heredoc.ts";
import { InstructionSource, type InstructionBase, type InstructionParser } from "../instruction-source.ts";
import type { Region } from "../logical-line.ts";
import { parseArg } from "./arg.ts";
import { parseCmd, parseEntrypoint } from "./command.ts";
import { parseAdd, parseCopy } from "./copy.ts";
import { parseFrom } from "./from.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import { parseOnbuild } from "./onbuild.ts";
import { parseEnv, parseLabel } from "./pairs.ts";
import { parseRun } from "./run.ts";
import { parseMaintainer, parseStopsignal, parseUser, parseWorkdir } from "./single.ts";
import { parseExpose, parseShell, parseVolume } from "./words.ts";

const parsers: { readonly [K in InstructionKind]: InstructionParser<K> } = {
  add: parseAdd,
  arg: parseArg,
  cmd: parseCmd,
  copy: parseCopy,
  entrypoint: parseEntrypoint,
  env: parseEnv,
  expose: parseExpose,
  from: parseFrom,
  healthcheck: parseHealthcheck,
  label: parseLabel,
  maintainer: parseMaintainer,
  onbuild: parseOnbuild,
  run: parseRun,
  shell: parseShell,
  stopsignal: parseStopsignal,
  user: parseUser,
  volume: parseVolume,
  workdir: parseWorkdir,
};

/** The kinds whose lines may hold heredocs; ONBUILD asks for its trigger's. */
const heredocKinds = new Set<string>(["add", "copy", "run"]);

/** The heredocs that an instruction's line announces, so that their bodies can be read. */
export function heredocMarks(region: Region): readonly HeredocMark[] {
  const [keyword, args] = region.blankSeparated(2);
  if (keyword === undefined || args === undefined) return [];
  const kind = keyword.text.toLowerCase();
  if (kind === "onbuild") return heredocMarks(args);
  if (!heredocKinds.has(kind)) return [];
  const { rest } = splitFlags(args);
  return findHeredocs(rest);
}

/**
 * Parses one instruction from its logical line.
 * @throws SLIP_DOCKERFILE for whatever the reference does not allow.
 */
export function parseInstruction(
  region: Region,
  heredocs: readonly PlacedHeredoc[],
  place: Pick<InstructionBase, "span" | "location" | "comments">,
): Instruction {
  const [first] = region.blankSeparated(2);
  const keyword: Token = first?.token() ?? region.token();
  const kind = keyword.text.toLowerCase();
  if (!isKind(kind)) {
    const [near] = nearestNames(kind, Object.keys(parsers), 1);
    const hint =
      near === undefined
        ? "see the Dockerfile reference for the instructions there are"
        : `did you mean ${near.toUpperCase()}?`;
    throw region.line.source.fault(keyword.span, `Unknown instruction: ${shorten(keyword.text)}`, hint);
  }
  const { flags, rest } = splitFlags(region.from(first?.end ?? region.end));
  const base: InstructionBase = {
    keyword,
    text: region.text,
    span: place.span,
    location: place.location,
    comments: place.comments,
    flags,
    heredocs: heredocs.map(({ heredoc }): Heredoc => heredoc),
  };
  const source = new InstructionSource(base, rest, heredocs, () =>
    parseInstruction(rest, heredocs, { ...place, comments: [] }),
  );
  const parse = parsers[kind] as (source: InstructionSource) => object;
  // Each parser gives exactly the fields of its own kind; the table's type checks that, one kind at a time.
  return { kind, ...base, ...parse(source) } as Instruction;
}

function isKind(kind: string): kind is InstructionKind {
  return Object.hasOwn(parsers, kind);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
