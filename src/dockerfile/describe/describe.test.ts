import { expect, test } from "vitest";
import { parseDockerfile } from "../parse-dockerfile.ts";
import { listTargets } from "./targets.ts";
import { outlineTarget } from "./outline.ts";

const platformArgs = new Map([["TARGETARCH", "amd64"]]);
const outline = (text: string, target?: string, buildArgs: Readonly<Record<string, string>> = {}) =>
  outlineTarget(parseDockerfile(text), { buildArgs, platformArgs, target });

test("the targets of a file with what the comments above them say", () => {
  const text = `# build makes the program
FROM debian AS Build
FROM --platform=$BUILDPLATFORM busybox:$tag
# other words
# app is what ships

FROM build \\
  AS app
`;
  expect(listTargets(parseDockerfile(text))).toEqual([
    {
      name: "build",
      default: false,
      description: "makes the program",
      base: "debian",
      platform: undefined,
      lines: [2, 2],
    },
    {
      name: undefined,
      default: false,
      description: undefined,
      base: "busybox:$tag",
      platform: "$BUILDPLATFORM",
      lines: [3, 3],
    },
    { name: "app", default: true, description: "is what ships", base: "build", platform: undefined, lines: [7, 8] },
  ]);
});

const file = `ARG inner=box
ARG unused=x
# sfx is a suffix
ARG sfx="usy\${inner}"
FROM b\${sfx} AS first
# this is no description
ARG FOO=123
# BAR is a number
ARG BAR=456
RUN --mount=type=secret,target=/etc/passwd,required=true --mount=type=ssh true
FROM alpine AS second
ARG BAZ
RUN --mount=type=secret,id=other true
FROM scratch AS third
ARG ABC=a
ARG BAR
RUN --mount=type=secret,id=one\${BAR} true
# target is what is asked for
FROM third AS target
ARG password TARGETARCH
COPY --from=first /x /
RUN --mount=type=ssh,id=key,required true
FROM second
`;

test("the outline of a target has what it and the stages that it needs take", () => {
  const { name, description, args, secrets, ssh } = outline(file, "Target", { BAR: "678" });
  expect([name, description]).toEqual(["target", "is what is asked for"]);
  expect(args.map((arg) => [arg.name, arg.value, arg.description, arg.lines[0]])).toEqual([
    ["inner", "box", undefined, 1],
    ["sfx", "usybox", "is a suffix", 4],
    ["FOO", "123", undefined, 7],
    ["ABC", "a", undefined, 15],
    ["BAR", "678", undefined, 16],
    ["password", undefined, undefined, 20],
  ]);
  expect(secrets).toEqual([
    { name: "passwd", required: true, lines: [10, 10] },
    { name: "one678", required: false, lines: [17, 17] },
  ]);
  expect(ssh).toEqual([
    { name: "default", required: false, lines: [10, 10] },
    { name: "key", required: true, lines: [22, 22] },
  ]);
});

test("without a target it is that of the last stage", () => {
  const { name, args, secrets } = outline(file);
  expect([name, args.map((arg) => arg.name), secrets.map((secret) => secret.name)]).toEqual([
    undefined,
    ["BAZ"],
    ["other"],
  ]);
});

test("an argument that is declared again over itself needs what the earlier one needed", () => {
  const { args } = outline("ARG A=1\nARG B=$A\nARG B=$B$B\nARG C=3\nFROM debian:$B");
  expect(args.map(({ name, value, lines }) => [name, value, lines[0]])).toEqual([
    ["A", "1", 1],
    ["B", "11", 3],
  ]);
});
