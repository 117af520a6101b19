import type { OptionTable, ParsedArgs } from "./args.ts";
import type { CommandIo } from "./io.ts";

/** One command of the program; a file each in commands/. */
export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** What follows the name: `[OPTIONS] PATH`. */
  readonly usage: string;
  readonly summary: string;
  /** More for --help. */
  readonly description?: string | undefined;
  readonly examples?: readonly string[] | undefined;
  readonly options: T;
  /** Flags that docker has here and slipway does not, with what to do instead. */
  readonly refused?: Readonly<Record<string, string>> | undefined;
  /** Fewest and most positionals. */
  readonly positionals: readonly [least: number, most: number];
  /** The remedy when one is missing. */
  readonly missing?: string | undefined;
  /** Flags end at the first positional. */
  readonly stopAtPositional?: boolean | undefined;
  /** What follows `--` is another command line. */
  readonly dashesApart?: boolean | undefined;
  /** The command passes signals on and is not cancelled by them. */
  readonly passesSignals?: boolean | undefined;
  /** Exit code when the command itself fails, where the usual codes could be taken for those of the program that it runs. */
  readonly failureCode?: number | undefined;
  /** @returns the exit code; 0 without one. */
  run(args: ParsedArgs<T>, io: CommandIo): Promise<number | void>;
}

/** Types a command's run by its own options. */
export function command<const T extends OptionTable>(definition: Command<T>): Command<T> {
  return definition;
}
