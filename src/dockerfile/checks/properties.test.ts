import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isSlipwayError } from "../../base/index.ts";
import type { Dockerfile } from "../ast.ts";
import { formatLocation } from "../format-location.ts";
import { parseDockerfile } from "../parse-dockerfile.ts";
import { checkDockerfile } from "./check-dockerfile.ts";
import { plainFacts } from "./testing.ts";

const line = fc.constantFrom(
  ...'FROM debian|FROM a AS a|from A as B|FROM b AS scratch|FROM --platform=$X a|FROM --platform=linux/ a|FROM 0|FROM $g|FROM trigger|ARG g|ARG g=$g x=${y:?}|ARG token=1|ENV a=1|ENV a $b|ENV $a="${b"|ENV PATH=$PATH|LABEL a=\'|WORKDIR x|WORKDIR $a|COPY . /|COPY $a b c|COPY --from=a x y|COPY --from=9 x y|COPY --from=$b x y|COPY --chown=$ a b|ADD https://x /|ADD a /|RUN x|RUN --mount=type=cache,target=$t,from=b x|RUN --mount=type=secret,id=k x|COPY <<E /x\n$a ${\nE|CMD x|cmd ["x"]|ENTRYPOINT x|HEALTHCHECK NONE|HEALTHCHECK CMD x|EXPOSE 1:2:3/TCP $p|EXPOSE $|MAINTAINER x|SHELL ["x"]|USER $u|VOLUME /v|STOPSIGNAL $s|ONBUILD COPY $z /|ONBUILD RUN --mount=from=a,target=/b x|# c|#|# check=skip=all|# check=skip|# check=experimental=all\n|\\|RUN x \\\n\n y'.split(
    "|",
  ),
);
const text = fc.oneof(
  fc.array(line, { maxLength: 25 }).map((lines) => lines.join("\n")),
  fc.array(line, { maxLength: 25 }).map((lines) => `FROM debian AS a\n${lines.join("\n")}`),
  fc.string({ unit: "binary", maxLength: 60 }).map((tail) => `FROM a\nENV b=${tail}`),
);

function parsed(source: string): Dockerfile | undefined {
  try {
    return parseDockerfile(source);
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return undefined;
  }
}

const everything = { skip: new Set<string>(), experimental: new Set(["all"]), error: false };

test("the checks never throw for a file that parses, and mark places within it, in order", () => {
  const met = new Set<string>();
  fc.assert(
    fc.property(text, fc.constantFrom(undefined, "a", "0", "nothing"), (source, target) => {
      const dockerfile = parsed(source);
      fc.pre(dockerfile !== undefined);
      const facts = { ...plainFacts, target, ignore: ["a", "*.md"], buildArgs: { x: "$x" } };
      let before = 0;
      for (const { rule, location, message } of checkDockerfile(dockerfile, everything, facts)) {
        met.add(rule);
        const { start, end, startLine } = location.span;
        expect(startLine).toBeGreaterThanOrEqual(before);
        before = startLine;
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(source.length);
        expect(message).not.toBe("");
        formatLocation(location);
      }
    }),
    { numRuns: 2000 },
  );
  // Most rules must have had something to find, or nothing is tested here.
  expect(met.size).toBeGreaterThan(15);
});

test("a file of ordinary size is checked in less than 2 ms", () => {
  const stage = (name: string): string =>
    `FROM debian AS ${name}\nARG VERSION=1\nENV A=1 B="\${A} $VERSION" PATH=/x:$PATH\nWORKDIR /src\nCOPY --chown=1:1 a b c /src/\n${"RUN --mount=type=cache,target=/c make $VERSION\nLABEL a=$A\n".repeat(8)}EXPOSE 80\nCMD ["x"]\n`;
  const dockerfile = parseDockerfile(`ARG X=1\n${["a", "b", "c"].map(stage).join("")}`);
  const facts = { ...plainFacts, ignore: [".git", "node_modules", "*.log"] };
  const time = (): number => {
    const start = performance.now();
    checkDockerfile(dockerfile, everything, facts);
    return performance.now() - start;
  };
  expect(dockerfile.instructions.length).toBeGreaterThan(65);
  expect(Math.min(...Array.from({ length: 20 }, time))).toBeLessThan(2);
});
