import { cut, usage } from "./args.ts";

/**
 * One line of comma-separated `key=value` fields, as --output takes it: a field in double quotes may hold commas, a doubled quote is a quote.
 * @param shown the flag, for the message.
 * Throws SLIP_USAGE, also for a key that has two values: one of them would be ignored.
 */
export function csvFields(shown: string, text: string): readonly (readonly [string, string | undefined])[] {
  const fields: string[] = [];
  for (let at = 0; at <= text.length;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(text.slice(at));
    if (quoted) {
      fields.push((quoted[1] ?? "").replaceAll('""', '"'));
      at += quoted[0].length + 1;
      continue;
    }
    const end = text.indexOf(",", at);
    const field = text.slice(at, end < 0 ? undefined : end);
    if (field.includes('"'))
      throw usage(`Invalid value ${text} for ${shown}`, "a quoted field begins and ends with the quote");
    fields.push(field);
    at = end < 0 ? text.length + 1 : end + 1;
  }
  const cuts = fields.map(cut);
  const keys = cuts.filter(([, value]) => value !== undefined).map(([key]) => key.trim().toLowerCase());
  const twice = keys.find((key, at) => keys.indexOf(key) < at);
  if (twice !== undefined) throw usage(`"${twice}" is given twice in ${shown} ${text}`, "leave one of them");
  return cuts;
}
