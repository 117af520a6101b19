import type { ArgInstruction, EnvInstruction } from "../../dockerfile/index.ts";
import { expandWord } from "../../dockerfile/index.ts";
import { wrong } from "../refuse.ts";
import type { StageBuilder } from "../stage.ts";
import type { Surroundings } from "./surroundings.ts";
import { expand } from "./words.ts";

/** Dockerfile reference, "ENV": all pairs see the variables from before the instruction. */
export function lowerEnv(instruction: EnvInstruction, stage: StageBuilder): void {
  const { location } = instruction;
  const pairs = instruction.pairs.map(
    ({ name, value }) => [expand(name, stage, location), expand(value, stage, location)] as const,
  );
  for (const [name, value] of pairs) {
    if (name === "") throw wrong("ENV names must not be blank", location);
    stage.scope.setEnv(name, value);
  }
  stage.addNote(`ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(" ")}`);
}

/**
 * Dockerfile reference, "ARG": the command line wins over the default, which nobody looks at then; a bare name takes a global ARG's value.
 * Unlike with ENV, what is declared together sees what stands before it.
 */
export function lowerArg(instruction: ArgInstruction, stage: StageBuilder, around: Surroundings): void {
  const { location } = instruction;
  const shown: string[] = [];
  for (const arg of instruction.args) {
    const name = expand(arg.name, stage, location);
    if (name === "") throw wrong("ARG names must not be blank", location);
    const fallback = (): string | undefined =>
      arg.value ? expand(arg.value, stage, location) : around.globals.get(name);
    const value = givenArg(around.buildArgs, name) ?? fallback();
    stage.scope.setArg(name, value);
    shown.push(value === undefined ? name : `${name}=${value}`);
  }
  stage.addNote(`ARG ${shown.join(" ")}`);
}

/** A build argument's value; never what every object has by nature, such as `constructor`. */
function givenArg(buildArgs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
}

/** The global scope: ARGs before the first FROM, over the platform's. Each sees those before it. */
export function globalArgs(
  declarations: readonly ArgInstruction[],
  buildArgs: Readonly<Record<string, string>>,
  platform: ReadonlyMap<string, string>,
  escape: "\\" | "`",
): ReadonlyMap<string, string> {
  const known = new Map(platform);
  for (const { args, location } of declarations) {
    for (const arg of args) {
      const lookup = (name: string): string | undefined => known.get(name);
      const name = expandWord(arg.name.text, lookup, { escape, location });
      const value =
        givenArg(buildArgs, name) ?? (arg.value && expandWord(arg.value.text, lookup, { escape, location }));
      if (value !== undefined) known.set(name, value);
    }
  }
  return known;
}
