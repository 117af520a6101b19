/**
 * The fields of one line of comma-separated values (RFC 4180), as `--mount` and `--device` take them: a field in double quotes
 * may hold commas, and `""` in it is one quote. Undefined where a quote is misplaced or not closed.
 */
export function csvFields(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    if (text[at] !== '"') {
      const comma = text.indexOf(",", at);
      const end = comma === -1 ? text.length : comma;
      const field = text.slice(at, end);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at = end;
      continue;
    }
    let field = "";
    for (;;) {
      const quote = text.indexOf('"', at + 1);
      if (quote === -1) return undefined;
      field += text.slice(at + 1, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      field += '"';
    }
    if (at < text.length && text[at] !== ",") return undefined;
    fields.push(field);
  }
  return fields;
}
