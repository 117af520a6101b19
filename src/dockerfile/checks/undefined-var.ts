import { nearestNames, type SourceSpan } from "../../base/index.ts";
import type { ArgInstruction, Instruction, Word } from "../ast.ts";
import type { Report, Rule, Visit } from "./contract.ts";
import type { Expansion } from "./stage-scope.ts";

/** They speak to the builder, and are never in the environment. */
const silent = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

export const undefinedVar: Rule = {
  name: "UndefinedVar",
  detail: "A variable is defined, by ENV, ARG or the base image, before it is used",
  instructions: {
    add: usesUndefined,
    arg: usesUndefined,
    copy: usesUndefined,
    env: usesUndefined,
    label: usesUndefined,
    run: usesUndefined,
    stopsignal: usesUndefined,
    user: usesUndefined,
    volume: usesUndefined,
    workdir: usesUndefined,
  },
};

function usesUndefined(visit: Visit, report: Report): void {
  const { instruction, about, scope } = visit;
  if (!scope.complete) return;
  const told = new Set<string>();
  for (const { unset, span } of expansions(visit)) {
    for (const name of unset) {
      if (told.has(name) || silent.has(name) || scope.declares(name)) continue;
      told.add(name);
      const [near] = nearestNames(name, scope.names(), 1);
      const guess = near === undefined ? "" : `: did you mean $${near}?`;
      report(about, `Nothing defines $${name} before it is used${guess}`, about === instruction ? span : undefined);
    }
  }
}

interface Placed extends Pick<Expansion, "unset"> {
  readonly span: SourceSpan;
}

/** What of an instruction the builder replaces variables in. EXPOSE and flags that name stages are left out, as docker has it. */
function* expansions(visit: Visit): Generator<Placed> {
  const { instruction, scope } = visit;
  for (const word of words(instruction)) {
    if (word !== undefined && word.text.includes("$")) yield { ...scope.expand(word), span: word.span };
  }
  if (instruction.kind === "arg") yield* argDefaults(instruction, visit);
  if (instruction.kind !== "copy" && instruction.kind !== "add") return;
  for (const source of instruction.sources) {
    if (source.type !== "heredoc" || !source.heredoc.expand || !source.heredoc.content.includes("$")) continue;
    yield { ...scope.expandHeredoc(source.heredoc.content), span: source.heredoc.contentSpan };
  }
}

function words(instruction: Instruction): readonly (Pick<Word, "text" | "span"> | undefined)[] {
  switch (instruction.kind) {
    case "env":
    case "label":
      return instruction.pairs.flatMap(({ name, value }) => [name, value]);
    case "copy":
    case "add": {
      const paths = instruction.sources.flatMap((source) => (source.type === "path" ? [source.path] : []));
      const checksum = instruction.kind === "add" ? instruction.checksum : undefined;
      return [instruction.chown, instruction.chmod, checksum, ...paths, instruction.destination];
    }
    case "run":
      return instruction.mounts.flatMap(({ fields, span }) =>
        fields.map(({ value }) => (value === undefined ? undefined : { text: value, span })),
      );
    case "workdir":
      return [instruction.path];
    case "user":
      return [instruction.user];
    case "volume":
      return instruction.paths;
    case "stopsignal":
      return [instruction.signal];
    default:
      return [];
  }
}

/** Each argument sees those before it in the line. A default that a build argument takes the place of is not looked at. */
function* argDefaults({ args }: ArgInstruction, { scope, facts }: Visit): Generator<Placed> {
  const earlier = new Set<string>();
  for (const { name, value } of args) {
    if (value?.text.includes("$") === true && !Object.hasOwn(facts.buildArgs, name.text)) {
      const unset = [...scope.expand(value).unset].filter((one) => !earlier.has(one));
      yield { unset: new Set(unset), span: value.span };
    }
    earlier.add(name.text);
  }
}
