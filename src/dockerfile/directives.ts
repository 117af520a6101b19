import type { Directive } from "./ast.ts";
import type { SourceText } from "./source-text.ts";

export interface Directives {
  readonly escape: "\\" | "`";
  readonly list: readonly Directive[];
  /** Offset behind the last directive's line. */
  readonly end: number;
}

const pattern = /^[\t\v\f\r ]*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.*\S)\s*$/s;
const known = new Set(["syntax", "escape", "check"]);

/**
 * Reads the parser directives from the top of a file (section "Parser directives"). The first line that is none ends them;
 * only a `#!` line may stand before `syntax` and `check`, as docker build has it.
 * @throws SLIP_DOCKERFILE for a directive that is given twice and for an unknown escape character.
 */
export function readDirectives(source: SourceText, start: number): Directives {
  const { text } = source;
  const list: Directive[] = [];
  let escape: "\\" | "`" = "\\";
  let end = start;
  let shebang = false;
  for (let at = start; at < text.length;) {
    const feed = text.indexOf("\n", at);
    const next = feed === -1 ? text.length : feed + 1;
    const line = text.slice(at, feed === -1 ? text.length : feed);
    if (at === start && line.startsWith("#!")) shebang = true;
    else {
      const match = line.length > 4096 ? null : pattern.exec(line);
      const name = match?.[1]?.toLowerCase() ?? "";
      if (match === null || !isKnown(name) || (shebang && name === "escape")) break;
      const value = match[2] ?? "";
      const valueStart = at + line.lastIndexOf(value);
      const span = source.span(at + line.indexOf("#"), valueStart + value.length);
      if (list.some((directive) => directive.name === name)) {
        throw source.fault(span, `The parser directive "${name}" is given twice`, "keep one of them");
      }
      if (name === "escape") {
        if (value !== "\\" && value !== "`") {
          throw source.fault(span, `The escape character cannot be ${JSON.stringify(value)}`, "use \\ or `");
        }
        escape = value;
      }
      list.push({ name, value: { text: value, span: source.span(valueStart, valueStart + value.length) }, span });
      end = next;
    }
    at = next;
  }
  return { escape, list, end };
}

function isKnown(name: string): name is Directive["name"] {
  return known.has(name);
}
