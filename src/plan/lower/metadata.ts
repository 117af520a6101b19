import type {
  CmdInstruction,
  Command,
  EntrypointInstruction,
  ExposeInstruction,
  HealthcheckInstruction,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
} from "../../dockerfile/index.ts";
import type { HealthConfig } from "../../oci/index.ts";
import { wrong } from "../refuse.ts";
import { exposedPorts } from "./exposed-ports.ts";
import { healthText, quotedList } from "./history-text.ts";
import { isSignal } from "./signals.ts";
import type { StageBuilder } from "../stage.ts";
import { expand, expandMany } from "./words.ts";

/** Instructions that change nothing but the image's configuration; each is a section of the Dockerfile reference. */

export function lowerLabel(instruction: LabelInstruction, stage: StageBuilder): void {
  const pairs = instruction.pairs.map(
    ({ name, value }) =>
      [expand(name, stage, instruction.location), expand(value, stage, instruction.location)] as const,
  );
  if (pairs.some(([name]) => name === "")) throw wrong("LABEL names must not be blank", instruction.location);
  stage.set({ Labels: { ...stage.config.Labels, ...Object.fromEntries(pairs) } });
  stage.addNote(`LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(" ")}`);
}

export function lowerMaintainer(instruction: MaintainerInstruction, stage: StageBuilder): void {
  stage.author = instruction.maintainer.text;
  stage.addNote(`MAINTAINER ${instruction.maintainer.text}`);
}

export function lowerExpose(instruction: ExposeInstruction, stage: StageBuilder): void {
  const { location } = instruction;
  const ports = instruction.ports.flatMap((word) =>
    expandMany(word, stage, location).flatMap((port) => exposedPorts(port, location)),
  );
  stage.set({ ExposedPorts: { ...stage.config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) } });
  stage.addNote(`EXPOSE [${ports.sort().join(" ")}]`);
}

export function lowerUser(instruction: UserInstruction, stage: StageBuilder): void {
  const user = expand(instruction.user, stage, instruction.location);
  stage.set({ User: user });
  stage.addNote(`USER ${user}`);
}

export function lowerVolume(instruction: VolumeInstruction, stage: StageBuilder): void {
  const paths = instruction.paths.map((word) => expand(word, stage, instruction.location));
  if (paths.includes("")) throw wrong("VOLUME needs a path", instruction.location);
  stage.set({ Volumes: { ...stage.config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) } });
  stage.addNote(`VOLUME [${paths.join(" ")}]`);
}

export function lowerCmd(instruction: CmdInstruction, stage: StageBuilder): void {
  const Cmd = commandArgs(instruction.command, stage);
  // Docker marks every command so; only Windows ever asked for it.
  stage.set({ Cmd, ArgsEscaped: true });
  stage.cmdSet = true;
  stage.addNote(`CMD ${quotedList(Cmd)}`);
}

/** ENTRYPOINT makes a CMD of the base image void. */
export function lowerEntrypoint(instruction: EntrypointInstruction, stage: StageBuilder): void {
  const Entrypoint = commandArgs(instruction.command, stage);
  stage.set(stage.cmdSet ? { Entrypoint } : { Entrypoint, Cmd: undefined });
  stage.addNote(`ENTRYPOINT ${quotedList(Entrypoint)}`);
}

export function lowerStopsignal(instruction: StopsignalInstruction, stage: StageBuilder): void {
  const signal = expand(instruction.signal, stage, instruction.location);
  if (!isSignal(signal)) {
    throw wrong(
      `Invalid STOPSIGNAL ${JSON.stringify(signal)}`,
      { ...instruction.location, span: instruction.signal.span },
      "give a name like SIGTERM or a number above 0",
    );
  }
  stage.set({ StopSignal: signal });
  stage.addNote(`STOPSIGNAL ${signal}`);
}

export function lowerShell(instruction: ShellInstruction, stage: StageBuilder): void {
  const Shell = instruction.args.map(({ text }) => text);
  stage.set({ Shell });
  stage.addNote(`SHELL [${Shell.join(" ")}]`);
}

export function lowerHealthcheck(instruction: HealthcheckInstruction, stage: StageBuilder): void {
  const { test, interval, timeout, startPeriod, startInterval, retries } = instruction;
  const health: HealthConfig = {
    Test: test ? healthTest(test) : ["NONE"],
    // 0 stands for the default, as if it was not written.
    Interval: interval || undefined,
    Timeout: timeout || undefined,
    StartPeriod: startPeriod || undefined,
    StartInterval: startInterval || undefined,
    Retries: retries || undefined,
  };
  stage.set({ Healthcheck: health });
  stage.addNote(`HEALTHCHECK ${healthText(health)}`);
}

/** A trigger leaves no line in the history, as with BuildKit. */
export function lowerOnbuild(instruction: OnbuildInstruction, stage: StageBuilder): void {
  stage.set({ OnBuild: [...(stage.config.OnBuild ?? []), instruction.expression] });
}

function healthTest(command: Command): readonly string[] {
  return command.form === "exec"
    ? ["CMD", ...command.args.map(({ text }) => text)]
    : ["CMD-SHELL", command.script.text];
}

function commandArgs(command: Command, stage: StageBuilder): readonly string[] {
  return command.form === "exec" ? command.args.map(({ text }) => text) : [...stage.shell, command.script.text];
}
