import { didYouMean, SlipwayError, toSlipwayError } from "../base/index.ts";
import { parseArgs, type ParsedArgs, usage } from "./args.ts";
import type { Command } from "./command.ts";
import { globals } from "./globals.ts";
import type { CommandIo, Io } from "./io.ts";
import type { Library } from "./library.ts";
import { printError } from "./print-error.ts";
import { type Entry, findCommand, registry } from "./registry.ts";
import { makeStyle, wantsColour } from "./style.ts";

/** What the process around a command must know of it. */
export interface CliHooks {
  /** The command passes signals on: the first interrupt must not cancel it. */
  readonly onPassesSignals?: (() => void) | undefined;
}

/**
 * The whole command line: finds the command, reads its flags, runs it, prints its error.
 * @param argv what follows the program's name.
 * @returns the exit code.
 */
export async function runCli(argv: readonly string[], io: Io, hooks: CliHooks = {}): Promise<number> {
  let debug = (io.env["SLIPWAY_DEBUG"] ?? "") !== "";
  let failureCode: number | undefined;
  try {
    const table = { ...globals, version: { type: "flag", short: "v" } } as const;
    const before = parseArgs(table, argv, { stopAtPositional: true });
    debug ||= before.values.debug;
    const style = makeStyle(wantsColour(io.stdout, io.env));
    if (before.values.version) {
      const { version } = await import("./commands/version.ts");
      return await finish(
        version,
        { values: { format: undefined }, positionals: [] },
        { ...io, store: undefined, debug, style },
      );
    }
    const [first] = before.positionals;
    if (first === undefined) {
      const { helpColumns, programHelp } = await import("./help-text.ts");
      (before.values.help ? io.stdout : io.stderr).write(programHelp(style, helpColumns(io.stdout)));
      return before.values.help ? 0 : 2;
    }
    const found = findCommand(before.positionals);
    if (!found) {
      const [, second] = before.positionals;
      const help = before.values.help || second === "--help" || second === "-h" || second === "help";
      const group = help || second === undefined ? groupOf(first) : [];
      if (group.length === 0) throw await unknownCommand(before.positionals);
      const { groupHelp, helpColumns } = await import("./help-text.ts");
      (help ? io.stdout : io.stderr).write(groupHelp(first, group, style, helpColumns(io.stdout)));
      return help ? 0 : 2;
    }
    const command = await found.entry.load();
    failureCode = command.failureCode;
    const rest = before.positionals.slice(found.used);
    if (before.values.help) return await showHelp(command, found.entry, io);
    const args = readArgs(command, found.entry, rest);
    debug ||= args.values["debug"] === true;
    if (args.values["help"] === true) return await showHelp(command, found.entry, io);
    checkCount(command, args.positionals);
    if (command.passesSignals) hooks.onPassesSignals?.();
    const store = args.values["store"] ?? before.values.store;
    return await finish(command, args, { ...io, store: typeof store === "string" ? store : undefined, debug, style });
  } catch (error) {
    const known = toSlipwayError(error);
    await printError(known, { stderr: io.stderr, env: io.env, debug });
    return exitCodeOf(known, failureCode);
  }
}

/** @param failureCode the command's own code for whatever fails in it. */
function exitCodeOf(error: SlipwayError, failureCode: number | undefined): number {
  return error.code === "SLIP_CANCELLED" ? error.exitCode : (failureCode ?? error.exitCode);
}

async function finish(command: Command, args: ParsedArgs<Command["options"]>, io: CommandIo): Promise<number> {
  try {
    return (await command.run(args, { ...io, library: () => checkedLibrary(io) })) ?? 0;
  } catch (error) {
    const known = toSlipwayError(error);
    await printError(known, io);
    return exitCodeOf(known, command.failureCode);
  }
}

/** A mistake in the configuration is told by every command that does anything, also by those that need nothing of it. */
async function checkedLibrary(io: CommandIo): Promise<Library> {
  const library = await io.library();
  library.checkConfig(io.env);
  return library;
}

/** A command's flags and the global ones; its own letters win (`run -h` is the host name). */
function readArgs(command: Command, entry: Entry, rest: readonly string[]): ParsedArgs<Command["options"]> {
  const taken = new Set(Object.values(command.options).map((spec) => spec.short));
  const help = taken.has("h") ? { ...globals.help, short: undefined } : globals.help;
  try {
    return parseArgs({ ...globals, help, ...command.options }, rest, command);
  } catch (error) {
    throw withHelp(toSlipwayError(error), entry.name);
  }
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const [least, most] = command.positionals;
  const count = positionals.length;
  if (count >= least && count <= most) return;
  const wanted = count < least ? least : most;
  const words = wanted === 0 ? "no arguments" : wanted === 1 ? "1 argument" : `${wanted} arguments`;
  const bound = least === most ? "" : count < least ? "at least " : "at most ";
  const error = usage(
    `"slipway ${command.name}" requires ${bound}${words}, got ${count}`,
    [count < least ? command.missing : undefined, `usage: slipway ${command.name} ${command.usage}`]
      .filter((line) => line !== undefined)
      .join("\n"),
  );
  throw withHelp(error, command.name);
}

function withHelp(error: SlipwayError, name: string): SlipwayError {
  if (error.code !== "SLIP_USAGE") return error;
  const more = `see slipway ${name} --help`;
  return new SlipwayError({ ...error.toJSON(), hint: error.hint === undefined ? more : `${error.hint}\n${more}` });
}

/** The commands of two words that begin with one: `cache ls` and `cache rm` of `cache`. */
function groupOf(first: string): readonly Entry[] {
  return registry.filter(({ name }) => name.startsWith(`${first} `));
}

async function unknownCommand(words: readonly string[]): Promise<SlipwayError> {
  const [first = "", second] = words;
  const names = registry.flatMap((entry) => [entry.name].concat(entry.aliases));
  const pairs = names.filter((name) => name.startsWith(`${first} `));
  if (pairs.length > 0) {
    const given = second === undefined ? first : `${first} ${second}`;
    return usage(`Unknown command "${given}"`, `there is: ${pairs.map((name) => `slipway ${name}`).join(", ")}`);
  }
  const { refusedCommands } = await import("./commands/refused.ts");
  const instead = Object.hasOwn(refusedCommands, first) ? refusedCommands[first] : undefined;
  if (instead !== undefined) {
    return new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Command "${first}" is not supported`,
      hint: instead,
    });
  }
  return usage(
    `Unknown command "${first}"`,
    [
      didYouMean(
        first,
        names.filter((name) => !name.includes(" ")),
      ),
      "see slipway --help",
    ]
      .filter(Boolean)
      .join("\n"),
  );
}

async function showHelp(command: Command, entry: Entry, io: Io): Promise<number> {
  const { commandHelp, helpColumns } = await import("./help-text.ts");
  const style = makeStyle(wantsColour(io.stdout, io.env));
  io.stdout.write(commandHelp(command, entry, style, helpColumns(io.stdout)));
  return 0;
}
