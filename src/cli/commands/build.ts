import { writeFileSync } from "node:fs";
import { SlipwayError, toSlipwayError } from "../../base/index.ts";
import type { BuildOptions } from "../../index.ts";
import { cut, type ParsedArgs, usage, wholeNumber } from "../args.ts";
import { parseCall } from "../call-spec.ts";
import { command } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { parseAgents, parseSecrets } from "../given-spec.ts";
import { checkOutputs, parseOutput } from "../output-spec.ts";
import { printError } from "../print-error.ts";
import { dockerModes, openProgress, type ProgressMode, progressModes } from "../progress/index.ts";
import { refusedBuildFlags } from "./build-refused.ts";

const options = {
  tag: { type: "list", short: "t", value: "NAME[:TAG]", help: "Name of the image" },
  file: { type: "string", short: "f", value: "FILE", help: "The Dockerfile (default: Dockerfile in PATH)" },
  target: { type: "string", value: "STAGE", help: "Stage to build, by name or number (default: the last)" },
  "build-arg": {
    type: "list",
    value: "NAME[=VALUE]",
    help: "Value of an ARG; without a value the one of the environment",
  },
  "build-context": {
    type: "list",
    value: "NAME=VALUE",
    help: "One more context: a folder, or docker-image://IMAGE in place of NAME",
  },
  label: { type: "list", value: "NAME=VALUE", help: "Label of the image" },
  output: {
    type: "list",
    short: "o",
    value: "SPEC",
    help: "Where the result goes beside the store: type=oci|docker|tar|local,dest=PATH; a bare path is a folder, - a tar on standard output",
  },
  "no-cache": { type: "flag", help: "Run every step" },
  "base-images": {
    type: "string",
    value: "auto|registry|archive",
    choices: ["auto", "registry", "archive"],
    help: "Where a base comes from that is no stage, no context and not in the store (default: auto)",
  },
  "debian-mirror": {
    type: "string",
    value: "URL",
    help: "Archive that Debian bases are made from (variable SLIPWAY_DEBIAN_MIRROR)",
  },
  secret: {
    type: "list",
    value: "id=ID[,src=FILE|,env=NAME]",
    help: "Secret for RUN --mount=type=secret; without a source the variable or the file ID",
  },
  ssh: {
    type: "list",
    value: "default|ID[=SOCKET]",
    help: "Agent for RUN --mount=type=ssh; without a socket the one in SSH_AUTH_SOCK",
  },
  check: { type: "flag", help: "Check the Dockerfile instead of building; short for --call=check" },
  call: {
    type: "string",
    value: "METHOD[,format=json]",
    help: "Print about the Dockerfile instead of building: check, outline or targets",
  },
  network: {
    type: "string",
    aliases: ["net"],
    value: "default|host|none",
    choices: ["default", "host", "none"],
    help: "Network of RUN steps (default: the host's)",
  },
  jobs: { type: "string", short: "j", value: "N", help: "Steps at once (default: the number of processors)" },
  progress: {
    type: "string",
    value: "auto|tty|plain|json|quiet",
    choices: progressModes,
    hiddenChoices: dockerModes,
    help: "How progress is shown, on standard error (variable SLIPWAY_PROGRESS)",
  },
  quiet: { type: "flag", short: "q", help: "Print the image id alone" },
  iidfile: { type: "string", value: "FILE", help: "Write the image id to a file" },
  // What slipway does anyway, for command lines written for docker.
  load: { type: "flag" },
  rm: { type: "flag" },
  "force-rm": { type: "flag" },
  provenance: { type: "string", choices: ["false"] },
  sbom: { type: "string", choices: ["false"] },
  platform: { type: "string" },
} as const;

type BuildArgs = ParsedArgs<typeof options>;

export const build = command({
  name: "build",
  usage: "[OPTIONS] PATH",
  summary: "Build an image from a Dockerfile",
  description:
    "PATH is the build context: the folder that COPY and ADD take files from. The image lands in the store, named by --tag. Progress goes to standard error; with --quiet the image id goes to standard output.",
  examples: [
    "slipway build -t app .",
    "slipway build -t app --target build --build-arg VERSION=1.2 .",
    "slipway build -o type=oci,dest=app.tar .",
    "slipway build --build-context ubuntu=docker-image://debian:bookworm .",
  ],
  options,
  refused: refusedBuildFlags,
  positionals: [1, 1],
  missing: "name the build context: the folder with the Dockerfile, often just .",
  async run(args, io) {
    const call = parseCall(args.values.call, args.values.check);
    const buildOptions = toBuildOptions(args, io);
    if (call.method !== "build") return (await import("../call.ts")).answerCall(call, buildOptions, io);
    const mode = progressMode(args, io);
    const progress = await openProgress(mode, io);
    try {
      const library = await io.library();
      const result = await library.build({ ...buildOptions, onEvent: progress.event });
      if (args.values.iidfile !== undefined) writeIidFile(args.values.iidfile, result.imageId);
      progress.succeed(result);
      if (args.values.quiet) io.stdout.write(`${result.imageId}\n`);
      return 0;
    } catch (error) {
      const known = toSlipwayError(error);
      const step = progress.fail(known);
      if (step !== "told") await printError(known, io, step);
      return known.exitCode;
    }
  },
});

function toBuildOptions({ values, positionals }: BuildArgs, io: CommandIo): BuildOptions {
  const [context = "."] = positionals;
  refuseSpecialContext(context);
  if (values.file === "-") {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: "A Dockerfile from standard input is not supported",
      hint: "write it to a file and name that with --file",
    });
  }
  checkPlatform(values.platform);
  const outputs = values.output.map(parseOutput);
  checkOutputs(outputs, io.stdout.isTTY === true);
  if (values.quiet && outputs.some(({ dest }) => dest === "-")) {
    throw usage("--quiet and an output to standard output exclude each other", "use --iidfile for the image id");
  }
  return {
    context,
    dockerfile: values.file,
    target: values.target,
    tags: values.tag,
    buildArgs: pairs("--build-arg", values["build-arg"], (name) => io.env[name]),
    buildContexts: pairs("--build-context", values["build-context"]),
    labels: pairs("--label", values.label, () => ""),
    noCache: values["no-cache"],
    jobs: wholeNumber("--jobs", values.jobs),
    outputs,
    baseImages: values["base-images"] as BuildOptions["baseImages"],
    debianMirror: values["debian-mirror"],
    secrets: values.secret.length > 0 ? parseSecrets(values.secret, io.env) : undefined,
    ssh: values.ssh.length > 0 ? parseAgents(values.ssh, io.env) : undefined,
    network: values.network as BuildOptions["network"],
    store: io.store,
    signal: io.signal,
  };
}

/** `NAME=VALUE` pairs, the last of a name counts; without "=" the value comes from `otherwise`, or the pair is left out when that has none. */
function pairs(
  shown: string,
  given: readonly string[],
  otherwise?: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const result: Record<string, string> = Object.create(null);
  for (const text of given) {
    const [name, value] = cut(text);
    if (name === "") throw usage(`Invalid value "${text}" for ${shown}`, "the name before = is empty");
    if (value === undefined && !otherwise) throw usage(`Invalid value "${text}" for ${shown}`, "write NAME=VALUE");
    const found = value ?? otherwise?.(name);
    if (found !== undefined) result[name] = found;
  }
  return { ...result };
}

function progressMode({ values }: BuildArgs, io: CommandIo): ProgressMode {
  if (values.quiet) return "quiet";
  const variable = ["SLIPWAY_PROGRESS", "BUILDKIT_PROGRESS"].find((name) => (io.env[name] ?? "") !== "");
  const given = values.progress ?? (variable === undefined ? "auto" : (io.env[variable] ?? "auto"));
  const mode = [...progressModes, ...dockerModes].find((item) => item === given);
  if (mode === undefined) throw usage(`Invalid value "${given}" of ${variable}`, `one of: ${progressModes.join(", ")}`);
  return mode;
}

/** The machine's own platform is what is built anyway. */
function checkPlatform(platform: string | undefined): void {
  const own = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
  if (platform === undefined || platform === own) return;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot build for platform ${platform}`,
    hint: `images are built for the machine's own platform, ${own}`,
  });
}

function refuseSpecialContext(context: string): void {
  const kind =
    context === "-"
      ? "from standard input"
      : /^(?:https?|ssh|git):\/\/|^git@|^github\.com\//.test(context)
        ? "from a URL"
        : undefined;
  if (kind === undefined) return;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `A build context ${kind} is not supported`,
    hint: "unpack or clone it, and name the folder",
  });
}

function writeIidFile(file: string, imageId: string): void {
  try {
    writeFileSync(file, imageId);
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message: `Cannot write the image id to "${file}": ${(error as Error).message}`,
      hint: "the image was built; only the file is missing",
      cause: error,
    });
  }
}
