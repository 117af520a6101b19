import { posix } from "node:path";
import type { InRoot } from "../in-root.ts";
import { findProgram, type StartSpec } from "../result/program.ts";
import type { Runtime, SuggestFacts } from "./contract.ts";
import { fileKind } from "./file-kind.ts";
import { shellCommand } from "./shell-command.ts";

/** What a command leads to in the end. */
export interface Followed {
  readonly steps: readonly string[];
  readonly runtime: Runtime | undefined;
  readonly shell: SuggestFacts["shell"];
  /** The program, without links; undefined where there is a runtime, or nothing could be found. */
  readonly program: string | undefined;
  /** What the runtime is given: a script or a jar, without links. */
  readonly given: string | undefined;
  /** The words that start it, without what went before. */
  readonly command: readonly string[];
}

const deepest = 12;
const longestScript = 256 << 10;
const shells = /^(?:sh|ash|bash|dash|busybox|ksh|zsh)$/;
/** Programs that start what follows: their own words, and how many of them stand before it. */
const starters: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> = {
  tini: (args) => afterDashes(args),
  "tini-static": (args) => afterDashes(args),
  "dumb-init": (args) => afterDashes(args),
  "docker-init": (args) => afterDashes(args),
  catatonit: (args) => afterDashes(args),
  gosu: (args) => args.slice(1),
  "su-exec": (args) => args.slice(1),
  exec: (args) => args,
  nohup: (args) => args,
  env: (args) => args.slice(args.findIndex((word) => !/^-|=/.test(word))),
};

/** Follows a command through scripts, shells and programs that start others. */
export function followCommand(root: InRoot, start: StartSpec): Followed {
  const steps: string[] = [];
  let shell: Followed["shell"];
  let args = start.args;
  const end = (more: Partial<Followed> = {}): Followed => ({
    steps,
    runtime: undefined,
    shell,
    program: undefined,
    given: undefined,
    command: args.map((word) => root.show(word)),
    ...more,
  });
  for (let depth = 0; depth < deepest; depth++) {
    const [name = "", ...rest] = args;
    const base = posix.basename(name);
    const starter = Object.hasOwn(starters, base) ? starters[base] : undefined;
    if (starter) {
      steps.push(`${root.show(name)} starts what follows`);
      args = starter(rest);
      if (args.length === 0) return end();
      continue;
    }
    const place = findProgram(root, name, start);
    if (place.kind !== "found") {
      steps.push(`${root.show(name)} is not in the image`);
      return end();
    }
    const runtime = runtimeOf(base, root.show(place.path), start);
    if (runtime) {
      steps.push(`it starts with ${root.show(name)}`);
      return end({
        runtime: { ...runtime, by: root.show(place.path) },
        given: givenTo(runtime.name, root, rest, start),
      });
    }
    if (shells.test(base)) {
      const next = underShell(rest, base === "busybox");
      shell ??= { path: root.show(next.script ?? name), by: root.show(name) };
      if (next.script === undefined) {
        steps.push(
          next.text === undefined
            ? `it starts a shell, ${root.show(name)}`
            : `${root.show(name)} -c runs a command line`,
        );
        const words = next.text === undefined ? undefined : shellCommand(next.text, []);
        if (!words) return end();
        args = words;
        continue;
      }
      args = [next.script, ...next.rest];
      continue;
    }
    const file = root.openFile(place.path);
    if (!file) return end();
    let kind;
    let text = "";
    try {
      kind = fileKind(file.path, file);
      if (kind.kind === "script") text = file.read(0, longestScript).toString("latin1");
    } finally {
      file.close();
    }
    if (kind.kind !== "script") return end({ program: place.path });
    const interpreter = interpreterOf(kind);
    const script = root.show(place.path);
    steps.push(`${script} is a script for ${root.show(interpreter)}`);
    if (!shells.test(posix.basename(interpreter))) {
      args = [interpreter, place.path, ...rest];
      continue;
    }
    shell ??= { path: script, by: root.show(interpreter) };
    const next = shellCommand(text, rest);
    if (!next) {
      steps.push(`what ${script} starts in the end could not be read of it`);
      return end();
    }
    steps.push(`${script} starts ${root.show(next.join(" "))}`);
    args = next;
  }
  return end();
}

function afterDashes(args: readonly string[]): readonly string[] {
  const dashes = args.indexOf("--");
  if (dashes >= 0) return args.slice(dashes + 1);
  const first = args.findIndex((word) => !word.startsWith("-"));
  return first < 0 ? [] : args.slice(first);
}

/** `sh -c TEXT`, `sh SCRIPT`, or neither. */
function underShell(
  args: readonly string[],
  isBusybox: boolean,
): { readonly script?: string; readonly text?: string; readonly rest: readonly string[] } {
  const given = isBusybox ? args.slice(1) : args;
  const at = given.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (at >= 0) return { text: given[at + 1] ?? "", rest: [] };
  const script = given.findIndex((word) => !word.startsWith("-"));
  return script < 0 ? { rest: [] } : { script: given[script] ?? "", rest: given.slice(script + 1) };
}

/** The program that a script's first line means; what env is to find is that itself. */
function interpreterOf({ program, argument }: { readonly program: string; readonly argument: string }): string {
  if (posix.basename(program) !== "env") return program;
  return /^(?:-\S+\s+)*([^-=\s]\S*)/.exec(argument)?.[1] ?? program;
}

function runtimeOf(base: string, path: string, { env }: StartSpec): Omit<Runtime, "by"> | undefined {
  const [, python] = /^python(\d+(?:\.\d+)?)?$/.exec(base) ?? [];
  if (python !== undefined || base === "python") {
    const [, version = env.get("PYTHON_VERSION")?.replace(/^(\d+\.\d+).*/, "$1")] = /(\d+\.\d+)$/.exec(path) ?? [];
    return { name: "python3", version };
  }
  if (base === "node" || base === "nodejs") return { name: "nodejs", version: env.get("NODE_VERSION")?.split(".")[0] };
  if (base === "java") {
    const version = (/^(?:jdk-?)?(\d+)/.exec(env.get("JAVA_VERSION") ?? "") ?? /\/java-(\d+)-/.exec(path))?.[1];
    return { name: "java", version };
  }
  return undefined;
}

/** The script or archive that a runtime is started with, without links. */
function givenTo(
  runtime: Runtime["name"],
  root: InRoot,
  args: readonly string[],
  start: StartSpec,
): string | undefined {
  const jar = args.indexOf("-jar");
  const name = runtime === "java" ? (jar < 0 ? undefined : args[jar + 1]) : args.find((word) => !word.startsWith("-"));
  return name === undefined ? undefined : root.resolve(posix.resolve(start.cwd, name))?.path;
}
