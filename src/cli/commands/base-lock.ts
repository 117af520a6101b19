import type { LockedBase } from "../../index.ts";
import { command } from "../command.ts";
import { plural } from "../format.ts";
import { printable } from "../text.ts";
import { transferProgress } from "../transfer-progress.ts";
import { baseBuildOptions } from "./base-build.ts";

export const baseLock = command({
  name: "base lock",
  usage: "[OPTIONS] FILE",
  summary: "Write down the packages of a base that a file describes",
  description:
    "Asks the signed Debian archive for the packages of the base, and writes a file beside FILE with the ending .lock: the releases with date, digest and key, and path, size and sha256 of every package. slipway base build --locked makes the base of just those, without a network where the store has them.",
  examples: ["slipway base lock my-base.yaml", "slipway base lock --check my-base.yaml"],
  options: {
    arch: { ...baseBuildOptions.arch, help: "Architectures to lock, with commas (default: those of the file)" },
    check: { type: "flag", help: "Write nothing; exit code 1 when packages have moved" },
    "debian-mirror": {
      type: "string",
      value: "URL",
      help: "Archive that is asked; the lock names it for builds that name none (variable SLIPWAY_DEBIAN_MIRROR: asked, not named)",
    },
    "debian-keyring": baseBuildOptions["debian-keyring"],
    format: { type: "string", value: "text|json", choices: ["text", "json"], help: "json prints one object" },
  },
  positionals: [1, 1],
  missing: "name the file that describes the base: slipway base lock my-base.yaml",
  async run({ values, positionals: [file = ""] }, io) {
    const result = await (
      await io.library()
    ).lockBase({
      file,
      archs: values.arch,
      check: values.check,
      debianMirror: values["debian-mirror"],
      debianKeyring: values["debian-keyring"],
      onEvent: transferProgress(io),
      store: io.store,
      signal: io.signal,
    });
    io.stdout.write(values.format === "json" ? `${JSON.stringify(result)}\n` : textOf(result, values.check));
    return values.check && result.changes.length > 0 ? 1 : 0;
  },
});

function textOf({ file, packages, archs, changes, written }: LockedBase, check: boolean): string {
  const several = archs.length > 1;
  const isNew = changes.every(({ type }) => type === "added");
  // Of a lock that was not there, or of one more architecture, the file itself is the list.
  const lines = (isNew ? [] : changes).map(({ type, arch, name, before, after }) => {
    const versions =
      before === after ? `${after ?? ""}, with other bytes` : [before, after].filter(Boolean).join(" -> ");
    return `${type} ${name}${several ? `:${arch}` : ""} ${versions}`;
  });
  const count = `${plural(packages, "package")} for ${archs.join(", ")}`;
  const end = written
    ? `Wrote ${file}: ${count}`
    : changes.length === 0
      ? `${file} is as it must be: ${count}`
      : `${file}: ${plural(changes.length, "package")} ${check ? "would change" : "changed"}`;
  return [...lines, end].map((line) => `${printable(line)}\n`).join("");
}
