/** Not by import: see style.ts. */
const { stripVTControlCharacters } = process.getBuiltinModule("node:util");

/** Text from outside made safe for a terminal: no escape sequences, no control characters but the tab as spaces. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "    ")
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}

/** Several lines made safe: line ends stay. */
export function printableLines(text: string): string {
  return text.replaceAll("\r\n", "\n").split("\n").map(lastOverwrite).map(printable).join("\n");
}

/** What a terminal would show of a line that was written over with carriage returns. */
export function lastOverwrite(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const zero = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

/** Columns that a text without escape sequences takes. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += zero.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

/** The text in at most `columns`, its end replaced by an ellipsis when it is longer. */
export function truncate(text: string, columns: number, ellipsis = "…"): string {
  if (width(text) <= columns) return text;
  if (columns <= width(ellipsis)) return ellipsis.slice(0, Math.max(0, columns));
  let result = "";
  let used = 0;
  for (const character of text) {
    const next = width(character);
    if (used + next > columns - width(ellipsis)) break;
    result += character;
    used += next;
  }
  return result + ellipsis;
}

/** The text with spaces behind it up to `columns`. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/** Words in lines of at most `columns`. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
