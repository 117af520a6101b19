/** The fields of one stanza, by lower-case name. */
export type Stanza = ReadonlyMap<string, string>;

/**
 * Reads stanzas of a control file (deb-control(5), policy 5.1). A folded field keeps its line ends; each following line loses its
 * first space. Comment lines are left out. The first of two fields with one name counts.
 */
export function parseStanzas(text: string): readonly Stanza[] {
  const stanzas: Stanza[] = [];
  let fields = new Map<string, string>();
  let last: string | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      if (fields.size > 0) stanzas.push(fields);
      fields = new Map();
      last = undefined;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (last !== undefined) fields.set(last, `${fields.get(last) ?? ""}\n${line.slice(1)}`);
    } else {
      const colon = line.indexOf(":");
      last = colon > 0 ? line.slice(0, colon).toLowerCase() : undefined;
      if (last !== undefined && fields.has(last)) last = undefined;
      if (last !== undefined) fields.set(last, line.slice(colon + 1).trim());
    }
  }
  if (fields.size > 0) stanzas.push(fields);
  return stanzas;
}
