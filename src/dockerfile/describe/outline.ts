import { posix } from "node:path";
import { isSlipwayError, type SourceSpan } from "../../base/index.ts";
import type { ArgInstruction, Dockerfile, RunInstruction } from "../ast.ts";
import { reachedStages, referencesOf, stageBefore } from "../checks/reached-stages.ts";
import { expand, globalScope, StageScope } from "../checks/stage-scope.ts";
import { mountOption } from "../instructions/mount.ts";
import { stages } from "../stages.ts";
import type { Outline, OutlinedArg, OutlinedSecret } from "./contract.ts";
import { descriptionOf } from "./targets.ts";

interface OutlineFacts {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platformArgs: ReadonlyMap<string, string>;
  /** Stage name or number that the file has; undefined is the last stage. */
  readonly target: string | undefined;
}

/** What one stage takes from outside. */
interface Wants {
  readonly args: Map<string, OutlinedArg>;
  readonly globals: Set<string>;
  readonly secrets: Map<string, OutlinedSecret>;
  readonly ssh: Map<string, OutlinedSecret>;
}

/**
 * The arguments, secrets and agents that a target uses, with those of the stages that it needs. Nothing is run.
 * @throws SLIP_DOCKERFILE where the stages are not well formed.
 */
export function outlineTarget(dockerfile: Dockerfile, facts: OutlineFacts): Outline {
  const { escape } = dockerfile;
  const staged = stages(dockerfile);
  const globals = globalScope(staged.globalArgs, facts, escape);
  const ended: StageScope[] = [];
  const needs: number[][] = [];
  const wants: Wants[] = [];
  for (const stage of staged.stages) {
    const want: Wants = { args: new Map(), globals: new Set(), secrets: new Map(), ssh: new Map() };
    const here: number[] = [];
    const image = expand(stage.from.image.text, (name) => globals.values.get(name), escape);
    const platform = expand(stage.from.platform?.text ?? "", (name) => globals.values.get(name), escape);
    for (const name of [...image.used, ...platform.used]) want.globals.add(name);
    const below = stageBefore(staged.stages, image.text ?? "", stage.index);
    if (below) here.push(below.index);
    const scope = (below && ended[below.index])?.next() ?? StageScope.over(undefined, escape);
    for (const instruction of stage.instructions) {
      for (const reference of referencesOf(instruction, scope)) {
        const other = stageBefore(staged.stages, reference, stage.index);
        if (other) here.push(other.index);
      }
      scope.apply(instruction, globals.values, facts.buildArgs);
      if (instruction.kind === "arg") noteArgs(instruction, scope, want, facts, globals.values);
      if (instruction.kind === "run") noteSecrets(instruction, scope, want);
    }
    ended.push(scope);
    needs.push(here);
    wants.push(want);
  }
  const target = stageBefore(staged.stages, facts.target ?? "", staged.stages.length) ?? staged.stages.at(-1);
  const reached = reachedStages(staged.stages, needs, String(target?.index)).toReversed();
  const used = reached.flatMap((index) => wants[index] ?? []);
  const ofGlobals = globalArgs(staged.globalArgs, new Set(used.flatMap(({ globals }) => [...globals])), facts, escape);
  return {
    name: target?.name,
    description: target && descriptionOf(target.from, target.name),
    args: merged([...used.map(({ args }) => args), ofGlobals]),
    secrets: merged(used.map(({ secrets }) => secrets)),
    ssh: merged(used.map(({ ssh }) => ssh)),
  };
}

function noteArgs(
  instruction: ArgInstruction,
  scope: StageScope,
  want: Wants,
  { buildArgs }: OutlineFacts,
  globals: ReadonlyMap<string, string>,
): void {
  for (const { name, value } of instruction.args) {
    const isGlobal = value === undefined && !Object.hasOwn(buildArgs, name.text) && globals.has(name.text);
    want.globals.add(name.text);
    if (isGlobal) continue;
    want.args.set(name.text, {
      name: name.text,
      value: scope.argument(name.text),
      description: descriptionOf(instruction, name.text),
      lines: linesOf(instruction.span),
    });
  }
}

function noteSecrets({ mounts, span }: RunInstruction, scope: StageScope, want: Wants): void {
  for (const mount of mounts) {
    try {
      const option = mountOption(mount, (text) => scope.expand({ text }).text ?? "");
      if (option.type !== "secret" && option.type !== "ssh") continue;
      const named = option.id ?? (option.type === "ssh" ? "default" : posix.basename(option.target ?? ""));
      const list = option.type === "secret" ? want.secrets : want.ssh;
      list.set(named, { name: named, required: option.required, lines: linesOf(span) });
    } catch (error) {
      if (!isSlipwayError(error)) throw error;
    }
  }
}

/** The ARGs before the first FROM that are used, and those that their defaults use. */
function globalArgs(
  declarations: readonly ArgInstruction[],
  used: Set<string>,
  facts: OutlineFacts,
  escape: Dockerfile["escape"],
): ReadonlyMap<string, OutlinedArg> {
  const found = new Map<string, OutlinedArg>();
  const needed = new Map<string, Set<string>>();
  const values = new Map(globalScope([], facts, escape).values);
  for (const instruction of declarations) {
    for (const { name, value } of instruction.args) {
      const given = Object.hasOwn(facts.buildArgs, name.text) ? facts.buildArgs[name.text] : undefined;
      const own =
        given === undefined && value !== undefined ? expand(value.text, (one) => values.get(one), escape) : undefined;
      // A default that uses the argument itself needs what the earlier one needed.
      const before = own?.used.has(name.text) === true ? needed.get(name.text) : undefined;
      needed.set(name.text, new Set([...(own?.used ?? []), ...(before ?? [])]));
      const known = given ?? own?.text;
      if (known !== undefined) values.set(name.text, known);
      const description = descriptionOf(instruction, name.text);
      found.set(name.text, { name: name.text, value: known, description, lines: linesOf(instruction.span) });
    }
  }
  // A set grows while it is gone through.
  for (const name of used) for (const other of needed.get(name) ?? []) used.add(other);
  return new Map([...found].filter(([name]) => used.has(name)));
}

/** All entries in the order of their lines; of one name the first. */
function merged<T extends { readonly lines: readonly [number, number] }>(
  lists: readonly ReadonlyMap<string, T>[],
): readonly T[] {
  const all = new Map<string, T>();
  for (const list of lists) for (const [name, entry] of list) if (!all.has(name)) all.set(name, entry);
  return [...all.values()].sort((a, b) => a.lines[0] - b.lines[0]);
}

function linesOf(span: SourceSpan): readonly [number, number] {
  return [span.startLine, span.endLine];
}
