import type { ExecOp } from "../../graph/index.ts";
import { SlipwayError } from "../../base/index.ts";
import { type RunInstruction, shellScript } from "../../dockerfile/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import { builtInArg } from "../built-in-args.ts";
import type { Entitlement } from "../contract.ts";
import { refuseFlags } from "../refuse.ts";
import { proxyEnv } from "../scope.ts";
import type { StageBuilder } from "../stage.ts";
import { lowerMounts } from "./mounts.ts";
import type { Surroundings } from "./surroundings.ts";

/** Dockerfile reference, "RUN": a process over the file system so far, whose changes are the next layer. */
export async function lowerRun(instruction: RunInstruction, stage: StageBuilder, around: Surroundings): Promise<void> {
  refuseFlags(instruction, ["device"]);
  if (instruction.security === "insecure") entitled("security.insecure", "security", instruction, around);
  if (instruction.network === "host") entitled("network.host", "network", instruction, around);

  const { args, files, shown } = commandLine(instruction, stage);
  const { mounts, inputs } = await lowerMounts(instruction, stage, around);
  const buildArgs = stage.scope.shownArgs();
  const op: ExecOp = {
    kind: "exec",
    platform: formatPlatform(stage.platform),
    ...around.exec,
    hostname: builtInArg(around.buildArgs, "BUILDKIT_SANDBOX_HOSTNAME") ?? around.exec.hostname,
    args,
    files,
    env: stage.scope.processEnv(),
    secretEnv: proxyEnv(around.buildArgs),
    cwd: stage.workdir,
    user: stage.config.User || undefined,
    network: instruction.network === "default" ? around.network : instruction.network,
    security: instruction.security === "insecure" ? "insecure" : undefined,
    mounts,
  };
  const prefix = buildArgs.length > 0 ? `|${buildArgs.length} ${buildArgs.join(" ")} ` : "";
  stage.addLayer(op, inputs, instruction, `RUN ${prefix}${shown} # slipway`);
}

/** The network of the machine is what steps have anyway: a Dockerfile that names it is held to what buildx asks for all the same, so that it builds there too. */
function entitled(right: Entitlement, name: string, instruction: RunInstruction, { allow }: Surroundings): void {
  if (allow.has(right)) return;
  const flag = instruction.flags.find((one) => one.name === name);
  throw new SlipwayError({
    code: "SLIP_NOT_ALLOWED",
    message: `RUN --${name}=${flag?.value ?? ""} is not allowed: ${right} was not granted`,
    hint: `build with --allow ${right}, if you trust this Dockerfile`,
    location: flag ? { ...instruction.location, span: flag.span } : instruction.location,
  });
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
    const shown = [...stage.shell, path].join(" ");
    return { args: [path], files: [{ path, content: command.heredoc.content, mode: 0o755 }], shown };
  }
  const script = command.form === "heredoc" ? command.heredoc.content : shellScript(instruction);
  const args = [...stage.shell, script];
  return { args, files: [], shown: args.join(" ") };
}
