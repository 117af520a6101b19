import { didYouMean, SlipwayError } from "../base/index.ts";

/** One flag of a command. */
export interface OptionSpec {
  /** flag: on or off; string: the last one counts; list: each one counts. */
  readonly type: "flag" | "string" | "list";
  readonly short?: string | undefined;
  /** Other long names. */
  readonly aliases?: readonly string[] | undefined;
  /** Name of the value in the help. */
  readonly value?: string | undefined;
  readonly choices?: readonly string[] | undefined;
  /** What the flag means where the next word is no value of it; docker wants a value then. */
  readonly bare?: { readonly value: string; readonly values: RegExp } | undefined;
  /** Accepted beside the choices and not told of. */
  readonly hiddenChoices?: readonly string[] | undefined;
  /** One line for --help; a flag without it is accepted and not listed. */
  readonly help?: string | undefined;
}

/** Flags by long name. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<K extends OptionSpec["type"]> = K extends "flag"
  ? boolean
  : K extends "list"
    ? readonly string[]
    : string | undefined;

/** What was given: flags default to false, lists to empty. */
export type Values<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]["type"]> };

export interface ParsedArgs<T extends OptionTable> {
  readonly values: Values<T>;
  readonly positionals: readonly string[];
  /** What follows `--`, where that is kept apart; undefined without a `--`. */
  readonly behindDashes?: readonly string[] | undefined;
}

export interface ParseOptions {
  /** Flags end at the first positional; the rest is passed on untouched (`run IMAGE ARG...`). */
  readonly stopAtPositional?: boolean | undefined;
  /** What follows `--` is no positional, but another command line (`shell STEP -- CMD`). */
  readonly dashesApart?: boolean | undefined;
  /** Long names (and single letters) of flags that docker has and slipway does not, with what to do instead. */
  readonly refused?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a command line as docker does: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-f=value`, `-it`, `--switch=false`,
 * `--` ends the flags. Throws SLIP_USAGE, or SLIP_UNSUPPORTED for a refused flag.
 */
export function parseArgs<T extends OptionTable>(
  table: T,
  argv: readonly string[],
  options: ParseOptions = {},
): ParsedArgs<T> {
  const longs = new Map<string, string>();
  const shorts = new Map<string, string>();
  const values: Record<string, boolean | string | string[] | undefined> = {};
  for (const [name, spec] of Object.entries(table)) {
    for (const long of [name, ...(spec.aliases ?? [])]) longs.set(long, name);
    if (spec.short !== undefined) shorts.set(spec.short, name);
    values[name] = spec.type === "flag" ? false : spec.type === "list" ? [] : undefined;
  }

  const positionals: string[] = [];
  let behindDashes: readonly string[] | undefined;
  const waiting = [...argv];
  const set = (name: string, shown: string, given: string | undefined): void => {
    const spec = table[name] as OptionSpec;
    if (spec.type === "flag") {
      values[name] = given === undefined ? true : switchValue(shown, given);
      return;
    }
    const isBare = given === undefined && spec.bare?.values.test(waiting[0] ?? "") === false;
    const value = given ?? (isBare ? spec.bare?.value : waiting.shift());
    if (value === undefined) throw usage(`Flag ${shown} needs a value`, `write ${shown} ${spec.value ?? "VALUE"}`);
    if (spec.choices && ![...spec.choices, ...(spec.hiddenChoices ?? [])].includes(value)) {
      throw usage(`Invalid value "${value}" for ${shown}`, `one of: ${spec.choices.join(", ")}`);
    }
    if (spec.type === "list") (values[name] as string[]).push(value);
    else values[name] = value;
  };
  const unknown = (shown: string, name: string): SlipwayError => {
    const instead = options.refused?.[name];
    if (instead !== undefined) {
      return new SlipwayError({ code: "SLIP_UNSUPPORTED", message: `Flag ${shown} is not supported`, hint: instead });
    }
    const known = [...longs.keys()].map((long) => `--${long}`);
    return usage(`Unknown flag ${shown}`, name.length > 1 ? didYouMean(shown, known) : undefined);
  };

  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === "--") {
      if (options.dashesApart) behindDashes = waiting.splice(0);
      else positionals.push(...waiting.splice(0));
    } else if (arg.startsWith("--")) {
      const [long, given] = cut(arg.slice(2));
      const name = longs.get(long);
      if (name === undefined) throw unknown(`--${long}`, long);
      set(name, `--${long}`, given);
    } else if (arg.startsWith("-") && arg.length > 1) {
      for (let rest = arg.slice(1); rest !== "";) {
        const letter = rest.slice(0, 1);
        const name = shorts.get(letter);
        if (name === undefined) throw unknown(`-${letter}`, letter);
        rest = rest.slice(1);
        const takesRest = rest.startsWith("=") || (table[name] as OptionSpec).type !== "flag";
        const given = rest === "" || !takesRest ? undefined : rest.replace(/^=/, "");
        set(name, `-${letter}`, given);
        if (takesRest) rest = "";
      }
    } else {
      positionals.push(arg);
      if (options.stopAtPositional) positionals.push(...waiting.splice(0));
    }
  }
  return { values: values as Values<T>, positionals, ...(behindDashes && { behindDashes }) };
}

/** A command line that cannot be understood. */
export function usage(message: string, hint?: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_USAGE", message, hint });
}

/** A positive whole number of a flag. */
export function wholeNumber(shown: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    throw usage(`Invalid value "${text}" for ${shown}`, "a whole number from 1");
  }
  return number;
}

/** `KEY=VALUE` cut at the first "="; the value is undefined without one. */
export function cut(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function switchValue(shown: string, text: string): boolean {
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw usage(`Invalid value "${text}" for ${shown}`, `true or false, or ${shown} alone`);
}
