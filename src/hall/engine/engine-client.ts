import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type BuildEvent, entryPoint, SlipwayError } from "../../base/index.ts";
import { namespaceCommand, refusal, type SignalSource } from "../../sandbox/index.ts";
import { defaultStoreRoot } from "../../store/index.ts";
import { engineConfig } from "../config/config-place.ts";
import { endOrphans, engineVariable } from "./end-orphans.ts";
import type { FromEngine, JobName, Jobs, ToEngine } from "./protocol.ts";
import { oneIdStore } from "./store-ids.ts";

/**
 * Megabytes of new objects between two collections of each thread. With Node's own 16 the buffers that transfers have used gather: a pull of 2 GB takes 40 MB
 * more (docs/adr/0019-layers-that-stay-away.md).
 */
const youngGeneration = "--max-semi-space-size=2";

export interface EngineCall {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
  /** The engine's standard streams are this process's own, for a container to run on; its input only when asked for. */
  readonly streams?: { readonly stdin: boolean; readonly terminal: boolean } | undefined;
  /** Signals for the container. */
  readonly signals?: SignalSource | undefined;
}

/**
 * Does a job in a process of its own, inside namespaces where it may mount. The process ends with the job; when this one
 * dies, it is told so by the closed channel and ends too.
 * Throws what the job threw, SLIP_CANCELLED, and SLIP_SANDBOX when the kernel refuses namespaces.
 */
export async function callEngine<J extends JobName>(
  job: J,
  options: Jobs[J]["options"],
  call: EngineCall,
): Promise<Jobs[J]["answer"]> {
  if (call.signal?.aborted) throw cancelled();
  const store = options.store ?? defaultStoreRoot();
  const engine = [process.execPath, youngGeneration, fileURLToPath(entryPoint("hall/engine/engine-main"))];
  const { command, args, env, warning } = namespaceCommand(engine, process.env, () => oneIdStore(store));
  if (warning !== undefined && job !== "run") call.onEvent?.({ type: "warning", message: warning });
  const name = randomUUID();
  const stdin = call.streams?.stdin ? "inherit" : "ignore";
  const stdout = call.streams || writesToStdout(options) ? "inherit" : "ignore";
  const child = spawn(command, args, {
    stdio: [stdin, stdout, "inherit", "ipc"],
    // The engine may be root of a user namespace, and must not take that for the root user's settings.
    env: { ...env, SLIPWAY_CONFIG: engineConfig(), [engineVariable]: name },
    // Signals of the terminal come to the container through this process, once. Where the container gets a terminal itself, the
    // runtime has to hear of changes of its size.
    detached: call.streams?.terminal === false,
  });
  const send = (message: ToEngine): void => {
    // what could not be delivered shows in how the engine ended
    if (child.connected) child.send(message, () => undefined);
  };
  // Whoever does not wait for the end of what was cancelled wants it gone: an engine that hears nothing more would go on without its caller.
  const kill = (): void => void child.kill("SIGKILL");
  const cancel = (): void => {
    send({ type: "cancel" });
    process.once("exit", kill);
  };
  call.signal?.addEventListener("abort", cancel);
  using signals = new DisposableStack();
  try {
    return await new Promise<Jobs[J]["answer"]>((resolve, reject) => {
      let settled = false;
      let ready = false;
      const settle = (end: () => void): void => {
        settled = true;
        end();
      };
      child.on("message", (message: FromEngine) => {
        if (message.type === "ready") ready = true;
        else if (message.type === "event") call.onEvent?.(message.event);
        else if (message.type === "answer") settle(() => resolve(message.answer));
        else settle(() => reject(new SlipwayError(message.error)));
      });
      child.on("error", (error) => settle(() => reject(notStarted(command, error))));
      // unshare(1) has said on standard error what was refused; what it leaves would keep "close" away
      child.on("exit", (code) => {
        if (settled || ready || code !== 1 || command === engine[0]) return;
        settle(() => reject(refusal()));
        endOrphans(name);
      });
      child.on("close", (code, signal) => {
        if (!settled) reject(call.signal?.aborted ? cancelled() : died(code, signal));
      });
      // The engine may be root of a user namespace, and must not take that for the root user's store.
      send({ type: "job", job, options: { ...options, store } });
      if (call.signals) signals.use(call.signals.subscribe((name) => send({ type: "signal", name })));
    });
  } finally {
    call.signal?.removeEventListener("abort", cancel);
    process.removeListener("exit", kill);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** An output to `-` is written by the engine itself. */
function writesToStdout(options: Jobs[JobName]["options"]): boolean {
  if ("dest" in options) return options.dest === "-";
  return "outputs" in options && options.outputs?.some(({ dest }) => dest === "-") === true;
}

function cancelled(): SlipwayError {
  return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
}

function notStarted(command: string, cause: Error): SlipwayError {
  return new SlipwayError({ code: "SLIP_SANDBOX", message: `Cannot start ${command}: ${cause.message}`, cause });
}

function died(code: number | null, signal: NodeJS.Signals | null): SlipwayError {
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`;
  const hint =
    signal === "SIGKILL" || code === 1 || code === 137
      ? "the machine may have run out of memory; the store is consistent, run it again"
      : undefined;
  return new SlipwayError({ code: "SLIP_SANDBOX", message: `The engine process ${how}`, hint });
}
