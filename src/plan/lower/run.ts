import type { ExecOp } from "../../graph/index.ts";
import { type RunInstruction, shellScript } from "../../dockerfile/index.ts";
import { refuseFlags, unsupported } from "../refuse.ts";
import { proxyEnv } from "../scope.ts";
import type { StageBuilder } from "../stage.ts";
import { lowerMounts } from "./mounts.ts";
import type { Surroundings } from "./surroundings.ts";

/** Dockerfile reference, "RUN": a process over the file system so far, whose changes are the next layer. */
export async function lowerRun(instruction: RunInstruction, stage: StageBuilder, around: Surroundings): Promise<void> {
  refuseFlags(instruction, ["device"]);
  if (instruction.security === "insecure") throw unsupported("RUN --security=insecure", instruction.location);

  const { args, files, shown } = commandLine(instruction, stage);
  const { mounts, inputs } = await lowerMounts(instruction, stage, around);
  const buildArgs = stage.scope.args();
  const op: ExecOp = {
    kind: "exec",
    args,
    files,
    env: stage.scope.processEnv(),
    secretEnv: proxyEnv(around.buildArgs),
    cwd: stage.workdir,
    user: stage.config.User || undefined,
    network: instruction.network === "default" ? around.network : instruction.network,
    mounts,
  };
  const prefix = buildArgs.length > 0 ? `|${buildArgs.length} ${buildArgs.join(" ")} ` : "";
  stage.addLayer(op, inputs, instruction, `RUN ${prefix}${shown} # slipway`);
}

interface CommandLine {
  readonly args: readonly string[];
  readonly files: ExecOp["files"];
  readonly shown: string;
}

function commandLine(instruction: RunInstruction, stage: StageBuilder): CommandLine {
  const { command } = instruction;
  if (command.form === "exec") {
    const args = command.args.map(({ text }) => text);
    return { args, files: [], shown: args.join(" ") };
  }
  if (command.form === "heredoc" && command.shebang) {
    // Run as a file, so that the kernel reads its interpreter line.
    const path = `/dev/pipes/${command.heredoc.name}`;
    const shown = `<<${command.heredoc.name} (${command.heredoc.content.trimEnd()})`;
    return { args: [path], files: [{ path, content: command.heredoc.content, mode: 0o555 }], shown };
  }
  const script = command.form === "heredoc" ? command.heredoc.content : shellScript(instruction);
  const args = [...stage.shell, script];
  return { args, files: [], shown: args.join(" ") };
}
