import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSlipwayError } from "../base/index.ts";
import {
  type Dockerfile,
  expandWord,
  formatLocation,
  mountOption,
  parseDockerfile,
  parseIgnore,
  printDockerfile,
  stages,
} from "./index.ts";
import { meaning } from "./testing.ts";

/** Pieces that files are made of, and pieces that break them. */
const piece = fc.constantFrom(
  ..."FROM a|RUN |CMD|COPY |ADD |ENV |LABEL |ARG |ONBUILD |HEALTHCHECK |SHELL |VOLUME |EXPOSE |WORKDIR |USER |STOPSIGNAL ".split(
    "|",
  ),
  ..."\n|\n\n|\\\n|`\n|\\|`| |\t|\f|\r\n|\r|\u00a0|\uFEFF|#|# c\n|# escape=`\n|# syntax=a\n|--from=b |--mount=target=/x |--link |-- ".split(
    "|",
  ),
  ...`<<EOF|<<-EOF|<<"EOF"|<< |EOF\n|3<<EOF|'|"|[|]|["a", "b"]|["a"|=|a=b |$|\${|}|:-|AS |a |b |/x |\u{1f600}|\ud800|NONE|--interval=5s `.split(
    "|",
  ),
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 30 }).map((parts) => parts.join("")),
  fc.array(piece, { maxLength: 30 }).map((parts) => `FROM a\n${parts.join("")}`),
  fc.string({ unit: "binary", maxLength: 60 }),
);

function parsed(source: string): Dockerfile | undefined {
  try {
    return parseDockerfile(source);
  } catch (error) {
    if (!isSlipwayError(error) || error.code !== "SLIP_DOCKERFILE" || error.location === undefined) throw error;
    // Every error can be shown.
    formatLocation(error.location);
    return undefined;
  }
}

test("any text is parsed, or refused with its place", () => {
  let accepted = 0;
  fc.assert(
    fc.property(text, (source) => {
      if (parsed(source) !== undefined) accepted++;
    }),
    { numRuns: 3000 },
  );
  // The pieces must make files that are accepted too, or nothing is tested here.
  expect(accepted).toBeGreaterThan(100);
});

test("a printed file parses to the same tree", () => {
  fc.assert(
    fc.property(text, (source) => {
      const dockerfile = parsed(source);
      fc.pre(dockerfile !== undefined);
      expect(meaning(parseDockerfile(printDockerfile(dockerfile)))).toEqual(meaning(dockerfile));
    }),
    { numRuns: 1500 },
  );
});

test("every place lies within the file, and an instruction's begins with its keyword", () => {
  fc.assert(
    fc.property(text, (source) => {
      const dockerfile = parsed(source);
      fc.pre(dockerfile !== undefined);
      let before = 0;
      for (const { span, keyword } of dockerfile.instructions) {
        expect(span.start).toBeGreaterThanOrEqual(before);
        expect(span.start).toBe(keyword.span.start);
        expect(span.end).toBeLessThanOrEqual(source.length);
        before = span.end;
      }
    }),
    { numRuns: 1000 },
  );
});

test("stages, mounts, words and ignore files throw nothing but SlipwayErrors", () => {
  const guarded = (call: () => unknown): void => {
    try {
      call();
    } catch (error) {
      if (!isSlipwayError(error)) throw error;
    }
  };
  const word = fc.string({
    unit: fc.constantFrom("$", "{", "}", ":", "-", "+", "?", "#", "%", "/", "'", '"', "\\", "a", "*", " "),
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, word, (source, one) => {
      const dockerfile = parsed(source);
      if (dockerfile !== undefined) guarded(() => stages(dockerfile));
      for (const instruction of dockerfile?.instructions ?? []) {
        if (instruction.kind === "run")
          for (const mount of instruction.mounts) guarded(() => mountOption(mount, (value) => value));
      }
      guarded(() => expandWord(one, (name) => (name === "a" ? "aa" : undefined)));
      guarded(() => parseIgnore(source).ignored(one));
    }),
    { numRuns: 3000 },
  );
});

/** Inputs of a given length that make a careless parser slow. */
const heavy: Readonly<Record<string, (length: number) => string>> = {
  "one long line": (length) => `FROM a\nRUN ${"x".repeat(length)}`,
  continuations: (length) => `FROM a\nRUN x ${"\\\n y".repeat(length / 4)}`,
  "continuations without end": (length) => `FROM a\nRUN ${"\\\n".repeat(length / 2)}`,
  "comments in continuations": (length) => `FROM a\nRUN x \\\n${"# c\n".repeat(length / 4)}y`,
  "empty lines in continuations": (length) => `FROM a\nRUN x \\\n${"\n".repeat(length)}y`,
  "a heredoc without end": (length) => `FROM a\nRUN <<EOF\n${"EO\n".repeat(length / 3)}`,
  "many heredocs": (length) => `FROM a\nRUN cat ${"<<E ".repeat(length / 8)}\n${"E\n".repeat(length / 8)}`,
  "signs of heredocs": (length) => `FROM a\nRUN ${"<< ".repeat(length / 3)}`,
  "digits before heredocs": (length) => `FROM a\nRUN ${"1".repeat(length)}<<E`,
  "open quotes": (length) => `FROM a\nENV a=${"'\"".repeat(length / 2)}`,
  quotes: (length) => `FROM a\nENV a=${"'x' b=".repeat(length / 6)}`,
  escapes: (length) => `FROM a\nENV a=${"\\\\".repeat(length / 2)}b`,
  flags: (length) => `FROM a\nCOPY ${"--exclude=b ".repeat(length / 12)} a b`,
  blanks: (length) => `FROM a\nCOPY a ${" ".repeat(length)}b${"\t".repeat(length)}`,
  "exec form": (length) => `FROM a\nCMD [${'"a",'.repeat(length / 4)}"b"]`,
  brackets: (length) => `FROM a\nCMD ${"[".repeat(length)}`,
  directives: (length) => `# escape${" ".repeat(length)}x\nFROM a`,
  "many instructions": (length) => `FROM a\n${"RUN x\n".repeat(length / 6)}`,
};

/** Milliseconds of the processor: those of the clock say more about what else the machine does. */
function busy(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Words whose variable has a value that makes a careless matcher slow. */
const heavyWords = ["${A//*b/}", "${A//a*b/}", "${A//a*a*b/-}", "${A/?*b/}", "${A##*a*b}", "${A%%b*a*}", "${A//a/$A}"];

test.each(heavyWords)("%s takes no time of its value's square", (word) => {
  const A = "a".repeat(word.includes("$A}") ? 500 : 2 ** 16);
  // The square would be minutes.
  expect(busy(() => expandWord(word, () => A))).toBeLessThan(3000);
});

test("every match is replaced as by taking the longest one again and again", () => {
  const piece = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 5 });
  const value = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(
    fc.property(piece, value, (pattern, text) => {
      // An empty match is between the letters, where regular expressions and shells do not agree.
      fc.pre(/[^*]/.test(pattern));
      const regexp = new RegExp(pattern.replaceAll("?", ".").replaceAll(/\*+/g, ".*"), "gs");
      expect(expandWord(`\${A//${pattern}/-}`, () => text)).toBe(text.replace(regexp, "-"));
    }),
  );
});

describe("time grows with the length, not with its square", () => {
  test.each(Object.keys(heavy))("%s", (name) => {
    const time = (length: number): number => {
      const source = heavy[name]?.(length) ?? "";
      return busy(() => parsed(source));
    };
    const short = Math.min(...Array.from({ length: 5 }, () => time(2 ** 13)));
    // 128 times the length: a square would be 16,384 times the time. The room between is for a busy machine.
    expect(time(2 ** 20) / Math.max(1, short)).toBeLessThan(128 * 20);
  });
});
