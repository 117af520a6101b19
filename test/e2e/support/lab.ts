import { execFile, execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, inject } from "vitest";
import { openStore } from "../../../src/store/index.ts";
import { whyNoNamespace } from "../../support/in-namespace.ts";
import { whyNoBusybox, writeBaseContext } from "./base-image.ts";
import { removeFolder } from "./remove-folder.ts";
import { type CallOptions, type Ended, type Running, start, stepsOf } from "./slipway.ts";
import { readTree, type TreeFile } from "./tar-tree.ts";

/** A program that verifies a store, to be started in whatever namespaces the store's files need. */
export const verifier = fileURLToPath(new URL("./verify-store.ts", import.meta.url));

const why = whyNoNamespace ?? whyNoBusybox;
if (why !== undefined && process.env["CI"] === "true") throw new Error(`the end-to-end tests cannot run: ${why}`);

/** For `describe.skipIf(whyNoLab)`: why nothing can be built here, or undefined. */
export const whyNoLab: string | undefined = why;
/** For the titles of what is skipped. */
export const because: string = why === undefined ? "" : ` (skipped: ${why})`;

/** Path -> content; `{ link }` is a symbolic link, `{ content, mode }` a file with permission bits, a path that ends in `/` a folder. */
export type Files = Readonly<
  Record<string, string | Uint8Array | { readonly link: string } | { readonly content: string; readonly mode: number }>
>;

export interface Built extends Ended {
  /** Text of each step -> `ran`, `cached`, `failed` or `cancelled`. */
  readonly steps: Readonly<Record<string, string>>;
}

/** A store with the image `base` (busybox in /bin, accounts root and app) and a folder for contexts; gone after the file. */
export interface Lab {
  readonly folder: string;
  readonly store: string;
  /** Writes a build context; without a name into a new folder. Gives its path. */
  context(files: Files, name?: string): string;
  /** Waits until the store is there; all calls but `start` do. */
  ready(): Promise<void>;
  /** Runs the command to its end. */
  slipway(args: readonly string[], options?: Partial<CallOptions>): Promise<Ended>;
  start(args: readonly string[], options?: Partial<CallOptions>): Running;
  /** `slipway build --progress=json ARGS CONTEXT`. Throws when it fails. */
  build(context: string, ...args: readonly string[]): Promise<Built>;
  /** Builds and gives the files of the result, as `--output type=tar` writes them. Throws when the build fails. */
  tree(context: string, ...args: readonly string[]): Promise<ReadonlyMap<string, TreeFile>>;
  /** `slipway inspect`'s Config of an image. */
  config(image: string): Promise<Readonly<Record<string, unknown>>>;
  /** What is wrong with the store, after what killed processes left was swept: empty when all is well. */
  verify(store?: string): Promise<readonly string[]>;
}

/** Opens the lab of a test file: its own copy of the seed store. Call at the top of the file. */
export function openLab(): Lab {
  const folder = mkdtempSync(join(tmpdir(), "slipway-e2e-"));
  chmodSync(folder, 0o755);
  afterAll(() => removeFolder(folder));
  const store = join(folder, "store");
  let ready: Promise<void> | undefined;
  let count = 0;
  const prepared = (): Promise<void> => (ready ??= seed().then((from) => void execFileSync("cp", ["-a", from, store])));
  const lab: Lab = {
    folder,
    store,
    context: (files, name = `context-${count++}`) => {
      const context = join(folder, name);
      writeFiles(context, files);
      return context;
    },
    ready: prepared,
    start: (args, options = {}) => start(args, { store, ...options }),
    slipway: async (args, options = {}) => {
      await prepared();
      return start(args, { store, ...options }).ended;
    },
    build: async (context, ...args) => {
      const ended = await lab.slipway(["build", "--progress=json", ...args, context]);
      if (ended.code !== 0)
        throw new Error(`the build ended with ${ended.code}: ${ended.stderr.trimEnd().split("\n").at(-1)}`);
      return { ...ended, steps: stepsOf(ended.stderr) };
    },
    tree: async (context, ...args) => {
      const tar = join(folder, `tree-${count++}.tar`);
      await lab.build(context, ...args, "-o", `type=tar,dest=${tar}`);
      return readTree(tar);
    },
    config: async (image) => {
      const { stdout } = await lab.slipway(["inspect", image]);
      const [first] = JSON.parse(stdout) as readonly { readonly Config: Readonly<Record<string, unknown>> }[];
      return first?.Config ?? {};
    },
    verify: async (path = store) => {
      if (process.getuid?.() === 0) {
        using opened = openStore(path);
        await opened.recover();
        return await opened.verify({ blobs: true });
      }
      // An ordinary user may delete what its builds left only in a user namespace.
      const way = ["-U", "--map-auto", "--map-root-user", process.execPath, verifier, path];
      const { stdout } = await promisify(execFile)("unshare", way, { timeout: 30_000 });
      return stdout.split("\n").filter((line) => line !== "");
    },
  };
  return lab;
}

/** Writes files below a folder, with their folders. */
export function writeFiles(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, file] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (name.endsWith("/")) continue;
    if (typeof file === "string" || file instanceof Uint8Array) writeFileSync(path, file);
    else if ("link" in file) symlinkSync(file.link, path);
    else {
      writeFileSync(path, file.content);
      chmodSync(path, file.mode);
    }
  }
}

/** The store that all start from, made by whichever file comes first: with the base, and with an OCI runtime if slipway had to bring one. */
async function seed(): Promise<string> {
  const folder = inject("e2eSeed");
  const [store, done, failed] = ["store", "done", "failed"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  if (takes(join(folder, "taken"))) {
    writeBaseContext(join(folder, "context"));
    const { code, stderr } = await start(["build", "-t", "base", join(folder, "context")], { store }).ended;
    writeFileSync(code === 0 ? done : failed, stderr);
  }
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(50)) {
    if (existsSync(done)) return store;
    if (existsSync(failed)) break;
  }
  throw new Error(`the base image was not built: ${existsSync(failed) ? readFileSync(failed, "utf8") : "timed out"}`);
}

/** True for the one process that makes the folder. */
function takes(path: string): boolean {
  return spawnSync("mkdir", [path], { stdio: "ignore" }).status === 0;
}
