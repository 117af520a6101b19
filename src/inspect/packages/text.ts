/** Of a name, a version, an address. */
const longest = 1024;

/** A text of a package as documents may have it: well-formed Unicode on one line, bounded; undefined for an empty one and for what is no text. */
export function cleanText(value: unknown, limit = longest): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value
    .slice(0, limit * 2)
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim()
    .slice(0, limit)
    .toWellFormed();
  return text === "" ? undefined : text;
}

/** An address that a browser opens; what is no address is left out. */
export function cleanAddress(value: unknown): string | undefined {
  const text = cleanText(value);
  return text !== undefined && /^https?:\/\/[^\s"<>\\^`{|}]+$/.test(text) && URL.canParse(text) ? text : undefined;
}

/** Blocks between empty lines; the first field of a name counts, lines that go on are passed over. */
export function stanzas(text: string, line: RegExp): readonly ReadonlyMap<string, string>[] {
  const found: Map<string, string>[] = [];
  let fields = new Map<string, string>();
  for (const row of text.split("\n")) {
    if (/^[ \t\r]*$/.test(row)) {
      if (fields.size > 0) found.push(fields);
      fields = new Map();
      continue;
    }
    const match = line.exec(row);
    if (match?.[1] !== undefined && !fields.has(match[1])) fields.set(match[1], (match[2] ?? "").trim());
  }
  if (fields.size > 0) found.push(fields);
  return found;
}
