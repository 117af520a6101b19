import { posix } from "node:path";
import type { InRoot, OpenFile } from "../in-root.ts";
import { machineName, machines } from "../machines.ts";
import type { Account } from "./accounts.ts";
import { type Elf, readElf } from "./elf.ts";
import { linkedLibraries, type Program } from "./libraries.ts";
import { findProgram, interpreterLine, type ProgramPlace, type StartSpec } from "./program.ts";
import type { ResultFinding, ResultRule } from "./rules.ts";

/** What was found of the command, and the programs that it is made of: the script's interpreter too. */
export interface CheckedCommand {
  readonly findings: readonly ResultFinding[];
  readonly programs: readonly (Program & { readonly libraries: readonly string[] })[];
}

/** A script's interpreter may be a script (execve(2)), a few times. */
const deepest = 4;

/** Whether the program that the image starts with can start. */
export function checkCommand(
  root: InRoot,
  start: StartSpec,
  user: Account | undefined,
  architecture: string,
): CheckedCommand {
  const findings: ResultFinding[] = [];
  const programs: (Program & { readonly libraries: readonly string[] })[] = [];
  const tell = (rule: ResultRule, message: string, hint?: string): void => {
    findings.push({ rule, message, about: "command", hint });
  };
  const [name] = start.args;
  if (name === undefined) return { findings, programs };
  const shown = root.show(name);
  const place = name === "" ? undefined : findProgram(root, name, start);
  if (!place || place.kind === "missing") {
    const where =
      name.includes("/") || !place
        ? ""
        : ` in PATH (${root.show(place.looked.map((path) => posix.dirname(path)).join(":"))})`;
    const shell = /^\/bin\/(sh|bash)$/.test(name) && start.args[1] === "-c";
    tell(
      "EntrypointNotFound",
      `The image starts with ${shown}, which it does not have${where}`,
      shell
        ? 'the command is in shell form: write it as a JSON array, ["PROGRAM", "ARGUMENT"], to do without a shell'
        : undefined,
    );
    return { findings, programs };
  }
  if (place.kind === "unknown") return { findings, programs };
  if (place.kind === "folder") {
    tell("EntrypointNotExecutable", `The image starts with ${shown}, which is a folder`);
    return { findings, programs };
  }
  if (!mayExecute(place, user)) {
    const who = (place.mode & 0o111) === 0 ? "nobody may execute" : `its user (${user?.uid}) may not execute`;
    tell(
      "EntrypointNotExecutable",
      `The image starts with ${shown}, which ${who}: its mode is ${(place.mode & 0o7777).toString(8)}`,
      "COPY --chmod=755, or RUN chmod +x in the stage that makes it",
    );
    return { findings, programs };
  }
  let path = place.path;
  for (let depth = 0; depth < deepest; depth++) {
    const file = root.openFile(path);
    if (!file) return { findings, programs };
    try {
      const elf = readElf(file.read);
      if (elf) {
        checkProgram(root, { path: file.path, elf }, start, architecture, tell, programs);
        return { findings, programs };
      }
      const next = interpreterOf(root, file, start, tell);
      if (next === undefined) return { findings, programs };
      path = next;
    } finally {
      file.close();
    }
  }
  return { findings, programs };
}

function mayExecute({ mode, uid, gid }: ProgramPlace & { kind: "found" }, user: Account | undefined): boolean {
  if (user === undefined || user.uid === 0) return (mode & 0o111) !== 0;
  const bit = user.uid === uid ? 0o100 : user.gids.has(gid) ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}

type Tell = (rule: ResultRule, message: string, hint?: string) => void;

/** The path of what a script is run by; undefined when it is missing, or there is nothing to look at. */
function interpreterOf(root: InRoot, file: OpenFile, start: StartSpec, tell: Tell): string | undefined {
  const shown = root.show(file.path);
  const line = interpreterLine(file.read(0, 256));
  if (!line) {
    const what = file.stats.size === 0 ? "is empty" : "is neither a program nor begins with #!";
    tell("EntrypointNotExecutable", `${shown} cannot be executed: it ${what}`);
    return undefined;
  }
  const look = (name: string): string | undefined => {
    const place = findProgram(root, name, start);
    if (place.kind === "found") return place.path;
    if (place.kind === "unknown") return undefined;
    const return_ = name.endsWith("\r");
    tell(
      "InterpreterMissing",
      `The script ${shown} is for ${JSON.stringify(root.show(name))}, which the image does not have`,
      return_ ? "its lines end as on Windows (CR LF): save it with LF alone" : undefined,
    );
    return undefined;
  };
  // env looks its argument up itself
  if (posix.basename(line.program) === "env" && /^[^-=\s]+$/.test(line.argument)) {
    return look(line.program) === undefined ? undefined : look(line.argument);
  }
  return look(line.program + (line.argument === "\r" ? "\r" : ""));
}

function checkProgram(
  root: InRoot,
  { path, elf }: { readonly path: string; readonly elf: Elf | "broken" },
  start: StartSpec,
  architecture: string,
  tell: Tell,
  programs: (Program & { readonly libraries: readonly string[] })[],
): void {
  const shown = root.show(path);
  if (elf === "broken") {
    tell("EntrypointNotExecutable", `${shown} cannot be executed: it is a damaged program, perhaps cut off`);
    return;
  }
  const wanted = machines[architecture];
  if (wanted && !wanted.includes(elf.machine)) {
    tell(
      "EntrypointWrongArchitecture",
      `${shown} is for ${machineName(elf.machine)}, and the image for ${architecture}`,
      "build it for TARGETARCH, or name the platform of the stage that it comes from",
    );
    return;
  }
  const program = { path, elf };
  if (elf.interpreter === undefined) {
    programs.push({ ...program, libraries: [] });
    return;
  }
  if (!root.resolve(elf.interpreter)) {
    tell(
      "LoaderMissing",
      `${shown} needs the loader ${root.show(elf.interpreter)}, which the image does not have`,
      "link it statically (Go: CGO_ENABLED=0), or build on a base with the same C library as the final one",
    );
    return;
  }
  const linked = linkedLibraries(root, program, start.env);
  programs.push({ ...program, libraries: linked?.found ?? [] });
  if (!linked || linked.missing.length === 0) return;
  const list = linked.missing.map(({ name, by }) => root.show(by === path ? name : `${name} (for ${by})`)).join(", ");
  tell(
    "LibraryMissing",
    `${shown} needs ${list}, which the image does not have`,
    "copy them too, or link them statically",
  );
}
