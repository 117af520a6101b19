import type { Case } from "./case.ts";
import type { Chapter, Part } from "./reference.ts";

const head = `# Conformance

What the [Dockerfile reference](https://docs.docker.com/reference/dockerfile/) has (frontend 1.26), and what slipway makes of it. Each behaviour is a
case: a folder in \`test/cases/\` with a Dockerfile, a context, options, and the file tree, configuration or error that must come of it.
\`npm test\` builds every case; \`npm run differential\` builds each with \`docker build\` too, where docker of Debian testing can be had, and compares file
trees (path, type, mode, owner, content, links, extended attributes), configurations, warnings and the lines of errors.

This page is made from the cases: \`npm run conformance\` writes it, a test holds it to them.
`;

/** docs/conformance.md. */
export function conformancePage(cases: readonly Case[], reference: readonly Chapter[]): string {
  return [head, partsTable(cases, reference), notBuilt(cases), differing(cases), unable(cases), everyCase(cases)].join(
    "\n",
  );
}

/** The cases of a part. */
export function casesOf({ cases: names, rule }: Part, cases: readonly Case[]): readonly Case[] {
  const patterns = names.map(
    (text) => new RegExp(`^${text.replace(/[.+?^$(){}|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`),
  );
  const tells = ({ warns = [] }: Case): boolean => rule !== undefined && warns.some((text) => text.startsWith(rule));
  return cases.filter((one) => patterns.some((pattern) => pattern.test(one.name)) || tells(one));
}

function partsTable(cases: readonly Case[], reference: readonly Chapter[]): string {
  const rows = reference.flatMap(({ title, parts }) =>
    parts.map((part) => {
      const found = casesOf(part, cases);
      return [title, part.what, stateOf(found), String(found.length), topics(found)];
    }),
  );
  return `## The reference, part by part

\`same\`: as docker in every case that it can build. \`differs\`: in some, told below. \`not built\`: an error says so, nothing is ignored.

${table(["chapter", "part", "state", "cases", "where"], rows)}`;
}

function stateOf(cases: readonly Case[]): string {
  const refused = cases.filter(isNotBuilt).length;
  if (refused === cases.length) return "not built";
  const uncompared = cases.filter(isUnable).length;
  const built = uncompared === cases.length ? "not compared" : cases.some(differences) ? "differs in some" : "same";
  return [built, ...(refused > 0 ? ["some not built"] : [])].join(", ");
}

function topics(cases: readonly Case[]): string {
  return [...Map.groupBy(cases, ({ topic }) => topic).keys()].map((topic) => `\`${topic}\``).join(", ");
}

function notBuilt(cases: readonly Case[]): string {
  const rows = cases.filter(isNotBuilt).map(({ name, about }) => [about, `\`${name}\``]);
  return `## Not built\n\nEach is the error \`SLIP_UNSUPPORTED\` with its place in the Dockerfile.\n\n${table(["what", "case"], rows)}`;
}

function differing(cases: readonly Case[]): string {
  const rows = cases.flatMap((one) => {
    const found = differences(one);
    return found === undefined ? [] : [[one.about, found.in.join(", "), found.differs, `\`${one.name}\``]];
  });
  return `## Where slipway differs from docker\n\n${table(["behaviour", "in", "why", "case"], rows)}`;
}

function unable(cases: readonly Case[]): string {
  const rows = cases.flatMap(({ docker, about, name }) =>
    typeof docker === "object" && "unable" in docker ? [[about, docker.unable, `\`${name}\``]] : [],
  );
  return `## What the docker of the differential run cannot build\n\n${table(["behaviour", "why", "case"], rows)}`;
}

function everyCase(cases: readonly Case[]): string {
  const chapters = [...Map.groupBy(cases, ({ topic }) => topic)].map(
    ([topic, own]) =>
      `### ${topic}\n\n${table(
        ["case", "behaviour"],
        own.map(({ name, about }) => [`\`${name.slice(topic.length + 1)}\``, about]),
      )}`,
  );
  return `## Every case\n\n${cases.length} of them.\n\n${chapters.join("\n")}`;
}

function isUnable({ docker }: Case): boolean {
  return typeof docker === "object" && "unable" in docker;
}

function isNotBuilt({ fails }: Case): boolean {
  return fails?.code === "SLIP_UNSUPPORTED";
}

function differences({ docker }: Case): Extract<Case["docker"], { readonly differs: string }> | undefined {
  return typeof docker === "object" && "differs" in docker ? docker : undefined;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return `${[line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

/** Text that stays text in a table: signs that mean something in markdown stand between backticks or escaped. */
function cell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/[*_<>[\]~]|\\/g, "\\$&")))
    .join("")
    .replaceAll("|", "\\|");
}
