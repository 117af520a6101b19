import { availableParallelism, arch as machineArch } from "node:os";
import { type Ctx, SlipwayError, WorkerPool } from "../base/index.ts";
import { bringRuntime, type DebianArch } from "../debian/index.ts";
import type { OpRooms } from "../ops/index.ts";
import { type Executor, findRuntime, type Namespace, openExecutor, runtimeFromTree } from "../sandbox/index.ts";
import { openSnapshotter, type Snapshotter } from "../snapshot/index.ts";
import type { Store } from "../store/index.ts";

/** All that the engine process works with. Dispose of it before the process answers. */
export interface Engine extends AsyncDisposable {
  readonly store: Store;
  readonly namespace: Namespace;
  readonly snapshotter: Snapshotter;
  readonly executor: (ctx: Ctx) => Promise<Executor>;
  readonly rooms: (ctx: Ctx) => OpRooms;
}

/** Step id of the progress of bringing the OCI runtime. */
const runtimeStep = "runtime";

/** Wires the rooms that need mounts and processes; called in the engine process, inside its namespaces. */
export function openEngine(store: Store, namespace: Namespace, mirror: string | undefined): Engine {
  const snapshotter = openSnapshotter({ store, overlayXattrs: namespace.overlayXattrs });
  const workers = new WorkerPool("ops/worker", availableParallelism());
  let found: Promise<Executor> | undefined;
  const executor = (ctx: Ctx): Promise<Executor> => {
    found ??= findExecutor(store, namespace, mirror, ctx);
    return found;
  };
  return {
    store,
    namespace,
    snapshotter,
    executor,
    rooms: (ctx) => ({
      store,
      machinery: {
        snapshotter,
        executor: async () => executor(ctx),
        squashOwners: namespace.kind === "single-id",
        workers,
      },
    }),
    [Symbol.asyncDispose]: async () => workers[Symbol.dispose](),
  };
}

async function findExecutor(
  store: Store,
  namespace: Namespace,
  mirror: string | undefined,
  ctx: Ctx,
): Promise<Executor> {
  const runtime = findRuntime() ?? (await bring(store, mirror, ctx));
  const executor = openExecutor({ runtime, stateDir: store.path("sandbox", "state"), namespace });
  const works = await executor.probe();
  if (works !== true) throw works;
  return executor;
}

/** No runtime on this machine: crun comes from the signed Debian archive into the store, once. */
async function bring(
  store: Store,
  mirror: string | undefined,
  ctx: Ctx,
): ReturnType<typeof runtimeFromTree> extends infer R ? Promise<R> : never {
  await using _lock = await store.lock("runtime", ctx.signal);
  const started = Date.now();
  announce(ctx, runtimeStep, "crun from the Debian archive");
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  try {
    const tree = await bringRuntime({
      arch: debianArch(),
      into: store.path("runtime", "."),
      cache,
      ctx,
      mirror,
      step: runtimeStep,
    });
    ctx.emit({ type: "step-done", id: runtimeStep, duration: Date.now() - started });
    return runtimeFromTree(tree);
  } catch (error) {
    ctx.emit({ type: "step-cancelled", id: runtimeStep });
    throw error;
  }
}

/** Shows a step that is not part of the Dockerfile. */
export function announce(ctx: Ctx, id: string, text: string): void {
  ctx.emit({ type: "graph", steps: [{ id, text, inputs: [] }], target: "", skippedStages: [] });
  ctx.emit({ type: "step-start", id, time: Date.now() });
}

/** Debian's name of this machine's architecture. Throws SLIP_UNSUPPORTED for one that slipway does not know. */
export function debianArch(): DebianArch {
  const arch = machineArch();
  if (arch === "x64") return "amd64";
  if (arch === "arm64") return "arm64";
  throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message: `The architecture ${arch} is not supported yet` });
}
