import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { evaluate, repl } from "./calculator.js";

void describe("evaluate", () => {
  for (const [text, want] of [
    ["1 + 2", 3n],
    ["  7   -  9 ", -2n],
    ["-6 * 7", -42n],
    ["7 / 2", 3n],
    ["-7 / 2", -3n],
    ["+5 + 0", 5n],
    ["9223372036854775806 + 1", 9223372036854775807n],
    ["-9223372036854775808 * 1", -9223372036854775808n],
  ] as const) {
    void test(`${text} is ${want}`, () => assert.equal(evaluate(text), want));
  }
  for (const [text, want] of [
    ["1 / 0", /^division by zero$/],
    ["9223372036854775807 + 1", /^the result does not fit/],
    ["-9223372036854775808 - 1", /^the result does not fit/],
    ["-9223372036854775808 * -1", /^the result does not fit/],
    ["-9223372036854775808 / -1", /^the result does not fit/],
    ["9223372036854775808 + 1", /^9223372036854775808 does not fit/],
    ["one + 2", /^"one" is not a whole number$/],
    ["\u001b[1m + 2", /^"\?\[1m" is not a whole number$/],
    ["1 + 2.5", /^"2.5" is not a whole number$/],
    ["0x1 + 2", /^"0x1" is not a whole number$/],
    ["1 % 2", /^unknown operator "%"/],
    ["1+2", /^expected <int> <op> <int>/],
    ["1 + 2 + 3", /^expected <int> <op> <int>/],
  ] as const) {
    void test(`${text} is an error`, () => assert.throws(() => evaluate(text), { message: want }));
  }
});

void describe("repl", () => {
  for (const { name, typed, wanted, absent } of [
    { name: "a sum", typed: ["1 + 2\nexit\n"], wanted: ["Result: 3", "Goodbye."], absent: "Error" },
    { name: "goes on", typed: ["1 / 0\n2 * 3\n"], wanted: ["Error: division by zero", "Result: 6"], absent: "Goodbye" },
    { name: "nothing after exit", typed: ["exit\n1 + 2\n"], wanted: ["Goodbye."], absent: "Result" },
    { name: "no input", typed: [], wanted: ["> \n"], absent: "Error" },
    { name: "no end of line", typed: ["4 - 1"], wanted: ["Result: 3"], absent: "Error" },
    { name: "empty lines and CRLF", typed: ["\n\r\n8 / 2\r\n"], wanted: ["Result: 4"], absent: "Error" },
    {
      name: "a sum in pieces",
      typed: ["1", "2 +", " 30\n5 - 1\n"],
      wanted: ["Result: 42", "Result: 4\n"],
      absent: "Error",
    },
    {
      name: "a long line",
      typed: ["9".repeat(1 << 20), "9\n1 + 1\n"],
      wanted: ["too long", "Result: 2"],
      absent: "Good",
    },
  ]) {
    void test(name, async () => {
      let output = "";
      await repl(pieces(typed), (text) => {
        output += text;
      });
      for (const want of wanted) assert.ok(output.includes(want), `${output} lacks ${want}`);
      assert.ok(!output.includes(absent), `${output} has ${absent}`);
    });
  }
});

async function* pieces(typed: readonly string[]): AsyncGenerator<string> {
  for (const piece of typed) yield piece;
}
