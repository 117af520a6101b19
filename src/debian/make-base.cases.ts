// Makes real base images; called inside a namespace by make-base.test.ts (test/support/in-namespace.ts).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildEvent } from "../base/index.ts";
import { enterNamespace, findRuntime, openExecutor, runtimeFromTree } from "../sandbox/index.ts";
import { openSnapshotter } from "../snapshot/index.ts";
import { openStore } from "../store/index.ts";
import { bringRuntime, makeBase, parseBaseName } from "./index.ts";

export interface BaseOrder {
  readonly name: string;
  /** The store that the image is made in; two kinds of namespaces cannot share one. */
  readonly root: string;
  /** The store that keeps the packages. */
  readonly packages: string;
  /** The file that gets the MadeTree, as JSON: too much for a message. */
  readonly result: string;
}

export interface MadeTree {
  readonly created: string;
  readonly createdBy: string;
  readonly packages: number;
  readonly config: unknown;
  /** Path -> type, mode and content, without owners. */
  readonly files: Readonly<Record<string, string>>;
  /** Times later than the image's own. */
  readonly late: readonly string[];
  readonly audit: string;
  readonly notInstalled: readonly string[];
  readonly labels: readonly string[];
}

export async function make(order: BaseOrder): Promise<void> {
  const namespace = enterNamespace();
  using store = openStore(order.root);
  using packages = openStore(order.packages);
  const events: BuildEvent[] = [];
  const ctx = { signal: new AbortController().signal, emit: (event: BuildEvent) => void events.push(event) };
  const cache = { folder: join(order.packages, "debian"), blobs: packages.blobs };
  const into = join(order.packages, "runtime");
  const runtime = findRuntime() ?? runtimeFromTree(await bringRuntime({ arch: "amd64", into, cache, ctx }));
  const base = parseBaseName(order.name);
  if (!base) throw new Error(`${order.name} is no base`);
  const owner = namespace.kind === "single-id" ? "squash" : "keep";
  const made = await makeBase(
    { ...base, arch: "amd64", owner, step: "base" },
    {
      cache,
      ctx,
      snapshotter: openSnapshotter({ store, overlayXattrs: namespace.overlayXattrs }),
      executor: openExecutor({ runtime, stateDir: store.path("sandbox", "state"), namespace }),
    },
  );
  const root = store.snapshots.folder(made.snapshot.id);
  const paths = execFileSync("find", [".", "-print0"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const list = paths.split("\0").filter((path) => path !== "");
  // An ordinary user cannot remove files of other ids, once outside.
  using _ = { [Symbol.dispose]: () => rmSync(order.root, { recursive: true, force: true }) };
  const status = readFileSync(join(root, "var/lib/dpkg/status"), "utf8").split("\n\n");
  const tree: MadeTree = {
    created: made.created,
    createdBy: made.history[0]?.created_by ?? "",
    packages: made.packages.length,
    config: made.config,
    files: Object.fromEntries(list.map((path) => [path, describe(join(root, path))])),
    late: list.filter((path) => lstatSync(join(root, path)).mtimeMs > Date.parse(made.created)),
    audit: execFileSync("dpkg", ["--root", root, "--audit"], { encoding: "utf8" }),
    notInstalled: status.filter((stanza) => stanza !== "" && !stanza.includes("Status: install ok installed")),
    labels: [...new Set(events.flatMap((event) => (event.type === "step-progress" ? [event.label] : [])))],
  };
  writeFileSync(order.result, JSON.stringify(tree));
}

function describe(path: string): string {
  const info = lstatSync(path);
  const mode = (info.mode & 0o777).toString(8);
  if (info.isDirectory()) return `folder ${mode}`;
  if (info.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  return `file ${mode} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}
