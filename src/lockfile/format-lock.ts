import type { LockEntry, LockFile } from "./contract.ts";
import { entryKey } from "./entry.ts";

const head =
  "# Written by `slipway lock`: what the names in the Dockerfile stand for. `slipway build --locked` builds with just this.";

/** The text of a lock file (TOML 1.0): the same for the same entries, one member a line. */
export function formatLock({ entries }: LockFile): string {
  const order = ["image", "file", "git"];
  const sorted = entries.toSorted(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || compare(entryKey(a), entryKey(b)),
  );
  return [head, "version = 1", ...sorted.flatMap((entry) => ["", ...linesOf(entry)]), ""].join("\n");
}

function linesOf({ kind, used, ...members }: LockEntry): readonly string[] {
  const lines = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = ${quoted(value)}`],
  );
  const by = [...new Set(used)].sort(compare);
  const [only, ...others] = by;
  const last =
    others.length === 0
      ? [`used = [${only === undefined ? "" : quoted(only)}]`]
      : ["used = [", ...by.map((text) => `  ${quoted(text)},`), "]"];
  return [`[[${kind}]]`, ...lines, ...last];
}

/** A basic string of TOML, whose escapes are JSON's; but DEL, which TOML wants escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
