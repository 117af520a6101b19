/** Reads one sum a line, `<int> <op> <int>`, and prints its result. */

const longestLine = 4096;
const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/** What is wrong with a sum. */
export class SumError extends Error {}

/** Answers line by line until `exit` or the end of input. */
export async function repl(input: AsyncIterable<string>, write: (text: string) => void): Promise<void> {
  write("Type a sum such as 1 + 2 (operators + - * /), or exit.\n> ");
  for await (const line of linesOf(input)) {
    const text = line === undefined ? undefined : trimmed(line);
    if (text === "exit") {
      write("Goodbye.\n");
      return;
    }
    write(`${answer(text)}> `);
  }
  write("\n");
}

/** Computes one sum. */
export function evaluate(text: string): bigint {
  const words = trimmed(text).split(/[ \t\r\v\f]+/);
  const [left, operator, right] = words;
  if (words.length !== 3 || left === undefined || operator === undefined || right === undefined) {
    throw new SumError(`expected <int> <op> <int> with spaces between, such as 1 + 2, got ${quoted(text)}`);
  }
  return fitting(apply(numberOf(left), operator, numberOf(right)), "the result");
}

/** The lines of a text that comes in pieces; one that is too long is undefined, and takes no more memory than one that is not. */
async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<string | undefined> {
  let line: string | undefined = "";
  let begun = false;
  for await (const piece of input) {
    const [rest, ...following]: readonly string[] = piece.split("\n");
    line = joined(line, rest ?? "");
    for (const next of following) {
      yield line;
      line = joined("", next);
    }
    begun = line !== "";
  }
  if (begun) yield line;
}

function joined(begin: string | undefined, end: string): string | undefined {
  return begin === undefined || Buffer.byteLength(begin + end) >= longestLine ? undefined : begin + end;
}

function answer(text: string | undefined): string {
  if (text === undefined) return "Error: the line is too long\n";
  if (text === "") return "";
  try {
    return `Result: ${evaluate(text)}\n`;
  } catch (error) {
    if (error instanceof SumError) return `Error: ${error.message}\n`;
    throw error;
  }
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\r\v\f]+|[ \t\r\v\f]+$/g, "");
}

/** Shows what was typed; a terminal must not obey it. */
function quoted(text: string): string {
  const shown = Array.from(text, (letter) => (letter < " " || letter === "\u007f" ? "?" : letter)).join("");
  return `"${shown.replace(/[\\"]/g, "\\$&")}"`;
}

function numberOf(word: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(word)) throw new SumError(`${quoted(word)} is not a whole number`);
  return fitting(BigInt(word.replace("+", "")), word);
}

function apply(a: bigint, operator: string, b: bigint): bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      if (b === 0n) throw new SumError("division by zero");
      return a / b;
    default:
      throw new SumError(`unknown operator ${quoted(operator)}: use + - * or /`);
  }
}

function fitting(value: bigint, name: string): bigint {
  if (value < least || value > most) throw new SumError(`${name} does not fit into 64 bits`);
  return value;
}
