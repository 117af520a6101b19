import type { Case, Difference } from "../conformance/case.ts";
import type { Outcome } from "../conformance/outcome.ts";

export interface Found {
  readonly in: Difference;
  /** What the case says of slipway, and what docker gave. */
  readonly slipway: string;
  readonly docker: string;
}

/** Where docker's outcome is another than what the case expects of slipway. */
export function compare(given: Case, expected: Pick<Outcome, "tree" | "config">, docker: Outcome): readonly Found[] {
  const { fails, warns = [] } = given;
  if ((fails === undefined) !== (docker.failure === undefined)) {
    const slipway = fails === undefined ? "builds" : `fails: ${fails.code} ${fails.says ?? ""}`;
    return [
      { in: "outcome", slipway, docker: docker.failure === undefined ? "builds" : `fails: ${docker.failure.text}` },
    ];
  }
  const pairs: readonly (readonly [Difference, string, string])[] =
    fails === undefined
      ? [
          ["tree", expected.tree, docker.tree],
          ["config", expected.config, docker.config],
          ["warnings", rulesOf(warns), rulesOf(docker.warnings)],
        ]
      : linesOf(fails.line, docker.failure?.line);
  return pairs.flatMap(([kind, slipway, theirs]) =>
    slipway === theirs ? [] : [{ in: kind, slipway, docker: theirs }],
  );
}

/** Lines of the two messages, where both have one: docker's often has none. */
function linesOf(
  slipway: number | undefined,
  docker: number | undefined,
): readonly (readonly [Difference, string, string])[] {
  return slipway === undefined || docker === undefined ? [] : [["line", String(slipway), String(docker)]];
}

/** The rules alone, each once, sorted: wording, number and order are each builder's own, and so are warnings of no rule. */
function rulesOf(warnings: readonly string[]): string {
  const rules = warnings.flatMap((text) => /^([A-Z][A-Za-z]+)(?=$|:)/.exec(text)?.[1] ?? []);
  return [...new Set(rules)].sort().join("\n");
}

/** The unexplained of what was found, and explanations of what is not so. */
export function judge(given: Case, found: readonly Found[]): readonly string[] {
  const explained: readonly Difference[] =
    typeof given.docker === "object" && "in" in given.docker ? given.docker.in : [];
  return [
    ...found
      .filter((one) => !explained.includes(one.in))
      .map((one) => `${one.in}\n  slipway: ${indent(one.slipway)}\n  docker:  ${indent(one.docker)}`),
    ...explained
      // Messages are told apart by people.
      .filter((kind) => kind !== "message" && !found.some((one) => one.in === kind))
      .map((kind) => `${kind}: the case says that docker's is another, but it is the same`),
  ];
}

function indent(text: string): string {
  return text.trimEnd().replaceAll("\n", "\n           ");
}
