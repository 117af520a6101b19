import { describe, expect, test } from "vitest";
import { checkOptions, instructionOptions, isChecked } from "./check-options.ts";
import { parseDockerfile } from "./index.ts";
import { faultOf, markedText } from "./testing.ts";

const optionsOf = (check: string) => checkOptions(parseDockerfile(`# check=${check}\nFROM a`));

describe("the check directive", () => {
  test.each([
    ["skip=A, B;error=true", { A: false, B: false, C: true }, true],
    ["skip=all", { A: false, C: false }, false],
    ["error=1", { A: true }, true],
    ["error=False; skip=A", { A: false, C: true }, false],
    ["skip=A;", { A: false }, false],
  ])("%s", (check, checked, error) => {
    const options = optionsOf(check);
    for (const [rule, expected] of Object.entries(checked)) expect(isChecked(rule, false, options)).toBe(expected);
    expect(options.error).toBe(error);
  });

  test("experimental rules are silent unless they are asked for, and then skip does not reach them", () => {
    expect(isChecked("E", true, optionsOf("error=true"))).toBe(false);
    expect(isChecked("E", true, optionsOf("experimental=E"))).toBe(true);
    expect(isChecked("E", true, optionsOf("skip=all;experimental=all"))).toBe(true);
  });

  test.each(["skipp=A", "skip", "error=maybe", "A,B"])("%s is refused with its place", (check) => {
    const fault = faultOf(() => optionsOf(`error=true;${check}`));
    expect(fault.message).toBe(`The check directive cannot have ${JSON.stringify(check)}`);
    expect(markedText(fault)).toBe(`# check=error=true;${check}`);
  });
});

test("BUILDKIT_DOCKERFILE_CHECK takes the place of the directive, even when it is empty", () => {
  const file = parseDockerfile("# check=skip=all;error=true\nFROM a");
  const given = (check: string) => checkOptions(file, { BUILDKIT_DOCKERFILE_CHECK: check });
  expect(given("skip=A")).toEqual({ skip: new Set(["A"]), experimental: new Set(), error: false });
  expect(given("")).toEqual({ skip: new Set(), experimental: new Set(), error: false });
  expect(faultOf(() => given("x")).message).toBe('The build argument BUILDKIT_DOCKERFILE_CHECK cannot have "x"');
});

test.each([
  ["# check=skip=A\nRUN x", false],
  ["# check=skip=A // because\nRUN x", false],
  ["# why\n# check=skip=A\n# more\nRUN x", false],
  ["# check=skip=A\n#\nRUN x", true],
  ["# check=skip\nRUN x", true],
  ["# check=skip=B\nRUN x", true],
  ["RUN y\n# check=skip=A\nRUN z\nRUN x", true],
  ["RUN x \\\n# check=skip=A\n  y", true],
])("a comment above an instruction is for that one: %j", (text, expected) => {
  const file = parseDockerfile(`FROM a\n${text}`);
  const last = file.instructions.at(-1);
  if (last === undefined) throw new Error("no instruction");
  expect(isChecked("A", false, instructionOptions(last, checkOptions(file)))).toBe(expected);
});
