import type { RunCommand, RunInstruction } from "../ast.ts";
import type { InstructionParser, InstructionSource } from "../instruction-source.ts";
import { parseDevice } from "./device.ts";
import { parseMount } from "./mount.ts";

/** Section "RUN". */
export const parseRun: InstructionParser<"run"> = (source) => {
  const flags = source.flags({ mount: "texts", network: "text", security: "text", device: "texts" });
  return {
    command: runCommand(source),
    mounts: flags.all("mount").map((flag) => parseMount(flag, source)),
    network: flags.choice("network", ["default", "none", "host"], "default"),
    security: flags.choice("security", ["sandbox", "insecure"], "sandbox"),
    devices: flags.all("device").map((flag) => parseDevice(flag, source)),
  };
};

function runCommand(source: InstructionSource): RunCommand {
  const { args } = source;
  const [first, second] = source.heredocs;
  if (first !== undefined && second === undefined && first.start === args.start && first.end === args.end) {
    return { form: "heredoc", heredoc: first.heredoc, shebang: first.heredoc.content.startsWith("#!") };
  }
  const command = source.command();
  if (command.form === "exec" ? command.args.length === 0 : command.script.text === "") {
    throw source.fault("RUN requires a command", "write the command behind RUN, or a heredoc: RUN <<EOF");
  }
  return command;
}

/**
 * The whole text that a RUN in shell form gives to its shell: the line, and the heredocs behind it for the shell to read.
 * For a bare heredoc it is the heredoc's content.
 */
export function shellScript(run: RunInstruction): string {
  const { command, heredocs } = run;
  if (command.form === "exec") return "";
  if (command.form === "heredoc") return command.heredoc.content;
  return heredocs.reduce((script, { raw, name }) => `${script}\n${raw}${name}`, command.script.text);
}
