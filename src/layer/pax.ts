import { invalidArchive } from "./invalid.ts";

/** Records of an extended header as byte strings. */
export type PaxRecords = ReadonlyMap<string, string>;

/** Reads the body of an extended header: `LENGTH KEY=VALUE\n`, one after the other (POSIX pax, "pax Extended Header"). */
export function parsePax(body: Buffer): PaxRecords {
  const records = new Map<string, string>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(32, at);
    const digits = space < 0 || space - at > 10 ? "" : body.toString("latin1", at, space);
    const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = body.indexOf(61, space + 1);
    if (length < 5 || end > body.length || body[end - 1] !== 10 || equals < 0 || equals >= end) {
      throw invalidArchive("a PAX record is malformed");
    }
    const key = body.toString("latin1", space + 1, equals);
    // an empty value takes a record back
    if (equals + 1 === end - 1) records.delete(key);
    else records.set(key, body.toString("latin1", equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Seconds with a fraction, as nanoseconds; digits beyond them are cut off. */
export function parsePaxTime(text: string): bigint {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text);
  if (!match) throw invalidArchive(`its PAX time "${text.slice(0, 40)}" is malformed`);
  const fraction = (match[3] ?? "").slice(0, 9).padEnd(9, "0");
  const ns = BigInt(match[2]!) * 1_000_000_000n + BigInt(fraction);
  return match[1] === "-" ? -ns : ns;
}
