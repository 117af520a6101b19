/** What the tests of the checks share. */
import { checkOptions } from "../check-options.ts";
import { parseDockerfile } from "../parse-dockerfile.ts";
import { checkDockerfile } from "./check-dockerfile.ts";
import type { BaseFacts, CheckFacts, Finding } from "./contract.ts";

const images: Readonly<Record<string, BaseFacts>> = {
  debian: { env: ["PATH=/bin", "LANG=C"], shell: false, onbuild: [], platform: "linux/amd64" },
  shelled: { env: [], shell: true, onbuild: [] },
  trigger: { env: ["PATH=/bin"], shell: false, onbuild: ["COPY $src /x", "not an instruction"] },
  arm: { env: [], shell: false, onbuild: [], platform: "linux/arm64/v8" },
};

/** What is known beside the file, unless a case says something else. */
export const plainFacts: CheckFacts = {
  buildArgs: {},
  platformArgs: new Map([
    ["BUILDPLATFORM", "linux/amd64"],
    ["TARGETPLATFORM", "linux/amd64"],
    ["TARGETARCH", "amd64"],
  ]),
  ignore: [],
  target: undefined,
  namedContexts: new Set(),
  base: (image) => images[image],
};

export function check(text: string, facts: Partial<CheckFacts> = {}): readonly Finding[] {
  const all = { ...plainFacts, ...facts };
  const dockerfile = parseDockerfile(text);
  return checkDockerfile(dockerfile, checkOptions(dockerfile, all.buildArgs), all);
}

/** `Rule line: marked text`, of each finding. */
export function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, location: { text, span } }) => {
    const marked = text.slice(span.start, span.end).trim();
    return `${rule} ${span.startLine}: ${marked}`;
  });
}
