// Where a case of the Executor runs: an overlay root, an executor, and bounds in time and output.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuildEvent } from "../base/index.ts";
import { mountAll, unmount } from "../base/syscalls.ts";
import { type Executor, type Namespace, type ProcessSpec, type Runtime, openExecutor } from "./index.ts";

export interface Answer {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  readonly events: readonly BuildEvent[];
}

export interface Lab {
  readonly executor: Executor;
  readonly runtime: Runtime;
  readonly namespace: Namespace;
  readonly warning: string | null;
  /** The root, an overlay, and the folder of its changes. */
  readonly root: string;
  readonly upper: string;
  readonly folder: string;
  /** Runs a shell script. */
  readonly sh: (script: string, spec?: Partial<ProcessSpec>, signal?: AbortSignal) => Promise<Answer>;
  /** One more root like it. */
  readonly anotherRoot: () => Disposable & { readonly path: string };
  readonly run: (args: readonly string[], spec?: Partial<ProcessSpec>, signal?: AbortSignal) => Promise<Answer>;
}

const root0 = { uid: 0, gid: 0, additionalGids: [] };
export const status = (name: string): string => `grep -E '^${name}:' /proc/self/status`;
export const field = ({ out }: Answer): string => out.trim().replace(/^.*:\s*/, "");
export const bind = (source: string, target: string, ...options: string[]) =>
  ({ type: "bind", source, target, options }) as const;

/** A case that takes longer has failed: its processes are killed and the next one runs. */
const patience = 20_000;
/** A process may write this many bytes; one that writes more is killed. */
const mostOutput = 8 << 20;

/** Runs a case over a fresh root of its own. */
export async function oneCase(
  test: (lab: Lab) => Promise<void>,
  runtime: Runtime,
  folder: string,
  lower: string,
  { namespace, warning }: { readonly namespace: Namespace; readonly warning: string | null },
): Promise<void> {
  mkdirSync(folder);
  const upper = join(folder, "upper");
  using overlay = makeRoot(folder, lower, namespace);
  const root = overlay.path;
  let roots = 0;
  const anotherRoot = (): ReturnType<typeof makeRoot> => {
    const place = join(folder, `another-${roots++}`);
    mkdirSync(place);
    return makeRoot(place, lower, namespace);
  };
  const executor = openExecutor({ runtime, stateDir: join(folder, "state"), namespace });
  const stop = new AbortController();
  const run: Lab["run"] = async (args, spec = {}, signal = stop.signal) => {
    const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const events: BuildEvent[] = [];
    let size = 0;
    const onOutput = (stream: "stdout" | "stderr", chunk: Uint8Array): void => {
      size += chunk.length;
      if (size <= mostOutput) output[stream].push(chunk);
      else stop.abort(new Error(`${args.join(" ")} writes more than ${mostOutput} bytes`));
    };
    const { exitCode } = await executor.run(
      {
        root,
        args,
        env: ["PATH=/bin", "HOME=/root"],
        cwd: "/",
        user: root0,
        mounts: [],
        network: "host",
        stdio: { type: "pipe", onOutput },
        ...spec,
      },
      { signal: AbortSignal.any([signal, stop.signal]), emit: (event) => events.push(event) },
    );
    const text = (chunks: Uint8Array[]): string => Buffer.concat(chunks).toString();
    return { exitCode, out: text(output.stdout), err: text(output.stderr), events };
  };
  const sh: Lab["sh"] = (script, spec, signal) => run(["sh", "-c", script], spec, signal);
  const timer = setTimeout(() => stop.abort(new Error(`it took more than ${patience / 1000} s`)), patience);
  const stopped = new Promise<never>((_, reject) => {
    // a moment later, so that the processes that the case waits for have been killed
    stop.signal.addEventListener("abort", () => setTimeout(() => reject(stop.signal.reason as Error), 3000));
  });
  try {
    await Promise.race([
      test({ executor, runtime, namespace, warning, root, upper, folder, anotherRoot, run, sh }),
      stopped,
    ]);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** An overlay over `lower`; its changes are in `upper` of the folder. */
function makeRoot(folder: string, lower: string, namespace: Namespace): Disposable & { readonly path: string } {
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(folder, name)) as [string, string, string];
  for (const path of [upper, work, root]) mkdirSync(path);
  const user = namespace.overlayXattrs === "user" ? ["userxattr"] : [];
  const options = [`lowerdir+=${lower}`, `upperdir=${upper}`, `workdir=${work}`, ...user];
  mountAll([{ type: "overlay", source: "overlay", target: "/", options }], root);
  return { path: root, [Symbol.dispose]: () => unmount(root, { detach: true }) };
}
