import { mkdirSync } from "node:fs";
import type { Ctx } from "../../base/index.ts";
import { mountAll } from "../../base/syscalls.ts";
import { type ArchiveChoice, bringRuntime, broughtRuntime } from "../../debian/index.ts";
import { openOpWorkers, type SpaceGuard } from "../../ops/index.ts";
import { makeArchiveBase } from "../bases/archive-base.ts";
import { DiffIds } from "../outputs/diff-ids.ts";
import { debianArch } from "../bases/debian-arch.ts";
import { announce, endFailed, type Engine } from "./engine.ts";
import { requireEmulation } from "../bases/require-emulation.ts";
import { checkReachable, writeOutputs } from "../outputs/outputs.ts";
import type { RegistryClients } from "../registry/open-client.ts";
import { MissingLayers } from "../registry/pull-missing.ts";
import {
  type Executor,
  findRuntime,
  type Namespace,
  openExecutor,
  type Runtime,
  runtimeFromTree,
} from "../../sandbox/index.ts";
import { openSnapshotter } from "../../snapshot/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";

/** Step id of the progress of bringing the OCI runtime. */
const runtimeStep = "runtime";

/** The archive of the job's options. */
type AskedArchive = Pick<ArchiveChoice, "mirror" | "keyring">;

/**
 * Wires the rooms that need mounts and processes; called in the engine process, inside its namespaces.
 * @param guard ends steps for which the store has no room
 * @param job where it is told that layers are brought because somebody needs their files.
 */
export function openEngine(
  store: Store,
  namespace: Namespace,
  archive: AskedArchive,
  job: Ctx,
  guard?: SpaceGuard,
): Engine {
  const missingLayers = new MissingLayers();
  const bring = (tops: readonly SnapshotId[]): Promise<void> => missingLayers.bring(tops, engine, job);
  const { overlayXattrs } = namespace;
  const snapshotter = openSnapshotter({ store, overlayXattrs, fill: (id) => bring([id]) });
  const workers = openOpWorkers();
  let found: Promise<Executor> | undefined;
  const executor = (ctx: Ctx): Promise<Executor> => {
    found ??= findExecutor(store, namespace, archive, ctx);
    return found;
  };
  let offDisk = false;
  const diffIds = new DiffIds(store, namespace);
  let clients: RegistryClients | undefined;
  const engine: Engine = {
    store,
    namespace,
    keyring: archive.keyring,
    snapshotter,
    executor,
    rooms: (ctx) => ({
      store,
      machinery: {
        snapshotter,
        executor: async () => executor(ctx),
        squashOwners: namespace.kind === "single-id",
        workers,
        guard,
      },
    }),
    keepOffDisk: () => {
      if (offDisk) return;
      offDisk = true;
      const folder = stateDir(store);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mountAll([{ type: "tmpfs", source: "tmpfs", target: "/", options: ["mode=0700", "nosuid", "nodev"] }], folder);
    },
    diffIdOf: (id, epoch) => diffIds.of(id, epoch),
    makeBase: (name, platform, baseMirror, ctx, again, audit) =>
      makeArchiveBase(name, { platform, mirror: baseMirror ?? archive.mirror, again, audit }, engine, ctx),
    registries: async (how = "patient") => {
      const { RegistryClients: Clients } = await import("../registry/open-client.ts");
      return (clients ??= new Clients()).get(how);
    },
    bringLayers: bring,
    bringBlob: (layer) => missingLayers.bringBlob(layer, engine, job),
    lostLayers: missingLayers.lost,
    nameLayers: (top, use) => missingLayers.name(top, use),
    pull: async (request, ctx) => (await import("../registry/pull-image.ts")).pullImage(request, engine, ctx),
    requireEmulation: (plans, ctx) => requireEmulation(plans, engine, ctx),
    checkReachable,
    writeOutputs: (request, ctx) => writeOutputs(request, engine, ctx),
    [Symbol.asyncDispose]: async () => {
      clients?.[Symbol.dispose]();
      workers[Symbol.dispose]();
    },
  };
  return engine;
}

/** Where the executor keeps what describes its processes. */
function stateDir(store: Store): string {
  return store.path("sandbox", "state");
}

async function findExecutor(store: Store, namespace: Namespace, archive: AskedArchive, ctx: Ctx): Promise<Executor> {
  const runtime = findRuntime() ?? (await bring(store, archive, ctx));
  const executor = openExecutor({ runtime, stateDir: stateDir(store), namespace });
  const works = await executor.probe();
  if (works !== true) throw works;
  return executor;
}

/** No runtime on this machine: crun comes from the signed Debian archive into the store, once. */
async function bring(store: Store, archive: AskedArchive, ctx: Ctx): Promise<Runtime> {
  await using _lock = await store.lock("runtime", ctx.signal);
  const arch = debianArch();
  const into = store.path("runtime", ".");
  const there = await broughtRuntime({ arch, into });
  if (there !== undefined) return runtimeFromTree(there);
  const started = Date.now();
  announce(ctx, runtimeStep, "crun from the Debian archive");
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  try {
    const tree = await bringRuntime({
      arch,
      into,
      cache,
      ctx,
      ...archive,
      step: runtimeStep,
    });
    ctx.emit({ type: "step-done", id: runtimeStep, duration: Date.now() - started });
    return runtimeFromTree(tree);
  } catch (error) {
    endFailed(ctx, runtimeStep, started, error);
    throw error;
  }
}
