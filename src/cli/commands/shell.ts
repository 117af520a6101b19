import { command } from "../command.ts";
import { formatAgo } from "../format.ts";
import { parseAgents, parseSecrets } from "../given-spec.ts";
import { columnsOf, table } from "../table.ts";
import { printableLines } from "../text.ts";
import { oneLine } from "./plan.ts";
import { variable } from "./run.ts";

export const shell = command({
  name: "shell",
  usage: "[OPTIONS] [STEP|IMAGE] [-- COMMAND [ARG...]]",
  summary: "Open a shell in what a failed step left, or in an image",
  description:
    "Without STEP it is the RUN that failed last: its file system as the command left it, with its variables, user, working folder, network and mounts. STEP is an id of --list or the stage's name. What is changed is gone at the end; the next build goes on from the last step that was done. The exit code is the command's own; when slipway itself fails it is 125.",
  examples: ["slipway shell", "slipway shell --before -- ls -l", "slipway shell app"],
  options: {
    before: { type: "flag", help: "The file system that the failed step began with" },
    list: { type: "flag", short: "l", help: "List the failed steps of which something is kept" },
    env: {
      type: "list",
      short: "e",
      value: "NAME[=VALUE]",
      help: "Variable; without a value the one of the environment",
    },
    volume: {
      type: "list",
      short: "v",
      value: "HOST:PATH[:ro]",
      help: "A folder or file of this machine in the container",
    },
    workdir: { type: "string", short: "w", value: "PATH", help: "Working folder" },
    user: { type: "string", short: "u", value: "USER[:GROUP]", help: "User, by name or number" },
    secret: {
      type: "list",
      value: "id=ID[,src=FILE|,env=NAME]",
      help: "Secret for the step's mounts; none is kept from the build",
    },
    ssh: {
      type: "list",
      value: "default|ID[=SOCKET|KEY[,KEY]]",
      help: "Agent or private keys for the step's mounts",
    },
  },
  positionals: [0, 1],
  dashesApart: true,
  passesSignals: true,
  failureCode: 125,
  async run({ values, positionals, behindDashes = [] }, io) {
    const library = await io.library();
    if (values.list) {
      const steps = await library.failedSteps({ store: io.store, signal: io.signal });
      const rows = steps.map(({ id, created, stage = "", position, exitCode, text }) => [
        id,
        formatAgo(created, io.now()),
        [stage, position?.join("/")].filter(Boolean).join(" "),
        String(exitCode),
        oneLine(text),
      ]);
      const head = ["ID", "FAILED", "STEP", "EXIT CODE", "INSTRUCTION"];
      io.stdout.write(table([head, ...rows], { columns: columnsOf(io.stdout), most: [10, 22, 20, 10, 80] }));
      return 0;
    }
    const { exitCode } = await library.shell({
      what: positionals[0],
      before: values.before,
      command: behindDashes.length > 0 ? behindDashes : undefined,
      env: values.env.flatMap((text) => variable(text, io)),
      volumes: values.volume,
      workdir: values.workdir,
      user: values.user,
      secrets: values.secret.length > 0 ? parseSecrets(values.secret, io.env) : undefined,
      ssh: values.ssh.length > 0 ? parseAgents(values.ssh, io.env) : undefined,
      tty: io.stdinIsTTY() && io.stdout.isTTY === true,
      forwardSignals: true,
      onEvent: (event) => {
        if (event.type === "warning") io.stderr.write(`WARNING: ${printableLines(event.message)}\n`);
      },
      store: io.store,
      signal: io.signal,
    });
    return exitCode;
  },
});
