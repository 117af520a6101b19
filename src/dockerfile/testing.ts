/** What the tests of this room share. */
import { SlipwayError } from "../base/index.ts";
import type { Command, Dockerfile, HealthcheckInstruction, Instruction, RunCommand, SourceArgument } from "./ast.ts";

/** The SlipwayError that a call throws; anything else thrown, or nothing, fails the test. */
export function faultOf(call: () => unknown): SlipwayError {
  try {
    call();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error("expected a SlipwayError, but nothing was thrown");
}

/** The text that an error's place covers. */
export function markedText({ location }: SlipwayError): string {
  return location === undefined ? "(no place)" : location.text.slice(location.span.start, location.span.end);
}

/** What a file means, without the places where it says so. */
export function meaning({ escape, directives, instructions, trailingComments }: Dockerfile): unknown {
  const places = new Set(["span", "valueSpan", "contentSpan", "location"]);
  const tree = { escape, directives, instructions, trailingComments };
  return JSON.parse(JSON.stringify(tree, (key, part: unknown) => (places.has(key) ? undefined : part)));
}

/** One instruction in one line: what a table of cases can hold. */
export function facts(instruction: Instruction): string {
  const { kind } = instruction;
  switch (instruction.kind) {
    case "from":
      return join(
        kind,
        instruction.image.text,
        instruction.as && `as ${instruction.as.text}`,
        named("platform", instruction.platform?.text),
      );
    case "run":
      return join(
        kind,
        command(instruction.command),
        ...instruction.mounts.map(
          ({ fields }) => `mount{${fields.map(({ key, value }) => `${key}:${value}`).join(" ")}}`,
        ),
        instruction.network === "default" ? "" : `network=${instruction.network}`,
        instruction.security === "sandbox" ? "" : `security=${instruction.security}`,
        ...instruction.devices.map(({ name, required }) => `device=${name.text}${required ? "!" : ""}`),
      );
    case "cmd":
    case "entrypoint":
      return join(kind, command(instruction.command));
    case "env":
    case "label":
      return join(kind, ...instruction.pairs.map(({ name, value }) => `[${name.text}]=[${value.text}]`));
    case "arg":
      return join(
        kind,
        ...instruction.args.map(({ name, value }) => `[${name.text}]${value === undefined ? "" : `=[${value.text}]`}`),
      );
    case "copy":
    case "add":
      return join(
        kind,
        ...instruction.sources.map(source),
        `-> ${instruction.destination.text}`,
        instruction.kind === "copy"
          ? named("from", instruction.from?.text)
          : named("checksum", instruction.checksum?.text),
        named("chown", instruction.chown?.text),
        named("chmod", instruction.chmod?.text),
        instruction.link ? "link" : "",
        instruction.parents ? "parents" : "",
        ...instruction.excludes.map(({ text }) => `exclude=${text}`),
        instruction.kind === "add" ? named("unpack", instruction.unpack) : "",
        instruction.kind === "add" ? named("keep-git-dir", instruction.keepGitDir) : "",
      );
    case "expose":
      return join(kind, ...instruction.ports.map(({ text }) => text));
    case "volume":
      return join(kind, ...instruction.paths.map(({ text }) => `[${text}]`));
    case "shell":
      return join(kind, ...instruction.args.map(({ text }) => `[${text}]`));
    case "user":
      return join(kind, `[${instruction.user.text}]`);
    case "workdir":
      return join(kind, `[${instruction.path.text}]`);
    case "stopsignal":
      return join(kind, instruction.signal.text);
    case "maintainer":
      return join(kind, `[${instruction.maintainer.text}]`);
    case "onbuild":
      return join(kind, facts(instruction.trigger));
    case "healthcheck":
      return join(kind, ...healthcheck(instruction));
    default:
      return instruction satisfies never;
  }
}

function healthcheck(instruction: HealthcheckInstruction): readonly string[] {
  const { test, interval, timeout, startPeriod, startInterval, retries } = instruction;
  const times = Object.entries({ interval, timeout, startPeriod, startInterval, retries });
  return [test === undefined ? "none" : command(test), ...times.map(([name, value]) => named(name, value))];
}

function command(value: Command | RunCommand): string {
  if (value.form === "exec") return `exec${value.args.map(({ text }) => `[${text}]`).join("")}`;
  if (value.form === "shell") return `sh{${value.script.text}}`;
  return `${value.shebang ? "file" : "script"}{${value.heredoc.content}}`;
}

function source(value: SourceArgument): string {
  return value.type === "path" ? value.path.text : `<<${value.heredoc.name}{${value.heredoc.content}}`;
}

function named(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? "" : `${name}=${value}`;
}

function join(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
