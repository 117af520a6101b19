import type { SoftwarePackage } from "../../attest/index.ts";
import { cleanAddress, cleanText } from "./text.ts";

/** Fields of one file that may come often. */
const mostOften = 200;

/**
 * The package of a METADATA or PKG-INFO file (core metadata specification; headers as mail has them, up to the first empty line); none for one
 * without a name.
 */
export function pythonPackage(text: string, path: string): readonly SoftwarePackage[] {
  const fields = headers(text);
  const one = (name: string): string | undefined => cleanText(fields.get(name)?.[0]);
  const name = one("name");
  if (name === undefined) return [];
  return [
    {
      kind: "python",
      name,
      version: one("version") ?? "",
      licenses: licensesOf(fields),
      supplier: one("author") ?? one("author-email") ?? one("maintainer"),
      homepage: cleanAddress(one("home-page")) ?? projectPage(fields.get("project-url") ?? []),
      summary: one("summary"),
      path,
    },
  ];
}

function headers(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line === "") break;
    if (/^[ \t]/.test(line)) {
      const at = (last?.length ?? 0) - 1;
      if (last && at >= 0 && (last[at] as string).length < 4096) last[at] += `\n${line.trim()}`;
      continue;
    }
    const [, name, value] = /^([A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? [];
    last = undefined;
    if (name === undefined || value === undefined) continue;
    const known = fields.get(name.toLowerCase()) ?? [];
    fields.set(name.toLowerCase(), known);
    if (known.length >= mostOften) continue;
    known.push(value);
    last = known;
  }
  return fields;
}

/** The expression of metadata 2.4, or else the short text of `License`, or else the classifiers. */
function licensesOf(fields: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const expression = cleanText(fields.get("license-expression")?.[0]);
  if (expression !== undefined) return [expression];
  const written = fields.get("license")?.[0];
  const text = written?.includes("\n") ? undefined : cleanText(written, 200);
  if (text !== undefined && text.toUpperCase() !== "UNKNOWN") return [text];
  const classified = (fields.get("classifier") ?? []).flatMap((line) => {
    const [, name] = /^License :: (?:OSI Approved :: )?(.+)$/.exec(line) ?? [];
    return cleanText(name, 200) ?? [];
  });
  const named = [...new Set(classified)].filter((name) => name !== "OSI Approved");
  return named.length === 0 ? undefined : named;
}

/** `Homepage, https://example.org`. */
function projectPage(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const [, address] = /^(?:home-?page|home|source|repository)\s*,\s*(\S+)$/i.exec(line) ?? [];
    if (address !== undefined) return cleanAddress(address);
  }
  return undefined;
}
