import type { Token } from "./ast.ts";
import type { Region } from "./logical-line.ts";

/**
 * Reads the exec form: a JSON array of strings (section "Exec form"). Gives undefined where the text is no JSON array; then it is
 * in shell form.
 * @throws SLIP_DOCKERFILE for a JSON array that holds anything but strings.
 */
export function readJsonList(region: Region): readonly Token[] | undefined {
  const { line, start, end } = region;
  if (line.text[start] !== "[" || line.text[end - 1] !== "]") return undefined;
  let values: unknown;
  try {
    values = JSON.parse(region.text);
  } catch (error) {
    // Nesting that exhausts the stack is a RangeError; it is no list of strings either way.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string")) {
    throw line.source.fault(
      region.span,
      "A JSON array of arguments may hold strings only",
      "put every argument in double quotes",
    );
  }
  const tokens: Token[] = [];
  let at = start;
  for (const value of values) {
    at = line.text.indexOf('"', at);
    let close = at + 1;
    while (line.text[close] !== '"') close += line.text[close] === "\\" ? 2 : 1;
    tokens.push(line.token(at, close + 1, value.toWellFormed()));
    at = close + 1;
  }
  return tokens;
}
