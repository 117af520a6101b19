import type { HealthConfig } from "../../oci/index.ts";

/** The words that BuildKit writes into an image's history, which are those of Go's formatting. */

/** `["sh" "-c"]`, each word quoted. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map(goQuoted).join(" ")}]`;
}

/** A health check with every member, durations as Go says them: `{Test:[CMD true] Interval:1m30s Timeout:0s ...}`. */
export function healthText(health: HealthConfig): string {
  const { Test = [], Interval, Timeout, StartPeriod, StartInterval, Retries = 0 } = health;
  const times = Object.entries({ Interval, Timeout, StartPeriod, StartInterval });
  const shown = times.map(([name, value]) => `${name}:${goDuration(value ?? 0)}`);
  return `{Test:[${Test.join(" ")}] ${shown.join(" ")} Retries:${Retries}}`;
}

const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Go's %q: what cannot be printed is escaped, other letters stay. */
function goQuoted(text: string): string {
  const shown = Array.from(text, (char) => escapes[char] ?? (isPrinted(char) ? char : goEscape(char)));
  return `"${shown.join("")}"`;
}

function isPrinted(char: string): boolean {
  return char === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function goEscape(char: string): string {
  const point = char.codePointAt(0) ?? 0;
  const hex = point.toString(16);
  if (point < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return point < 0x1_0000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** Nanoseconds as Go's time.Duration prints them: `1h0m5.5s`, `250ms`, `0s`. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const whole = BigInt(Math.abs(nanoseconds));
  if (whole < 1000n) return `${sign}${whole}ns`;
  if (whole < 1_000_000n) return `${sign}${decimal(whole, 1000n)}\u00b5s`;
  if (whole < 1_000_000_000n) return `${sign}${decimal(whole, 1_000_000n)}ms`;
  const hours = whole / 3_600_000_000_000n;
  const minutes = (whole / 60_000_000_000n) % 60n;
  const seconds = `${decimal(whole % 60_000_000_000n, 1_000_000_000n)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const rest = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, "0")
    .replace(/0+$/, "");
  return rest === "" ? `${value / unit}` : `${value / unit}.${rest}`;
}
