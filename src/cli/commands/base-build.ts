import type { AuditedBase, AuditMode, BuiltBase } from "../../index.ts";
import { type ParsedArgs, usage } from "../args.ts";
import { bareAttest, parseAttest } from "../attest-spec.ts";
import { command } from "../command.ts";
import { formatSize, plural } from "../format.ts";
import type { CommandIo } from "../io.ts";
import { checkOutputs, parseOutput } from "../output-spec.ts";
import { transferProgress } from "../transfer-progress.ts";

export const baseBuildOptions = {
  suite: {
    type: "string",
    value: "bookworm|trixie",
    help: "Release of Debian (default: trixie)",
  },
  arch: {
    type: "list",
    aliases: ["platform"],
    value: "ARCH",
    help: "Architecture: amd64, arm64, armhf, ...; several with commas give an image of each (default: this machine's)",
  },
  variant: {
    type: "list",
    value: "nonroot|debug|debug-nonroot",
    help: "nonroot runs as user 65532, debug has a shell in /busybox",
  },
  tag: { type: "list", short: "t", value: "NAME[:TAG]", help: "Name of the image" },
  output: {
    type: "list",
    short: "o",
    value: "SPEC",
    help: "Where the image goes beside the store, as with slipway build",
  },
  locked: {
    type: "flag",
    help: "Just the packages of the lock beside the file, as slipway base lock wrote it; no archive is asked for what the store has",
  },
  audit: {
    type: "string",
    value: "error|warn|off",
    choices: ["error", "warn", "off"],
    help: "What is done about files that cannot work for want of a library or interpreter (default: error)",
  },
  sbom: {
    type: "string",
    value: "true|false|format=FORMAT",
    bare: bareAttest,
    help: "Attach the list of software to what leaves the store: spdx-json (default), cyclonedx-json or all",
  },
  "debian-mirror": {
    type: "string",
    value: "URL",
    help: "Archive that it is made from (variable SLIPWAY_DEBIAN_MIRROR)",
  },
  "debian-keyring": {
    type: "string",
    value: "FILE",
    help: "OpenPGP keys that this archive is signed by, in place of Debian's (variable SLIPWAY_DEBIAN_KEYRING)",
  },
  quiet: { type: "flag", short: "q", help: "Print the image ids alone" },
} as const;

export const baseBuild = command({
  name: "base build",
  usage: "[OPTIONS] NAME|FILE",
  summary: "Make a small base image from the Debian archive",
  description:
    "Makes a base without shell and package manager from the signed Debian archive: static, base-nossl, base, cc, python3, java-base, java17, java21, java25 or nodejs; or one that a file describes. No registry and no program of the base takes part, so that one for another architecture takes as long. Its name goes to standard output, progress to standard error.",
  examples: [
    "slipway base build python3",
    "slipway base build java17 --suite bookworm --variant nonroot -t my-java",
    "slipway base build cc --arch arm64 -o type=oci,dest=cc.tar",
    "slipway base build my-base.yaml -t my-base",
  ],
  options: baseBuildOptions,
  positionals: [1, 1],
  missing: "name the base: slipway base build python3",
  async run(args, io) {
    const [name = ""] = args.positionals;
    const { values } = args;
    const outputs = values.output.map(parseOutput);
    checkOutputs(outputs, io.stdout.isTTY === true);
    const built = await (
      await io.library()
    ).buildBase({
      name,
      locked: values.locked,
      suite: values.suite,
      archs: values.arch,
      ...variantOf(args),
      tags: values.tag,
      outputs,
      audit: values.audit as AuditMode | undefined,
      attest: parseAttest({ sbom: values.sbom, attest: [], provenance: undefined, "attest-as": undefined }),
      debianMirror: values["debian-mirror"],
      debianKeyring: values["debian-keyring"],
      onEvent: values.quiet ? undefined : transferProgress(io),
      store: io.store,
      signal: io.signal,
    });
    if (!values.quiet) tell(built.images, io);
    if (outputs.some(({ dest }) => dest === "-")) return;
    const lines = values.quiet ? built.images.map(({ imageId }) => imageId) : [...values.tag, built.name].slice(0, 1);
    io.stdout.write(lines.map((line) => `${line}\n`).join(""));
  },
});

/** `nonroot,debug` is the same as `debug-nonroot`. Throws SLIP_USAGE. */
function variantOf({ values }: ParsedArgs<typeof baseBuildOptions>): {
  readonly nonroot: boolean;
  readonly debug: boolean;
} {
  const words = values.variant.flatMap((text) => text.split(/[,-]/)).filter(Boolean);
  const wrong = words.find((word) => word !== "nonroot" && word !== "debug");
  if (wrong !== undefined) {
    throw usage(`Unknown variant "${wrong}"`, "the variants are nonroot, debug and debug-nonroot");
  }
  return { nonroot: words.includes("nonroot"), debug: words.includes("debug") };
}

function tell(images: BuiltBase["images"], { stderr }: CommandIo): void {
  for (const { imageId, platform, size, audit } of images) {
    stderr.write(`  ${imageId.slice(0, 19)} ${platform} ${formatSize(size)}\n`);
    if (audit) stderr.write(`  ${auditText(audit)}\n`);
  }
}

/** `audited 367 programs and libraries, 19 scripts, 378 links and 37 packages: nothing is missing` */
function auditText({ programs, scripts, links, packages, findings }: AuditedBase): string {
  const looked = [
    plural(programs, "program or library", "programs and libraries"),
    plural(scripts, "script"),
    plural(links, "link"),
  ].join(", ");
  const found = findings === 0 ? "nothing is missing" : `${plural(findings, "thing")} cannot work`;
  return `audited ${looked} and ${plural(packages, "package")}: ${found}`;
}
