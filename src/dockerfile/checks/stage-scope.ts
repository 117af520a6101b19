import { isSlipwayError } from "../../base/index.ts";
import type { Dockerfile, Instruction, InstructionKind, Word } from "../ast.ts";
import { expandWord } from "../expand-word.ts";
import type { BaseFacts, CheckFacts } from "./contract.ts";

/** A word with its variables replaced, and which those were. */
export interface Expansion {
  /** Undefined where it cannot be replaced: an open quote, or a variable that must be set. */
  readonly text: string | undefined;
  readonly used: ReadonlySet<string>;
  readonly unset: ReadonlySet<string>;
}

type Get = (name: string) => string | undefined;

const none: ReadonlySet<string> = new Set();

/** Replaces variables and notes them. Never throws. */
export function expand(text: string, get: Get, escape: "\\" | "`", keepQuotes = false): Expansion {
  // Most words are plain: a cached build has no time for the others' machinery.
  if (!/[$'"\\`]/.test(text)) return { text, used: none, unset: none };
  const used = new Set<string>();
  const unset = new Set<string>();
  const lookup: Get = (name) => {
    const value = get(name);
    (value === undefined ? unset : used).add(name);
    return value;
  };
  try {
    return { text: expandWord(text, lookup, { escape, keepQuotes }), used, unset };
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return { text: undefined, used, unset };
  }
}

export interface GlobalScope {
  readonly values: ReadonlyMap<string, string>;
  readonly declared: ReadonlySet<string>;
  /** Names whose default is an error, such as `${NAME:?message}`: without a build argument there is no build. */
  readonly demanded: ReadonlySet<string>;
}

/** Variables of the global scope: the platform's, then each ARG before the first FROM. */
export function globalScope(
  declarations: Iterable<Instruction>,
  facts: Pick<CheckFacts, "buildArgs" | "platformArgs">,
  escape: Dockerfile["escape"],
): GlobalScope {
  const given = (name: string): string | undefined =>
    Object.hasOwn(facts.buildArgs, name) ? facts.buildArgs[name] : undefined;
  const values = new Map([...facts.platformArgs].map(([name, value]) => [name, given(name) ?? value]));
  const declared = new Set(values.keys());
  const demanded = new Set<string>();
  for (const instruction of declarations) {
    for (const { name, value } of instruction.kind === "arg" ? instruction.args : []) {
      const get: Get = (one) => values.get(one);
      const known = given(name.text) ?? (value && expand(value.text, get, escape).text);
      declared.add(name.text);
      if (known !== undefined) values.set(name.text, known);
      else if (value !== undefined) demanded.add(name.text);
    }
  }
  return { values, declared, demanded };
}

const onceOnly = new Set<InstructionKind>(["cmd", "entrypoint", "healthcheck"]);

interface StageStart {
  readonly escape: Dockerfile["escape"];
  readonly complete: boolean;
  readonly hasShell: boolean;
  readonly hasWorkdir: boolean;
  readonly env: Iterable<readonly [string, string]>;
  readonly args: Iterable<readonly [string, string | undefined]>;
}

/** What a stage has come to while its instructions are gone through. Lives only while checking. */
export class StageScope {
  /** False where the configuration of the image at the bottom is not at hand: then anything may be set. */
  readonly complete: boolean;
  readonly #escape: Dockerfile["escape"];
  readonly #env: Map<string, string>;
  readonly #args: Map<string, string | undefined>;
  readonly #before = new Map<InstructionKind, Instruction>();
  #hasShell: boolean;
  #hasWorkdir: boolean;
  readonly #onbuild: string[] = [];

  private constructor(start: StageStart) {
    this.complete = start.complete;
    this.#escape = start.escape;
    this.#env = new Map(start.env);
    this.#args = new Map(start.args);
    this.#hasShell = start.hasShell;
    this.#hasWorkdir = start.hasWorkdir;
  }

  /** A stage over an image; undefined where nothing is known of it. */
  static over(base: BaseFacts | undefined, escape: Dockerfile["escape"]): StageScope {
    // Every stage has a PATH.
    const env: [string, string][] = [["PATH", ""], ...(base?.env ?? []).map(splitVariable)];
    const hasShell = base?.shell ?? false;
    return new StageScope({ escape, complete: base !== undefined, hasShell, hasWorkdir: false, env, args: [] });
  }

  /** A stage that goes on from this one. */
  next(): StageScope {
    const [env, args] = [this.#env, this.#args];
    const { complete } = this;
    return new StageScope({
      escape: this.#escape,
      complete,
      hasShell: this.#hasShell,
      hasWorkdir: this.#hasWorkdir,
      env,
      args,
    });
  }

  /** SHELL was set, here or below. */
  get hasShell(): boolean {
    return this.#hasShell;
  }

  /** WORKDIR was set in this file. */
  get hasWorkdir(): boolean {
    return this.#hasWorkdir;
  }

  /** Triggers for the stages that go on from this one. */
  get onbuild(): readonly string[] {
    return this.#onbuild;
  }

  /** The instruction of this kind that came last in this stage; for CMD, ENTRYPOINT and HEALTHCHECK. */
  previous(kind: InstructionKind): Instruction | undefined {
    return this.#before.get(kind);
  }

  /** True where ARG names it, with or without a value. */
  declares(name: string): boolean {
    return this.#args.has(name);
  }

  /** The value of an ARG; undefined without one. */
  argument(name: string): string | undefined {
    return this.#args.get(name);
  }

  /** Names that have a value. */
  names(): readonly string[] {
    return [...this.#env.keys(), ...[...this.#args].flatMap(([name, value]) => (value === undefined ? [] : [name]))];
  }

  expand(word: Pick<Word, "text">): Expansion {
    return expand(word.text, this.#get, this.#escape);
  }

  /** The body of a heredoc: quotes stay, and the escape character is always a backslash. */
  expandHeredoc(text: string): Expansion {
    return expand(text, this.#get, "\\", true);
  }

  /** What the instruction changes for those after it. */
  apply(instruction: Instruction, globals: ReadonlyMap<string, string>, buildArgs: CheckFacts["buildArgs"]): void {
    if (onceOnly.has(instruction.kind)) this.#before.set(instruction.kind, instruction);
    switch (instruction.kind) {
      case "env": {
        const pairs = instruction.pairs.map(({ name, value }) => [this.expand(name).text, this.expand(value).text]);
        for (const [name, value] of pairs) if (name !== undefined) this.#env.set(name, value ?? "");
        break;
      }
      case "arg":
        for (const { name, value } of instruction.args) {
          const fallback = value === undefined ? globals.get(name.text) : this.expand(value).text;
          this.#args.set(name.text, Object.hasOwn(buildArgs, name.text) ? buildArgs[name.text] : fallback);
        }
        break;
      case "shell":
        this.#hasShell = true;
        break;
      case "workdir":
        this.#hasWorkdir = true;
        break;
      case "onbuild":
        this.#onbuild.push(instruction.expression);
        break;
      default:
    }
  }

  readonly #get: Get = (name) => this.#env.get(name) ?? this.#args.get(name);
}

function splitVariable(text: string): [string, string] {
  const cut = text.indexOf("=");
  return cut === -1 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 1)];
}
