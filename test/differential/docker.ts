import { join } from "node:path";
import type { Case } from "../conformance/case.ts";
import { type ComparedConfig, configText } from "../conformance/config-text.ts";
import { buildWords } from "../conformance/lay-case.ts";
import { type Base, configOptions, type Outcome } from "../conformance/outcome.ts";
import { treeText } from "../conformance/tree-text.ts";
import { type Ended, startGroup } from "../e2e/support/slipway.ts";
import { readTree } from "../e2e/support/tar-tree.ts";

/** Docker in the chroot of scripts/peers.sh, with its daemon running. */
export interface Docker {
  /** Runs the client in a folder that the chroot has too. */
  run(
    folder: string,
    args: readonly string[],
    options?: { readonly env?: Case["env"]; readonly stdin?: string | undefined },
  ): Promise<Ended>;
}

export function openDocker(chroot: string): Docker {
  return {
    run: (folder, args, { env = {}, stdin } = {}) =>
      startGroup(["chroot", chroot, "sh", "-c", 'cd "$0" && exec docker "$@"', folder, ...args], {
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "", HOME: "/root", ...env },
        stdin,
        patience: 120_000,
      }).ended,
  };
}

/** Builds a case that is laid in `folder` with docker; the outcome is in slipway's terms, without steps and codes of errors. */
export async function buildWithDocker(given: Case, folder: string, base: Base, docker: Docker): Promise<Outcome> {
  for (const { args, context = "context" } of given.before ?? []) {
    const ended = await docker.run(folder, ["buildx", "build", "--network=host", "--load", ...args, context]);
    if (ended.code !== 0) return { failure: failureOf(ended), warnings: [], tree: "", config: "", steps: {} };
  }
  const [tar, oci] = [`${folder}.docker.tar`, `${folder}.oci.tar`];
  const own = given.dockerArgs ?? given.args ?? [];
  const words = [
    ["buildx", "build", "--progress=rawjson", "--provenance=false"],
    own.some((word) => word.startsWith("--network")) ? [] : ["--network=host"],
    ["-o", `type=tar,dest=${tar}`, "-o", `type=oci,dest=${oci}`],
    buildWords(given, folder, own),
  ].flat();
  const stdin = given.stdin === undefined ? undefined : join(folder, given.stdin);
  const ended = await docker.run(folder, words, { env: given.env, stdin });
  const warnings = warningsOf(ended.stderr);
  if (ended.code !== 0) return { failure: failureOf(ended), warnings, tree: "", config: "", steps: {} };
  return {
    warnings,
    tree: treeText(readTree(tar), base.tree, { times: given.shows?.includes("times") === true }),
    config: configText(readConfig(oci), configOptions(given, base)),
    steps: {},
  };
}

/** The configuration of the image in an OCI archive, of the first one of several platforms (image-spec, image-layout.md). */
export function readConfig(archive: string): ComparedConfig {
  const files = readTree(archive);
  const json = (path: string): unknown => JSON.parse(files.get(path)?.content ?? "{}");
  const blob = (digest: string): unknown => json(`blobs/${digest.replace(":", "/")}`);
  const { manifests } = json("index.json") as { readonly manifests: readonly { readonly digest: string }[] };
  const top = blob(manifests[0]!.digest) as { readonly manifests?: readonly { readonly digest: string }[] };
  const manifest = (top.manifests ? blob(top.manifests[0]!.digest) : top) as {
    readonly config: { readonly digest: string };
  };
  return blob(manifest.config.digest) as ComparedConfig;
}

interface RawWarning {
  /** Base64: `RULE: message`. */
  readonly short?: string;
  readonly range?: readonly { readonly start?: { readonly line?: number } }[];
}

/** Warnings of `--progress=rawjson`, by the lines they are about. */
function warningsOf(stderr: string): readonly string[] {
  const found = stderr.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const { warnings = [] } = JSON.parse(line) as { readonly warnings?: readonly RawWarning[] };
    return warnings.map(({ short = "", range }) => ({
      text: Buffer.from(short, "base64").toString("utf8"),
      line: range?.[0]?.start?.line,
    }));
  });
  return found.map(({ text, line }) => (line === undefined ? text : `${text} (line ${line})`));
}

/** The message, and the first line that docker marks in the Dockerfile. */
function failureOf({ code, stderr }: Ended): NonNullable<Outcome["failure"]> {
  const told = stderr
    .split("\n")
    .filter((line) => !line.startsWith("{"))
    .join("\n")
    .trim();
  const marked = /^ *(\d+) \| >>>/m.exec(told);
  return { code: `exit ${code}`, text: told, line: marked ? Number(marked[1]) : undefined };
}
