/** Nanoseconds a unit, as Go's time.ParseDuration has them. */
const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a Go duration: `0`, `1m30s`, `1.5h`, `-5ms`; undefined where it is none or too long for 64 bits. */
export function parseGoDuration(text: string): number | undefined {
  const signed = /^([+-]?)(.+)$/s.exec(text);
  const body = signed?.[2] ?? "";
  if (body === "0") return 0;
  const part = /(\d*)(\.\d*)?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
  let total = 0;
  for (let at = 0; at < body.length; at = part.lastIndex) {
    part.lastIndex = at;
    const match = part.exec(body);
    if (match === null || !/\d/.test(`${match[1]}${match[2] ?? ""}`)) return undefined;
    total += Number(`${match[1] || "0"}${match[2] === "." ? "" : (match[2] ?? "")}`) * (units[match[3] ?? ""] ?? 0);
  }
  if (body === "" || total >= 2 ** 63) return undefined;
  return Math.round(signed?.[1] === "-" ? -total : total) || 0;
}
