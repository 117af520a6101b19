import type { Out } from "./io.ts";

type Paint = (text: string) => string;

/** Colours, or the text as it is. */
export interface Style {
  readonly enabled: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

/** Not by import: that would load everything the module can do, 4 ms of each start. */
const { styleText } = process.getBuiltinModule("node:util");
type Format = Parameters<typeof styleText>[0];

export function makeStyle(enabled: boolean): Style {
  const paint =
    (format: Format): Paint =>
    (text) =>
      enabled && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    enabled,
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    blue: paint("blue"),
    magenta: paint("magenta"),
    cyan: paint("cyan"),
  };
}

/** NO_COLOR and TERM=dumb forbid colours, FORCE_COLOR and CLICOLOR_FORCE demand them, otherwise a terminal gets them. */
export function wantsColour(out: Out, env: Readonly<Record<string, string | undefined>>): boolean {
  const set = (name: string): boolean => env[name] !== undefined && env[name] !== "";
  if (set("NO_COLOR")) return false;
  if (["FORCE_COLOR", "CLICOLOR_FORCE"].some((name) => set(name) && env[name] !== "0")) return true;
  return out.isTTY === true && env["TERM"] !== "dumb";
}
