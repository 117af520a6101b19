import { expect, test } from "vitest";
import { parseDockerfile, stages } from "./index.ts";
import { facts, faultOf, markedText } from "./testing.ts";

const staged = (text: string) => stages(parseDockerfile(text));

test("global ARGs, then stages with their instructions", () => {
  const { globalArgs, stages: list } = staged(
    "ARG a\nARG b=1 c\nFROM x AS Build\nARG a\nRUN y\nFROM build\nCOPY --from=0 p q",
  );
  expect(globalArgs.map(facts)).toEqual(["arg [a]", "arg [b]=[1] [c]"]);
  expect(
    list.map(({ index, name, from, instructions }) => [index, name, facts(from), instructions.map(facts)]),
  ).toEqual([
    [0, "build", "from x as Build", ["arg [a]", "run sh{y}"]],
    [1, undefined, "from build", ["copy p -> q from=0"]],
  ]);
});

test("names may be used again, and are in lower case", () => {
  const { stages: list } = staged("FROM a AS x\nFROM b AS X\nFROM c AS scratch\nFROM d AS Context");
  expect(list.map(({ name }) => name)).toEqual(["x", "x", "scratch", "context"]);
});

test.each([
  ["FROM a AS 1x", 'Invalid name for a build stage: "1x"', "1x"],
  ["FROM a AS a/b", 'Invalid name for a build stage: "a/b"', "a/b"],
  ["FROM a AS $X", 'Invalid name for a build stage: "$X"', "$X"],
  ["ARG a\nRUN b\nFROM c", "RUN stands before the first FROM", "RUN b"],
  ["env a=b\nFROM c", "ENV stands before the first FROM", "env a=b"],
  ["ARG a", "The Dockerfile has no stage to build", "ARG a"],
])("%j: %s", (text, message, marked) => {
  const fault = faultOf(() => staged(text));
  expect([fault.code, fault.message, markedText(fault)]).toEqual(["SLIP_DOCKERFILE", message, marked]);
});
