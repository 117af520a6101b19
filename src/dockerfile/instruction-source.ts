import type { SourceSpan, SlipwayError } from "../base/index.ts";
import type { Command, Instruction, InstructionKind, Token, Word } from "./ast.ts";
import { FlagReader, type FlagKind } from "./flags.ts";
import type { PlacedHeredoc } from "./heredoc.ts";
import { readJsonList } from "./json-list.ts";
import type { Region } from "./logical-line.ts";

/** The fields that every instruction has, apart from its kind. */
export type InstructionBase = Pick<
  Instruction,
  "keyword" | "text" | "span" | "location" | "flags" | "heredocs" | "comments"
>;

/** Parses the arguments of one kind of instruction. */
export type InstructionParser<K extends InstructionKind> = (
  source: InstructionSource,
) => Omit<Extract<Instruction, { kind: K }>, keyof InstructionBase | "kind">;

/** An instruction cut into keyword, flags, arguments and heredocs, before its arguments are understood. */
export class InstructionSource {
  /** In upper case, for messages. */
  readonly name: string;
  readonly base: InstructionBase;
  /** Behind the flags. */
  readonly args: Region;
  readonly heredocs: readonly PlacedHeredoc[];
  /** Parses the arguments as an instruction of their own, for ONBUILD. */
  readonly parseTrigger: () => Instruction;

  constructor(
    base: InstructionBase,
    args: Region,
    heredocs: readonly PlacedHeredoc[],
    parseTrigger: () => Instruction,
  ) {
    this.name = base.keyword.text.toUpperCase();
    this.base = base;
    this.args = args;
    this.heredocs = heredocs;
    this.parseTrigger = parseTrigger;
  }

  /** The flags; names that are not in `known` are errors. */
  flags(known: Readonly<Record<string, FlagKind>> = {}): FlagReader {
    return new FlagReader(this.args.line.source, this.name, this.base.flags, known);
  }

  fault(message: string, hint?: string, span: SourceSpan = this.base.span): SlipwayError {
    return this.args.line.source.fault(span, message, hint);
  }

  /** The exec form, where the arguments are a JSON array of strings. */
  jsonList(region: Region = this.args): readonly Token[] | undefined {
    return readJsonList(region);
  }

  command(region: Region = this.args): Command {
    const args = readJsonList(region);
    return args === undefined ? { form: "shell", script: region.token() } : { form: "exec", args };
  }

  /** All arguments as one. */
  single(hint: string): Word {
    if (this.args.empty) throw this.fault(`${this.name} requires exactly one argument`, hint);
    return this.args.word();
  }
}

export function asWord(token: Token): Word {
  return { ...token, expandable: true };
}
