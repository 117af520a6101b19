import { readFileSync } from "node:fs";
import { SlipwayError } from "../../base/index.ts";
import type { RunOptions } from "../../index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { printableLines } from "../text.ts";

const oneShot = "slipway run is for one command in a throw-away copy of an image";

export const run = command({
  name: "run",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  summary: "Run a command in a throw-away copy of an image",
  description:
    "Flags end at IMAGE; what follows replaces the image's CMD. What the command writes is gone when it ends. The exit code is the command's own, 128 + N when signal N ended it; signals are passed on. When slipway itself fails the exit code is 125, as docker's is.",
  examples: [
    "slipway run -i calculator",
    "slipway run --rm -it -v $PWD:/src -w /src debian:bookworm bash",
    "slipway run --entrypoint sh app -c 'id; env'",
  ],
  options: {
    interactive: { type: "flag", short: "i", help: "Keep standard input open" },
    tty: { type: "flag", short: "t", help: "Give the command a terminal" },
    env: {
      type: "list",
      short: "e",
      value: "NAME[=VALUE]",
      help: "Variable; without a value the one of the environment",
    },
    "env-file": { type: "list", value: "FILE", help: "Variables from a file, one NAME[=VALUE] a line" },
    volume: {
      type: "list",
      short: "v",
      value: "HOST:PATH[:ro]",
      help: "A folder or file of this machine in the container",
    },
    workdir: { type: "string", short: "w", value: "PATH", help: "Working folder" },
    user: { type: "string", short: "u", value: "USER[:GROUP]", help: "User, by name or number" },
    entrypoint: { type: "string", value: "PROGRAM", help: "In place of the image's ENTRYPOINT" },
    network: {
      type: "string",
      aliases: ["net"],
      value: "host|none",
      choices: ["default", "host", "none"],
      help: "Network (default: the host's)",
    },
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: the machine's own, or the first)",
    },
    pull: {
      type: "string",
      value: "missing|always|never",
      choices: ["missing", "always", "never"],
      help: "Whether to ask the registry for the image (default: when the store does not have it)",
    },
    hostname: { type: "string", short: "h", value: "NAME", help: "Host name in the container" },
    "read-only": { type: "flag", help: "The root file system cannot be written" },
    rm: { type: "flag", help: "Remove the container when it ends; always so" },
  },
  refused: {
    detach: oneShot,
    d: oneShot,
    name: `${oneShot}; containers have no names`,
    publish: "the network is the host's: a port that the command opens is open here",
    p: "the network is the host's: a port that the command opens is open here",
    "publish-all": "the network is the host's: a port that the command opens is open here",
    P: "the network is the host's: a port that the command opens is open here",
    privileged: "commands have Docker's default capabilities",
    "cap-add": "commands have Docker's default capabilities",
    "cap-drop": "commands have Docker's default capabilities",
    "security-opt": "commands have Docker's default profile",
    mount: "use --volume HOST:PATH[:ro]",
    tmpfs: "use --volume with a folder of this machine",
    restart: oneShot,
    init: "the command is process 1 and gets the signals itself",
    memory: "set limits around the slipway process (systemd-run, ulimit)",
    m: "set limits around the slipway process (systemd-run, ulimit)",
    cpus: "set limits around the slipway process (systemd-run, taskset)",
    ulimit: "set limits around the slipway process (ulimit)",
    device: "devices of the machine are not passed on",
    gpus: "devices of the machine are not passed on",
    "add-host": "add the host to /etc/hosts of this machine",
    dns: "the container has this machine's resolver",
    label: oneShot,
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  stopAtPositional: true,
  passesSignals: true,
  failureCode: 125,
  async run({ values, positionals }, io) {
    const [image = "", ...args] = positionals;
    if (values.tty && !(io.stdinIsTTY() && io.stdout.isTTY === true)) {
      throw usage(
        "Cannot give the command a terminal: standard input or output is none",
        "leave --tty away: -i alone pipes",
      );
    }
    const library = await io.library();
    const { exitCode } = await library.run({
      image,
      platform: values.platform,
      pull: values.pull as RunOptions["pull"],
      args: args.length > 0 ? args : undefined,
      entrypoint: values.entrypoint,
      env: [...values["env-file"].flatMap((file) => envFile(file)), ...values.env].flatMap((text) =>
        variable(text, io),
      ),
      volumes: values.volume,
      workdir: values.workdir,
      user: values.user,
      network: values.network === "none" ? "none" : "host",
      hostname: values.hostname,
      readOnly: values["read-only"],
      interactive: values.interactive,
      tty: values.tty,
      forwardSignals: true,
      onEvent: (event) => {
        if (event.type === "warning") io.stderr.write(`WARNING: ${printableLines(event.message)}\n`);
        // What takes its time before the command begins.
        if (event.type === "graph") for (const { text } of event.steps) io.stderr.write(`${printableLines(text)}\n`);
      },
      store: io.store,
      signal: io.signal,
    });
    return exitCode;
  },
});

/** A name without a value takes this process's, and is left out when that has none. */
export function variable(text: string, io: CommandIo): readonly string[] {
  if (text.startsWith("=") || text === "") throw usage(`Invalid value "${text}" for --env`, "write NAME=VALUE");
  if (text.includes("=")) return [text];
  const value = io.env[text];
  return value === undefined ? [] : [`${text}=${value}`];
}

function envFile(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .map((line) => line.trimStart())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot read --env-file "${file}": ${(error as Error).message}`,
      cause: error,
    });
  }
}
