import { describe, expect, test } from "vitest";
import type { CheckFacts } from "./contract.ts";
import { checkRules } from "./rules.ts";
import { check, told } from "./testing.ts";

/** A file, what is found in it as `line: marked text`, and what is known beside the file. */
type Case = readonly [text: string, found: readonly string[], facts?: Partial<CheckFacts>];

const cases: Readonly<Record<string, readonly Case[]>> = {
  StageNameCasing: [
    ["FROM scratch AS Build", ["1: Build"]],
    ["FROM scratch AS build_1", []],
    ["FROM scratch AS ONE\nFROM scratch AS Two", ["1: ONE", "2: Two"]],
  ],
  FromAsCasing: [
    ["FROM scratch as a", ["1: FROM scratch as a"]],
    ["from scratch AS a", ["1: from scratch AS a"]],
    ["FROM scratch As a", ["1: FROM scratch As a"]],
    ["FROM --platform=$BUILDPLATFORM scratch AS as", []],
    ["from scratch as a", []],
    ["From scratch as a", []],
    ["FROM scratch", []],
  ],
  ConsistentInstructionCasing: [
    ["FROM scratch\ncopy a /\nCOPY b /", ["2: copy"]],
    ["from scratch\nCOPY a /\ncopy b /", ["2: COPY"]],
    ["From scratch\nCOPY a /", ["1: From"]],
    ["from scratch\nCOPY a /", ["1: from"]],
    ["arg a\nFROM scratch\nCOPY a /", []],
    ["from scratch\ncopy a /", []],
  ],
  DuplicateStageName: [
    ["FROM scratch AS a\nFROM scratch AS A", ["2: A"]],
    ["FROM scratch AS a\nFROM scratch AS b\nFROM scratch", []],
  ],
  ReservedStageName: [
    ["FROM scratch AS scratch\nFROM scratch AS Context", ["1: scratch", "2: Context"]],
    ["FROM scratch AS contexts", []],
  ],
  NoEmptyContinuation: [
    ["FROM scratch\nCOPY a \\\n\n  b \\\n\n  /\nCOPY a \\\n  /", ["3: "]],
    ["FROM scratch\nLABEL a=b \\\n\n", ["3: "]],
    ["FROM scratch\nCOPY a \\\n# why\n  /\n\n\nCOPY b /", []],
  ],
  MaintainerDeprecated: [
    ["FROM scratch\nMAINTAINER me", ["2: MAINTAINER me"]],
    ["FROM scratch\nLABEL org.opencontainers.image.authors=me", []],
    ["FROM scratch AS unused\nMAINTAINER me\nFROM scratch", ["2: MAINTAINER me"], { target: "1" }],
  ],
  LegacyKeyValueFormat: [
    ["FROM scratch\nENV a b\nLABEL c d=e", ["2: ENV a b", "3: LABEL c d=e"]],
    ['FROM scratch\nENV a=b c="d e" f=\nLABEL g=\\\nh', []],
  ],
  JSONArgsRecommended: [
    ["FROM scratch\nCMD a b\nENTRYPOINT c", ["2: CMD a b", "3: ENTRYPOINT c"]],
    ['FROM scratch\nCMD ["a"]\nENTRYPOINT []\nHEALTHCHECK CMD a', []],
    ['FROM scratch AS a\nSHELL ["/sh"]\nFROM a\nCMD b', []],
    ["FROM shelled\nCMD b", []],
    ["FROM unknown\nCMD b", ["2: CMD b"]],
  ],
  MultipleInstructionsDisallowed: [
    [
      'FROM scratch\nCMD ["a"]\nENTRYPOINT ["a"]\nHEALTHCHECK NONE\nCMD ["b"]\nENTRYPOINT ["b"]\nHEALTHCHECK CMD ["b"]',
      ['2: CMD ["a"]', '3: ENTRYPOINT ["a"]', "4: HEALTHCHECK NONE"],
    ],
    ['FROM scratch\nCMD ["a"]\nCMD ["b"]\nCMD ["c"]', ['2: CMD ["a"]', '3: CMD ["b"]']],
    ['FROM scratch AS a\nCMD ["a"]\nFROM a\nCMD ["b"]', []],
    ["FROM scratch\nUSER 1\nUSER 2\nWORKDIR /a\nWORKDIR /b", []],
  ],
  UndefinedArgInFrom: [
    ["FROM debian:$tag", ["1: debian:$tag"]],
    ["FROM --platform=$BULIDPLATFORM debian", ["1: $BULIDPLATFORM"]],
    ["FROM debian AS a\nARG b\nFROM debian:${b:-c}", ["3: debian:${b:-c}"]],
    ["ARG tag\nFROM --platform=$BUILDPLATFORM debian:${tag:-x}", []],
    ["ARG a=debian\nARG b=$a\nFROM $b", []],
  ],
  InvalidDefaultArgInFrom: [
    ["ARG tag\nFROM debian:$tag", ["2: debian:$tag"], { buildArgs: { tag: "13" } }],
    ["ARG image\nFROM $image", ["2: $image"], { buildArgs: { image: "debian" } }],
    ["ARG a=UPPER\nFROM $a", ["2: $a"]],
    ["ARG tag=12\nFROM debian:$tag", []],
    ['ARG variant=""\nFROM debian:12$variant', []],
    ["ARG variant\nFROM registry.example:5000/a_b/c--d:12${variant}@sha256:" + "a".repeat(64), []],
    ["FROM debian AS Build\nARG x=Build\nFROM Build", []],
    ["FROM debian-$TARGETARCH", []],
  ],
  RedundantTargetPlatform: [
    ["FROM --platform=$TARGETPLATFORM debian", ["1: $TARGETPLATFORM"]],
    ["FROM --platform=${TARGETPLATFORM} debian", ["1: ${TARGETPLATFORM}"]],
    ["FROM --platform=$BUILDPLATFORM debian", []],
    ["FROM --platform=$TARGETPLATFORM/v2 debian", []],
  ],
  FromPlatformFlagConstDisallowed: [
    ["FROM --platform=linux/amd64 debian", ["1: linux/amd64"]],
    ["FROM --platform=arm64 debian AS tool", ["1: arm64"]],
    ["FROM --platform=linux/amd64 debian AS tool-amd64", []],
    ["FROM --platform=x86_64 debian AS linux", []],
    ["ARG p=linux/amd64\nFROM --platform=$p debian", []],
  ],
  InvalidBaseImagePlatform: [
    ["FROM arm", ["1: arm"]],
    ["FROM --platform=linux/arm64 debian AS arm64", ["1: debian"]],
    ["FROM --platform=linux/arm64 arm AS arm64", []],
    ["FROM debian", []],
    ["FROM unknown", []],
    [
      "FROM scratch\nCOPY --from=arm a /\nRUN --mount=from=arm,target=/m x",
      ["2: COPY --from=arm a /", "3: RUN --mount=from=arm,target=/m x"],
    ],
    ["FROM debian AS arm\nFROM scratch\nCOPY --from=arm a /\nCOPY --from=debian a /", []],
    ["FROM scratch AS unused\nCOPY --from=arm a /\nFROM scratch", [], { target: "1" }],
  ],
  UndefinedVar: [
    ["FROM debian\nCOPY $foo .\nARG foo=bar", ["2: $foo"]],
    ["FROM debian\nENV PATH=$PAHT:/x", ["2: $PAHT:/x"]],
    ["FROM debian\nWORKDIR /${a:-b}\nLABEL l=$b n=$b", ["2: /${a:-b}", "3: $b"]],
    ["FROM debian\nUSER $u\nVOLUME $v\nSTOPSIGNAL $s", ["2: $u", "3: $v", "4: $s"]],
    ["FROM debian\nADD --chown=$c --chmod=$m a b", ["2: $c", "2: $m"]],
    ["FROM debian\nCOPY <<E /x\n$h '$i'\nE", ["3: $h '$i'", "3: $h '$i'"]],
    ["FROM debian\nRUN --mount=target=/x,source=$s x", ["2: --mount=target=/x,source=$s"]],
    ["FROM debian\nARG a=$b c=$a", ["2: $b"]],
    ["FROM debian\nARG a=$b", [], { buildArgs: { a: "1" } }],
    ["FROM debian AS base\nARG foo=a\nENV bar=b\nFROM base\nCOPY $foo $bar", []],
    ["ARG g=1\nFROM debian\nARG g\nARG unset\nCOPY $g $unset$LANG$PATH /", []],
    ["FROM debian\nCOPY <<'E' /x\n$h\nE\nRUN echo $anything\nCMD echo $anything\nEXPOSE $p", []],
    ["FROM debian\nENV a=1 b=$a", ["2: $a"]],
    ["FROM unknown\nCOPY $JAVA_HOME /", []],
    ["FROM trigger", ["1: FROM trigger"]],
    ["FROM debian AS a\nONBUILD COPY $x /\nFROM a", ["3: FROM a"]],
    ["FROM debian AS unused\nCOPY $x /\nFROM scratch", [], { target: "1" }],
    ["FROM debian AS used\nCOPY $x /\nFROM scratch AS t\nCOPY --from=Used a /", ["2: $x"], { target: "T" }],
    ["FROM debian AS used\nCOPY $x /\nFROM debian\nRUN --mount=from=0,target=/a x", ["2: $x"], { target: "1" }],
    ["FROM debian AS dep\nCOPY $x /\nFROM dep", [], { namedContexts: new Set(["dep"]) }],
  ],
  WorkdirRelativePath: [
    ["FROM scratch\nWORKDIR app", ["2: WORKDIR app"]],
    ["FROM scratch\nENV d=/a\nWORKDIR $d\nWORKDIR b", []],
    ["FROM scratch AS a\nWORKDIR /app\nFROM a\nWORKDIR b", []],
    ["FROM scratch\nWORKDIR a\nWORKDIR b", ["2: WORKDIR a"]],
  ],
  SecretsUsedInArgOrEnv: [
    [
      "FROM scratch\nARG GITHUB_TOKEN\nENV SUPER_Secret=1 password=2",
      ["2: GITHUB_TOKEN", "3: SUPER_Secret", "3: password"],
    ],
    ["FROM scratch\nENV git_key= apikey=1\nARG auth=1", ["2: git_key", "2: apikey", "3: auth"]],
    ["FROM scratch\nENV PUBLIC_KEY=1 PASSWORD_FILE=2 AUTH_MODULE_VERSION=3 MONKEY=4 tokens=5\nARG public_token", []],
    ["ARG TOKEN\nFROM scratch", []],
  ],
  CopyIgnoredFile: [
    ["FROM scratch\nCOPY a /\nADD ./b/c /", ["2: a", "3: ./b/c"], { ignore: ["a", "b"] }],
    ["FROM scratch\nCOPY . /", ["2: ."], { ignore: ["*"] }],
    ["FROM scratch\nCOPY ./ /x\nCOPY / /y", [], { ignore: [".*", "a"] }],
    ["FROM scratch\nCOPY a /", [], { ignore: ["**", "!a"] }],
    ["FROM scratch\nCOPY b /", [], { ignore: ["# b", "", "a"] }],
    ["FROM scratch\nCOPY a /", [], { ignore: ["[", "a"] }],
    ["FROM scratch AS x\nFROM scratch\nCOPY --from=x a /\nADD https://a.example/a /", [], { ignore: ["*"] }],
    ["FROM scratch\nCOPY <<a /\na\n", [], { ignore: ["*"] }],
  ],
  InvalidDefinitionDescription: [
    [
      "# check=experimental=all\n# bar\nARG foo\n# BasE it is\nFROM scratch AS base\n# no\nARG a b",
      ["3: ARG foo", "5: FROM scratch AS base", "7: ARG a b"],
    ],
    [
      "# check=experimental=InvalidDefinitionDescription\n# foo is it\nARG foo\n# text\n\nFROM scratch AS base\n#\nARG a\n# no name\nFROM scratch\n# b is it\nARG a b\n# copy\nCOPY a /",
      [],
    ],
    ["# text\nARG foo\nFROM scratch", []],
  ],
  ExposeProtoCasing: [
    ["FROM scratch\nEXPOSE 80/TcP 81/udp 82", ["2: EXPOSE 80/TcP 81/udp 82"]],
    ["FROM scratch\nARG p=80/TCP\nEXPOSE $p", ["3: EXPOSE $p"]],
    ["FROM scratch\nEXPOSE 80/tcp 8000-8010", []],
  ],
  ExposeInvalidFormat: [
    [
      "FROM scratch\nEXPOSE 127.0.0.1:80:80 5000:5000",
      ["2: EXPOSE 127.0.0.1:80:80 5000:5000", "2: EXPOSE 127.0.0.1:80:80 5000:5000"],
    ],
    ["FROM scratch\nEXPOSE [::1]:80:80", ["2: EXPOSE [::1]:80:80"]],
    ["FROM scratch\nEXPOSE 80 8000-8010/udp :90", []],
  ],
};

describe.each(checkRules)("$name", ({ name, detail }) => {
  const own = (cases[name] ?? []).map(([text, expected, facts]) => ({ text, expected, facts }));

  test("has a case that it finds and one that it does not", () => {
    expect(own.some(({ expected }) => expected.length > 0)).toBe(true);
    expect(own.some(({ expected }) => expected.length === 0)).toBe(true);
  });

  test.each(own)("$text", ({ text, expected, facts }) => {
    const found = check(text, facts).filter(({ rule }) => rule === name);
    expect(told(found)).toEqual(expected.map((one) => `${name} ${one}`));
    for (const finding of found) {
      expect(finding.detail).toBe(detail);
      expect(finding.message).not.toMatch(/\.$|\n|undefined|https?:/);
    }
  });
});

test("a name that is nearly there is guessed", () => {
  expect(check("FROM debian\nARG DIR_ASSETS=a\nCOPY $DIR_ASSET .")[0]?.message).toContain("did you mean $DIR_ASSETS?");
  expect(check("FROM debian\nENV PATH=$PAHT")[0]?.message).toContain("did you mean $PATH?");
  expect(check("FROM --platform=$BULIDPLATFORM debian")[0]?.message).toContain("did you mean BUILDPLATFORM?");
});

describe("what is wanted", () => {
  const bad = "FROM scratch as a\ncopy a /\nMAINTAINER me\n";
  const rules = (text: string, facts?: Partial<CheckFacts>) => check(text, facts).map(({ rule }) => rule);

  test("findings come in the order of the lines", () => {
    expect(rules(bad)).toEqual(["FromAsCasing", "ConsistentInstructionCasing", "MaintainerDeprecated"]);
  });

  test.each([
    ["# check=skip=FromAsCasing,MaintainerDeprecated\n", {}, ["ConsistentInstructionCasing"]],
    ["# check=skip=all\n", {}, []],
    [
      "# check=skip=all\n",
      { BUILDKIT_DOCKERFILE_CHECK: "skip=FromAsCasing" },
      ["ConsistentInstructionCasing", "MaintainerDeprecated"],
    ],
    ["", { BUILDKIT_DOCKERFILE_CHECK: "skip=all" }, []],
  ])("%s %j", (head, buildArgs, expected) => {
    expect(rules(head + bad, { buildArgs })).toEqual(expected);
  });

  test("a comment above an instruction silences its own findings", () => {
    const key = "ENV password=1\n";
    expect(rules(`FROM scratch\n# check=skip=SecretsUsedInArgOrEnv // it is none\n${key}${key}`)).toEqual([
      "SecretsUsedInArgOrEnv",
    ]);
    expect(rules(`FROM scratch\n# check=skip=all\n${key}`)).toEqual([]);
    expect(rules("\n# check=skip=RedundantTargetPlatform\nFROM --platform=$TARGETPLATFORM scratch")).toEqual([]);
  });
});

test("a good file has no findings", () => {
  const good = `# syntax=docker/dockerfile:1
ARG suite=bookworm
FROM debian:\${suite} AS build
ARG VERSION=1
WORKDIR /src
COPY . .
RUN make VERSION=$VERSION
FROM scratch AS app
ENV VERSION=1
COPY --from=build /src/app /app
EXPOSE 8080/tcp
USER 1000:1000
ENTRYPOINT ["/app"]
CMD ["--help"]
`;
  expect(check(good)).toEqual([]);
});
