import { expect, test } from "vitest";
import { formatLocation, parseDockerfile } from "./index.ts";
import { faultOf } from "./testing.ts";

function shown(text: string): string {
  const { location } = faultOf(() => parseDockerfile(text));
  if (location === undefined) throw new Error("no place");
  return formatLocation(location);
}

test("the place is marked, two lines around it are shown", () => {
  expect(shown("FROM a\n\nRUN b\nCOPPY app /app\nRUN c\n\nRUN d\n")).toBe(`Dockerfile:4
--------------------
   2 |
   3 |     RUN b
   4 | >>> COPPY app /app
     |     ^^^^^
   5 |     RUN c
   6 |
--------------------
`);
});

test("tabs stay, so that the marks stand below", () => {
  expect(shown("\tENV a=b\tc")).toContain("   1 | >>> \tENV a=b\tc\n     |     \t       \t^\n");
});

test("a whole line and several lines are marked in front only", () => {
  expect(shown("FROM a \\\n b")).toBe(`Dockerfile:1
--------------------
   1 | >>> FROM a \\
   2 | >>>  b
--------------------
`);
  expect(shown("RUN")).toBe("Dockerfile:1\n--------------------\n   1 | >>> RUN\n--------------------\n");
});

test("an empty file has a place as well", () => {
  expect(shown("")).toBe("Dockerfile:1\n--------------------\n--------------------\n");
});

test("a long place is cut in its middle", () => {
  const text = `RUN []${" \\\n".repeat(40)}`;
  const lines = formatLocation({
    file: "f",
    text,
    span: { start: 0, end: text.length, startLine: 1, endLine: 40 },
  }).split("\n");
  expect(lines).toHaveLength(17);
  expect(lines.filter((line) => line.includes("..."))).toEqual(["     | >>> ..."]);
});

test("what could steer a terminal is not passed on, and long lines are cut", () => {
  const out = shown(`FOO \u001b]0;x\u0007\u202e ${"x".repeat(500)}`);
  expect(out).toContain("FOO ?]0;x?? xxx");
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThan(200);
});
