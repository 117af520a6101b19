import { posix } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { LibraryFinder } from "../audit/library-finder.ts";
import { InRoot } from "../in-root.ts";
import type { StartSpec } from "../result/program.ts";
import { classRelease, jarRelease } from "./class-version.ts";
import type { ProgramFacts, Runtime, SuggestFacts, SuggestJob } from "./contract.ts";
import { fileKind, untold } from "./file-kind.ts";
import { findFiles } from "./find-files.ts";
import { followCommand } from "./follow-command.ts";
import { LazyObjects } from "./lazy-objects.ts";
import { type FactsFrom, programFacts } from "./program-facts.ts";
import { shellCommand } from "./shell-command.ts";

/**
 * What a program, a folder or an image needs of a base. Synchronous, and of a folder or image looks at all files: call it in a worker. No link leads
 * out of the root, and nothing runs.
 * @throws SLIP_USAGE for what no base can be told for, with the reason.
 */
export function suggestFacts({ root: folder, subject }: SuggestJob): SuggestFacts {
  const root = new InRoot(folder);
  switch (subject.kind) {
    case "image":
      return ofImage(root, subject);
    case "file":
      return ofFile(root, Buffer.from(subject.path).toString("latin1"), subject.shown);
    case "folder":
      return ofFolder(root, folder);
  }
}

const nothing = {
  steps: [],
  runtime: undefined,
  shell: undefined,
  programs: [],
  packaged: undefined,
  command: [],
  notes: [],
} as const satisfies Partial<SuggestFacts>;

function from(root: InRoot, env: ReadonlyMap<string, string>, anywhere: boolean): FactsFrom {
  const objects = new LazyObjects(root);
  return { root, objects, finder: new LibraryFinder(root, objects, env), anywhere };
}

function ofImage(root: InRoot, subject: Extract<SuggestJob["subject"], { kind: "image" }>): SuggestFacts {
  const start = startOf(subject);
  if (start.args.length === 0) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message:
        "Cannot tell a base for the image: it names no program that starts, for it has neither ENTRYPOINT nor CMD",
      hint: "give it one, or name the program's own file",
    });
  }
  const followed = followCommand(root, start);
  const facts = from(root, start.env, false);
  const { architecture } = subject;
  const common = { ...nothing, architecture, steps: followed.steps, shell: followed.shell, command: followed.command };
  const { runtime } = followed;
  if (runtime) {
    const extensions = findFiles(root, "image").extensions.flatMap(
      (path) => programFacts(path, "extension", facts) ?? [],
    );
    const fitting = extensions.filter((one) => one.architecture === architecture && one.linkage !== "musl");
    const asked = runtime.name === "java" && followed.given !== undefined ? javaOf(root, followed.given) : undefined;
    return {
      ...common,
      runtime: {
        ...runtime,
        version: runtime.version ?? pythonFolder(extensions),
        ...(asked && { least: asked.least }),
      },
      programs: fitting.map((one) => ({ ...one, bundled: [] })),
      notes: muslNote(root, runtime.by),
    };
  }
  if (followed.program === undefined) return common;
  const program = programFacts(followed.program, "program", facts);
  if (!program) {
    const file = root.openFile(followed.program);
    const kind = file && fileKind(followed.program, file);
    file?.close();
    throw untold(root.show(followed.program), kind && "what" in kind ? kind.what : "no program that Linux runs");
  }
  // What lies where packages put programs is a package's.
  const packaged =
    /^\/(?:usr\/)?s?bin\//.test(followed.program) && program.linkage === "glibc" ? program.path : undefined;
  return { ...common, programs: [program], packaged };
}

function ofFile(root: InRoot, path: string, shown: string): SuggestFacts {
  const file = root.openFile(path);
  if (!file) throw untold(shown, "no file that can be read");
  try {
    const kind = fileKind(path, file);
    const command = [`/${posix.basename(shown)}`];
    switch (kind.kind) {
      case "elf": {
        const facts = from(root, new Map(), false);
        const elf = facts.objects.get(file.path);
        const isProgram =
          elf !== undefined && (elf.interpreter !== undefined || elf.type === 2 || elf.needed.length === 0);
        const role = isProgram ? "program" : /\.cpython-|\.abi3\.|\.node$/.test(path) ? "extension" : "library";
        const program = programFacts(file.path, role, facts);
        if (!program) throw untold(shown, "a damaged program, perhaps cut off");
        // Python alone is of no use: its library comes with the base.
        const python = runtimeByName(posix.basename(root.show(file.path)), shown);
        if (python?.name === "python3") return { ...nothing, architecture: program.architecture, runtime: python };
        const runtime = role === "extension" ? extensionRuntime(program) : undefined;
        return {
          ...nothing,
          architecture: program.architecture,
          programs: [{ ...program, path: shown }],
          command,
          runtime,
        };
      }
      case "script": {
        const name = posix.basename(
          kind.program === "/usr/bin/env" ? kind.argument.replace(/^-S\s+/, "") : kind.program,
        );
        const runtime = runtimeByName(root.show(name.split(/\s/)[0] ?? ""), `the first line of ${shown}`);
        const steps = [`${shown} is a script for ${root.show(name)}`];
        const shell = /^(?:ba|da|a|k|z)?sh$/.test(name) ? { path: shown, by: root.show(kind.program) } : undefined;
        const direct = shell && shellCommand(file.read(0, 256 << 10).toString("latin1"), []);
        if (direct) steps.push(`${shown} starts ${root.show(direct.join(" "))}`);
        const packaged = runtime || shell ? undefined : root.show(name);
        return {
          ...nothing,
          architecture: undefined,
          steps,
          runtime,
          shell,
          command: direct?.map((word) => root.show(word)) ?? (shell ? [] : command),
          packaged,
        };
      }
      case "source": {
        const steps = [`${shown} is of ${kind.runtime === "python3" ? "Python" : "Node.js"} by its name`];
        return {
          ...nothing,
          architecture: undefined,
          steps,
          runtime: { name: kind.runtime, version: undefined, by: shown },
          command,
        };
      }
      case "class":
      case "jar": {
        const java = javaOf(root, path);
        if (!java) throw untold(shown, "an archive without classes of Java");
        return {
          ...nothing,
          architecture: undefined,
          runtime: { name: "java", version: undefined, by: shown, ...java },
          command,
        };
      }
      case "foreign":
        throw untold(shown, kind.what, kind.hint);
      case "other":
        throw untold(shown, kind.what);
    }
  } finally {
    file.close();
  }
}

function ofFolder(root: InRoot, folder: string): SuggestFacts {
  const found = findFiles(root, "folder");
  const facts = from(root, new Map(), true);
  // Read first, so that each finds the others by name.
  for (const path of [...found.extensions, ...found.programs]) facts.objects.get(path);
  const programs = found.programs.flatMap((path) => programFacts(path, "program", facts) ?? []);
  const extensions = found.extensions.flatMap((path) => programFacts(path, "extension", facts) ?? []);
  const architecture = ownOf(programs.length > 0 ? programs : extensions);
  const main = programs.find((one) => one.architecture === architecture);
  const fitting = [...programs, ...extensions.filter(({ linkage }) => linkage !== "musl")].filter(
    (one) => one.architecture === architecture,
  );
  const jars = found.jars.flatMap((path) => javaOf(root, path) ?? []);
  const least = jars.length > 0 ? Math.max(...jars.map((jar) => jar.least ?? 0)) : undefined;
  const runtime: Runtime | undefined =
    least !== undefined
      ? { name: "java", version: undefined, by: root.show(found.jars[0] ?? ""), least }
      : found.source && {
          name: found.source.runtime,
          version: pythonFolder(extensions),
          by: root.show(found.source.by),
        };
  const [script] = found.shellScripts;
  if (!runtime && fitting.length === 0 && script === undefined) {
    throw untold(folder, "a folder without programs, scripts of Python or Node.js, or jars");
  }
  const shell =
    !runtime && programs.length === 0 && script !== undefined ? { path: root.show(script), by: "/bin/sh" } : undefined;
  return {
    ...nothing,
    architecture,
    runtime,
    shell,
    programs: fitting,
    command: main && !runtime ? [main.path] : [],
    notes: found.more ? [`more than ${found.more} files: the others were not looked at`] : [],
  };
}

/** Where files are for several architectures: this machine's, or else the first. */
function ownOf(programs: readonly ProgramFacts[]): string | undefined {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", arm64: "arm64", ppc64: "ppc64" };
  const own = names[process.arch] ?? process.arch;
  return programs.some(({ architecture }) => architecture === own) ? own : programs[0]?.architecture;
}

function javaOf(root: InRoot, path: string): { readonly least: number } | undefined {
  const file = root.openFile(path);
  if (!file) return undefined;
  try {
    const release = classRelease(file.read(0, 8)) ?? jarRelease(file.read, file.stats.size)?.release;
    return release === undefined ? undefined : { least: release };
  } finally {
    file.close();
  }
}

function runtimeByName(name: string, by: string): Runtime | undefined {
  const [, version] = /^python3?(?:\.\d+)?$/.test(name) ? (/(\d+\.\d+)$/.exec(name) ?? [name]) : [];
  if (/^python3?(?:\.\d+)?$/.test(name)) return { name: "python3", version, by };
  if (/^node(?:js)?$/.test(name)) return { name: "nodejs", version: undefined, by };
  return name === "java" ? { name: "java", version: undefined, by } : undefined;
}

function extensionRuntime({ path, python }: ProgramFacts): Runtime {
  return path.endsWith(".node")
    ? { name: "nodejs", version: undefined, by: path }
    : { name: "python3", version: python, by: path };
}

/** Packages lie in a folder of the Python that they were installed for. */
function pythonFolder(extensions: readonly ProgramFacts[]): string | undefined {
  return extensions.map(({ python }) => python).find((version) => version !== undefined);
}

function muslNote(root: InRoot, path: string): readonly string[] {
  const file = root.resolve(Buffer.from(path).toString("latin1"));
  const musl = (root.list("/lib") ?? []).some((name) => name.startsWith("ld-musl-"));
  return file && musl
    ? ["the image is built on musl (Alpine): extensions in it are for musl, and have to be built again on Debian"]
    : [];
}

/** Text as InRoot has paths: one character a byte. */
function startOf({ entrypoint, cmd, env, workdir }: Extract<SuggestJob["subject"], { kind: "image" }>): StartSpec {
  const bytes = (text: string): string => Buffer.from(text).toString("latin1");
  const pairs = env.map((text): [string, string] => {
    const at = text.indexOf("=");
    return at < 0 ? [bytes(text), ""] : [bytes(text.slice(0, at)), bytes(text.slice(at + 1))];
  });
  return { args: [...entrypoint, ...cmd].map(bytes), env: new Map(pairs), cwd: bytes(workdir || "/"), volumes: [] };
}
