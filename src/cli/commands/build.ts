import { toSlipwayError } from "../../base/index.ts";
import type { BuildOptions, BuildResult } from "../../index.ts";
import { parseAnnotation } from "../annotation-spec.ts";
import { cut, type ParsedArgs, usage, wholeNumber } from "../args.ts";
import { parseCaches } from "../cache-spec.ts";
import { bareAttest, parseAttest } from "../attest-spec.ts";
import { parseCall } from "../call-spec.ts";
import { command } from "../command.ts";
import { parseAllow, parseExec } from "../exec-spec.ts";
import type { CommandIo } from "../io.ts";
import { parseAgents, parseSecrets } from "../given-spec.ts";
import { checkOutputs, parseOutput, withLoad, withPush } from "../output-spec.ts";
import { printError } from "../print-error.ts";
import { dockerModes, openProgress, type ProgressMode, progressModes } from "../progress/index.ts";
import { removeOld, writeWhole } from "../write-whole.ts";
import { refusedBuildFlags } from "./build-refused.ts";

export const buildOptions = {
  tag: { type: "list", short: "t", value: "NAME[:TAG]", help: "Name of the image" },
  file: {
    type: "string",
    short: "f",
    value: "FILE",
    help: "The Dockerfile, - for standard input (default: Dockerfile in PATH)",
  },
  target: { type: "string", value: "STAGE", help: "Stage to build, by name or number (default: the last)" },
  platform: {
    type: "list",
    value: "OS/ARCH[/VARIANT]",
    help: "Platform to build for; several with commas give an image of each (variable DOCKER_DEFAULT_PLATFORM)",
  },
  "build-arg": {
    type: "list",
    value: "NAME[=VALUE]",
    help: "Value of an ARG; without a value the one of the environment",
  },
  "build-context": {
    type: "list",
    value: "NAME=VALUE",
    help: "In place of NAME: a folder, an address, docker-image://IMAGE, oci-layout://FOLDER:TAG or target:STAGE",
  },
  label: { type: "list", value: "NAME=VALUE", help: "Label of the image" },
  output: {
    type: "list",
    short: "o",
    value: "SPEC",
    help: "Where the result goes beside the store: type=oci|docker|tar|local,dest=PATH, type=registry, type=docker; a bare path is a folder, - a tar on standard output",
  },
  push: { type: "flag", help: "Send the image to its registry; short for --output=type=registry" },
  load: { type: "flag", help: "Take the image into a running Docker Engine; short for --output=type=docker" },
  annotation: {
    type: "list",
    value: "[PLACE:]KEY=VALUE",
    help: "Annotation of what leaves the store: manifest, manifest-descriptor, index or index-descriptor",
  },
  squash: { type: "flag", help: "One layer in place of all that the build adds to its base" },
  fold: {
    type: "flag",
    help: "Take out of the layers what later steps delete, replace or only chmod or chown; the files stay the same",
  },
  sbom: {
    type: "string",
    value: "true|false|format=FORMAT",
    bare: bareAttest,
    help: "Attach the list of software: short for --attest=type=sbom; spdx-json (default), cyclonedx-json or all",
  },
  provenance: {
    type: "string",
    value: "true|false|mode=min|max",
    bare: bareAttest,
    help: "Attach how the image came to be: short for --attest=type=provenance",
  },
  attest: {
    type: "list",
    value: "type=sbom|provenance[,KEY=VALUE]",
    help: "Attestation of what leaves the store",
  },
  "attest-as": {
    type: "string",
    value: "index|referrers",
    choices: ["index", "referrers"],
    help: "Attach in the image's index, as BuildKit does, or as manifests of their own (default: index)",
  },
  "no-cache": { type: "flag", help: "Run every step" },
  "no-cache-filter": { type: "list", value: "STAGE[,STAGE]", help: "Run every step of these stages" },
  "cache-from": {
    type: "list",
    value: "SPEC",
    help: "Cache of other machines to read: NAME in a registry, type=registry,ref=NAME or type=local,src=FOLDER",
  },
  "cache-to": {
    type: "list",
    value: "SPEC",
    help: "Where the cache is written for other machines: type=registry,ref=NAME, type=local,dest=FOLDER or type=inline; mode=max for all stages",
  },
  pull: { type: "flag", help: "Ask the registry, or the archive, whether the bases have changed" },
  locked: { type: "flag", help: "Take bases, files and commits as slipway.lock has them; see slipway lock" },
  print: { type: "flag", help: "Print the resolved graph as JSON instead of building" },
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
  "debian-keyring": {
    type: "string",
    value: "FILE",
    help: "OpenPGP keys that this archive is signed by, in place of Debian's (variable SLIPWAY_DEBIAN_KEYRING)",
  },
  secret: {
    type: "list",
    value: "id=ID[,src=FILE|,env=NAME]",
    help: "Secret for RUN --mount=type=secret; without a source the variable or the file ID",
  },
  ssh: {
    type: "list",
    value: "default|ID[=SOCKET|KEY[,KEY]]",
    help: "Agent or private keys for RUN --mount=type=ssh; without a path the agent in SSH_AUTH_SOCK",
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
  allow: {
    type: "list",
    value: "network.host|security.insecure",
    help: "Right that RUN may ask for: --network=host, --security=insecure",
  },
  "add-host": { type: "list", value: "NAME:ADDRESS", help: "Name that RUN steps know; host-gateway is this machine" },
  ulimit: { type: "list", value: "NAME=SOFT[:HARD]", help: "Limit of RUN steps: nofile=1024:4096" },
  "shm-size": { type: "string", value: "BYTES", help: "Size of /dev/shm in RUN steps (default: 64m)" },
  "cgroup-parent": { type: "string", value: "GROUP", help: "Control group that RUN steps get theirs in" },
  resource: {
    type: "list",
    value: "NAME=VALUE",
    help: "What a RUN step may take: memory=2g, memory-swap, cpu-shares, cpu-period, cpu-quota, cpuset-cpus, cpuset-mems",
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
  "metadata-file": { type: "string", value: "FILE", help: "Write what was built to a file, as buildx's JSON" },
  // What slipway does anyway, for command lines written for docker.
  rm: { type: "flag" },
  "force-rm": { type: "flag" },
} as const;

type BuildArgs = ParsedArgs<typeof buildOptions>;

export const build = command({
  name: "build",
  usage: "[OPTIONS] PATH|URL|-",
  summary: "Build an image from a Dockerfile",
  description:
    "PATH is the build context: the folder that COPY and ADD take files from. URL is a git repository, an archive or a Dockerfile on a web server, and - is standard input: an archive or a Dockerfile. The image lands in the store, named by --tag. Progress goes to standard error; with --quiet the image id goes to standard output.",
  examples: [
    "slipway build -t app .",
    "slipway build -t app --target build --build-arg VERSION=1.2 .",
    "slipway build -o type=oci,dest=app.tar .",
    "slipway build --build-context ubuntu=docker-image://debian:bookworm .",
  ],
  options: buildOptions,
  refused: refusedBuildFlags,
  positionals: [1, 1],
  missing: "name the build context: the folder with the Dockerfile, often just .",
  async run(args, io) {
    const call = parseCall(args.values.call, args.values.check);
    const options = toBuildOptions(args, io);
    if (call.method !== "build") return (await import("../call.ts")).answerCall(call, options, io);
    if (args.values.print) {
      const graph = await (await io.library()).graphOf(options);
      io.stdout.write(`${JSON.stringify(graph, null, 2)}\n`);
      return 0;
    }
    const mode = progressMode(args, io);
    // An id of an earlier build must not stay behind a build that fails.
    if (args.values.iidfile !== undefined) removeOld(args.values.iidfile, "image id");
    const progress = await openProgress(mode, io);
    try {
      const library = await io.library();
      const result = await library.build({ ...options, onEvent: progress.event });
      writeResultFiles(args, result, library);
      progress.succeed(result);
      const streamed = options.outputs?.some(({ dest }) => dest === "-");
      if (args.values.quiet && !streamed) io.stdout.write(`${result.imageId}\n`);
      return 0;
    } catch (error) {
      const known = toSlipwayError(error);
      const step = progress.fail(known);
      if (step !== "told") await printError(known, io, step);
      return known.exitCode;
    }
  },
});

/** What a command line for a build asks for. Throws SLIP_USAGE, SLIP_UNSUPPORTED. */
export function toBuildOptions({ values, positionals }: BuildArgs, io: CommandIo): BuildOptions {
  const [context = "."] = positionals;
  const given = values.output.map(parseOutput);
  const loaded = values.load ? withLoad(given) : given;
  const outputs = values.push ? withPush(loaded) : loaded;
  checkOutputs(outputs, io.stdout.isTTY === true);
  return {
    context,
    dockerfile: values.file,
    target: values.target,
    tags: values.tag,
    platforms: platforms(values.platform, io),
    buildArgs: buildArgs(values["build-arg"], io),
    buildContexts: pairs("--build-context", values["build-context"]),
    labels: pairs("--label", values.label, () => ""),
    noCache: values["no-cache"],
    noCacheFilter: values["no-cache-filter"].flatMap((text) => text.split(",").filter(Boolean)),
    cacheFrom: cacheSpecs("--cache-from", values["cache-from"]),
    cacheTo: cacheSpecs("--cache-to", values["cache-to"]),
    pull: values.pull,
    locked: lockedOf(values),
    squash: values.squash,
    fold: values.fold,
    jobs: wholeNumber("--jobs", values.jobs),
    outputs,
    annotations: values.annotation.length > 0 ? values.annotation.flatMap(parseAnnotation) : undefined,
    attest: parseAttest(values),
    record: values["metadata-file"] === undefined ? undefined : metadataProvenance(io.env),
    baseImages: values["base-images"] as BuildOptions["baseImages"],
    debianMirror: values["debian-mirror"],
    debianKeyring: values["debian-keyring"],
    secrets: values.secret.length > 0 ? parseSecrets(values.secret, io.env) : undefined,
    ssh: values.ssh.length > 0 ? parseAgents(values.ssh, io.env) : undefined,
    network: values.network as BuildOptions["network"],
    allow: values.allow.length > 0 ? parseAllow(values.allow) : undefined,
    exec: parseExec(values),
    store: io.store,
    signal: io.signal,
  };
}

function lockedOf({ locked, pull }: Pick<BuildArgs["values"], "locked" | "pull">): boolean {
  if (locked && pull) throw usage("--locked and --pull exclude each other", "slipway lock asks for what is newer");
  return locked;
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

function cacheSpecs(flag: "--cache-from" | "--cache-to", given: readonly string[]): BuildOptions["cacheFrom"] {
  return given.length > 0 ? given.flatMap((text) => parseCaches(flag, text)) : undefined;
}

function progressMode({ values }: BuildArgs, io: CommandIo): ProgressMode {
  if (values.quiet) return "quiet";
  const variable = ["SLIPWAY_PROGRESS", "BUILDKIT_PROGRESS"].find((name) => (io.env[name] ?? "") !== "");
  const given = values.progress ?? (variable === undefined ? "auto" : (io.env[variable] ?? "auto"));
  const mode = [...progressModes, ...dockerModes].find((item) => item === given);
  if (mode === undefined) throw usage(`Invalid value "${given}" of ${variable}`, `one of: ${progressModes.join(", ")}`);
  return mode;
}

function platforms(given: readonly string[], io: CommandIo): BuildOptions["platforms"] {
  if (given.length > 0) return given;
  const variable = io.env["DOCKER_DEFAULT_PLATFORM"];
  return variable ? [variable] : undefined;
}

/** Those of the command line, and SOURCE_DATE_EPOCH of the environment, as buildx passes it on. */
function buildArgs(given: readonly string[], io: CommandIo): Readonly<Record<string, string>> {
  const epoch = io.env["SOURCE_DATE_EPOCH"];
  const fromEnvironment = epoch ? [`SOURCE_DATE_EPOCH=${epoch}`] : [];
  return pairs("--build-arg", [...fromEnvironment, ...given], (name) => io.env[name]);
}

/** What the metadata file has of provenance, by buildx's variable. */
function metadataProvenance(env: CommandIo["env"]): BuildOptions["record"] {
  const mode = env["BUILDX_METADATA_PROVENANCE"] ?? "";
  if (mode === "disabled" || ["0", "f", "false"].includes(mode.toLowerCase())) return undefined;
  return mode === "max" ? "max" : "min";
}

function writeResultFiles(
  { values }: BuildArgs,
  result: BuildResult,
  library: Awaited<ReturnType<CommandIo["library"]>>,
): void {
  if (values.iidfile !== undefined) writeWhole(values.iidfile, result.imageId, "image id");
  const file = values["metadata-file"];
  if (file !== undefined) writeWhole(file, JSON.stringify(library.buildMetadata(result), null, 2), "metadata");
}
