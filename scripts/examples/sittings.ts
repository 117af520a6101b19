/** A line that somebody types, and what every calculator answers to it. */
export type Answer = readonly [typed: string, said: string];

/** One run of a calculator: all that comes in, and all that must come out. */
export interface Sitting {
  readonly name: string;
  readonly typed: string;
  readonly said: string;
}

const tooLarge = "Error: the result does not fit into 64 bits";
const noNumber = (word: string): string => `Error: "${word}" is not a whole number`;
const noSum = (line: string): string =>
  `Error: expected <int> <op> <int> with spaces between, such as 1 + 2, got "${line}"`;

/** The language of the calculators: text in UTF-8, words with spaces or tabs between, whole numbers of 64 bits. */
export const answers: readonly Answer[] = [
  ["1 + 2", "Result: 3"],
  ["  7   -  9 ", "Result: -2"],
  ["\t6\t*\t7", "Result: 42"],
  ["7 / 2", "Result: 3"],
  ["-7 / 2", "Result: -3"],
  ["7 / -2", "Result: -3"],
  ["5 / -1", "Result: -5"],
  ["+5 + 0", "Result: 5"],
  ["-0 - 0", "Result: 0"],
  ["000000000000000000000000000007 * 6", "Result: 42"],
  ["9223372036854775807 + 0", "Result: 9223372036854775807"],
  ["-9223372036854775808 * 1", "Result: -9223372036854775808"],
  ["9223372036854775807 + 1", tooLarge],
  ["-9223372036854775808 - 1", tooLarge],
  ["4611686018427387904 * 2", tooLarge],
  ["-9223372036854775808 * -1", tooLarge],
  ["-1 * -9223372036854775808", tooLarge],
  ["-9223372036854775808 / -1", tooLarge],
  ["9223372036854775808 - 1", "Error: 9223372036854775808 does not fit into 64 bits"],
  ["1 + -9223372036854775809", "Error: -9223372036854775809 does not fit into 64 bits"],
  ["1 / 0", "Error: division by zero"],
  ["0 / 0", "Error: division by zero"],
  ["two + 2", noNumber("two")],
  ["1 + 2.5", noNumber("2.5")],
  ["1e3 + 1", noNumber("1e3")],
  ["0x1 + 2", noNumber("0x1")],
  ["1_0 + 2", noNumber("1_0")],
  ["+-1 + 2", noNumber("+-1")],
  ["- + 2", noNumber("-")],
  ["٣ + 1", noNumber("٣")],
  ["żółw + 1", noNumber("żółw")],
  ['"1" + 2', noNumber(String.raw`\"1\"`)],
  [String.raw`\n + 2`, noNumber(String.raw`\\n`)],
  ["\u001b[1m + 2", noNumber("?[1m")],
  ["1 % 2", 'Error: unknown operator "%": use + - * or /'],
  ["1 plus 2", 'Error: unknown operator "plus": use + - * or /'],
  ["two % 2", noNumber("two")],
  ["1+2", noSum("1+2")],
  ["1 +", noSum("1 +")],
  ["1 + 2 + 3", noSum("1 + 2 + 3")],
  ["1\u00a0+\u00a02", noSum("1\u00a0+\u00a02")],
  ["1 +\t2\t3", noSum("1 +?2?3")],
  ["1\r+\r2", "Result: 3"],
  ["EXIT", noSum("EXIT")],
  ["exit now", noSum("exit now")],
];

const begin = "Type a sum such as 1 + 2 (operators + - * /), or exit.\n";
const said = answers.map(([, answer]) => `> ${answer}\n`).join("");
const typed = (end: string): string => answers.map(([line]) => line + end).join("");
/** A sum that takes a whole line of so many bytes. */
const long = (bytes: number): string => `1 +${" ".repeat(bytes - 4)}1`;

export const sittings: readonly Sitting[] = [
  { name: "every answer, then exit", typed: `${typed("\n")}exit\n`, said: `${begin}${said}> Goodbye.\n` },
  { name: "lines that end in CRLF", typed: `${typed("\r\n")} exit \r\n`, said: `${begin}${said}> Goodbye.\n` },
  { name: "nothing at all", typed: "", said: `${begin}> \n` },
  {
    name: "the end of input instead of exit",
    typed: "1 / 0\n2 * 3\n",
    said: `${begin}> Error: division by zero\n> Result: 6\n> \n`,
  },
  { name: "a last line without an end", typed: "4 - 1", said: `${begin}> Result: 3\n> \n` },
  {
    name: "empty lines, and nothing after exit",
    typed: "\n \t\r\n1 + 1\nexit\n2 + 2\n",
    said: `${begin}> > > Result: 2\n> Goodbye.\n`,
  },
  {
    name: "lines of 4095 bytes, and longer ones",
    typed: `${long(4095)}\n${long(4096)}\n${"ż".repeat(2048)}\n${"9".repeat(1_000_000)}\n1 + 1\n${long(4096)}`,
    said: `${begin}> Result: 2\n${"> Error: the line is too long\n".repeat(3)}> Result: 2\n> Error: the line is too long\n> \n`,
  },
];
