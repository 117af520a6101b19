import type { BuildEvent } from "../../base/index.ts";
import type { BuildOptions, LockOptions, LockResult } from "../../index.ts";
import { entryName, entryValue } from "../../lockfile/index.ts";
import { parseArgs } from "../args.ts";
import { command } from "../command.ts";
import { plural } from "../format.ts";
import type { CommandIo } from "../io.ts";
import { printable } from "../text.ts";
import { transferProgress } from "../transfer-progress.ts";
import { buildOptions, toBuildOptions } from "./build.ts";

const taken = {
  file: { ...buildOptions.file, help: "The Dockerfile (default: Dockerfile in PATH)" },
  platform: buildOptions.platform,
  "build-arg": buildOptions["build-arg"],
  "build-context": buildOptions["build-context"],
  "base-images": buildOptions["base-images"],
  "debian-mirror": buildOptions["debian-mirror"],
  "debian-keyring": buildOptions["debian-keyring"],
  secret: buildOptions.secret,
  ssh: buildOptions.ssh,
} as const;

export const lock = command({
  name: "lock",
  usage: "[OPTIONS] PATH",
  summary: "Write down what the names in a Dockerfile stand for",
  description:
    "Looks up every image, file and repository that the Dockerfile takes from elsewhere, and writes slipway.lock beside it: digests, commits, the state of the Debian archive. slipway build --locked builds with just that.",
  examples: ["slipway lock .", "slipway lock --update alpine:3.20 .", "slipway lock --check ."],
  options: {
    update: {
      type: "list",
      value: "NAME",
      help: "Look up only this image, address or repository; the others stay as they are",
    },
    check: { type: "flag", help: "Write nothing; exit code 1 when something has moved" },
    target: { type: "string", value: "STAGE", help: "Only what this stage needs (default: all stages)" },
    ...taken,
    format: { type: "string", value: "text|json", choices: ["text", "json"], help: "json prints one object" },
  },
  positionals: [1, 1],
  missing: "name the build context: the folder with the Dockerfile, often just .",
  async run({ values, positionals }, io) {
    const { update, check, format, ...given } = values;
    const others = parseArgs(buildOptions, []).values;
    const asked = toBuildOptions({ values: { ...others, ...given }, positionals }, io);
    const onEvent = io.stderr.isTTY ? transferProgress(io) : warnings(io);
    const result = await (await io.library()).lock({ ...lockedBy(asked), update, check, onEvent });
    io.stdout.write(format === "json" ? `${JSON.stringify(result)}\n` : textOf(result, check));
    return check && result.changes.length > 0 ? 1 : 0;
  },
});

/** What a lock is asked for of what a build is. */
function lockedBy({
  context,
  dockerfile,
  target,
  platforms,
  buildArgs,
  buildContexts,
  baseImages,
  debianMirror,
  debianKeyring,
  secrets,
  ssh,
  store,
  signal,
}: BuildOptions): LockOptions {
  const named = { context, dockerfile, target, platforms, buildArgs, buildContexts };
  return { ...named, baseImages, debianMirror, debianKeyring, secrets, ssh, store, signal };
}

function warnings({ stderr }: Pick<CommandIo, "stderr">): (event: BuildEvent) => void {
  return (event) => {
    if (event.type === "warning") stderr.write(`WARNING: ${printable(event.message)}\n`);
  };
}

function textOf({ file, dockerfile, entries, changes, written }: LockResult, check: boolean): string {
  const lines = changes.flatMap((change) => {
    const entry = change.type === "removed" ? change.before : change.after;
    const value =
      change.type === "moved"
        ? `${entryValue(change.before)} -> ${entryValue(change.after)}`
        : change.type === "added"
          ? entryValue(change.after)
          : "no line uses it";
    const places = change.places.map(({ line, text }) => `  ${dockerfile}:${line}: ${text}`);
    return [`${change.type} ${entryName(entry)}: ${value}`, ...places];
  });
  const count = plural(entries, "entry", "entries");
  const end = written
    ? `Wrote ${file}: ${count}`
    : changes.length === 0
      ? `${file} is as it must be: ${count}`
      : `${file}: ${changes.length} of ${count} ${check ? "would change" : "changed"}`;
  return [...lines, end].map((line) => `${printable(line)}\n`).join("");
}
