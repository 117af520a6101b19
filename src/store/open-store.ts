import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { makeFolder, SlipwayError } from "../base/index.ts";
import { BlobStore } from "./blob-store.ts";
import { CacheMountStore } from "./cache-mount-store.ts";
import { sync } from "./chores.ts";
import type { Store, StoreOptions } from "./contract.ts";
import { Database } from "./database.ts";
import { estimatedBytes, evict, isOver, pastEvictions, roomMaker } from "./evict.ts";
import { FactStore } from "./fact-store.ts";
import { FailedStepStore } from "./failed-steps.ts";
import { diskUsage } from "./disk-usage.ts";
import { sweep } from "./gc.ts";
import { ImageTable } from "./image-table.ts";
import { KeyNoteStore } from "./key-notes.ts";
import { liveBytes, writtenTo } from "./live-bytes.ts";
import { Locks } from "./locks.ts";
import { LayerBlobStore, RecordStore } from "./record-store.ts";
import { dropUnsettled, recover } from "./recover.ts";
import { RemoteLayerStore } from "./remote-layers.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { State } from "./state.ts";
import { discard } from "./trash.ts";
import { TravelledStore } from "./travelled.ts";
import { verify } from "./verify.ts";

/**
 * Opens the store, making it when it is not there. Takes a few milliseconds, and loads neither the FFI nor a worker.
 * @param root its folder; without it defaultStoreRoot.
 * Throws SLIP_STORE when it is damaged, made by a newer slipway or not accessible.
 */
export function openStore(root: string = defaultStoreRoot(), options: StoreOptions = {}): Store {
  const folder = resolve(root);
  try {
    makeFolder(folder, 0o700);
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_STORE",
      message: `Cannot make the store ${folder}: ${(error as Error).message}`,
      hint: "choose another place with SLIPWAY_ROOT",
      cause: error,
    });
  }
  const db = new Database(options.database ?? databaseOf(folder), options.busyTimeout ?? 10_000);
  const bootId = options.bootId ?? readBootId();
  try {
    dropUnsettled(db, bootId);
  } catch (error) {
    db[Symbol.dispose]();
    throw error;
  }
  return assemble(new State(folder, db, bootId), options);
}

/** The file with a store's metadata. */
export function databaseOf(root: string): string {
  return join(root, "slipway.db");
}

/** $SLIPWAY_ROOT; for root /var/lib/slipway; for others slipway in $XDG_DATA_HOME or in ~/.local/share. */
export function defaultStoreRoot(
  env: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  const own = env["SLIPWAY_ROOT"];
  if (own) return resolve(own);
  if (uid === 0) return "/var/lib/slipway";
  const data = env["XDG_DATA_HOME"];
  return join(data && isAbsolute(data) ? data : join(homeOf(env), ".local/share"), "slipway");
}

/** An empty HOME is none, and a number may run programs that no file has a name for. */
function homeOf(env: NodeJS.ProcessEnv): string {
  if (env["HOME"]) return env["HOME"];
  try {
    return userInfo().homedir;
  } catch (cause) {
    throw new SlipwayError({
      code: "SLIP_STORE",
      message: "Cannot tell where the store is: HOME is not set and this user has no home folder",
      hint: "choose a place with SLIPWAY_ROOT",
      cause,
    });
  }
}

function assemble(state: State, { limit, onEviction }: StoreOptions): Store {
  const remove = (path: string): Promise<void> => discard(state, path);
  const blobs: BlobStore = new BlobStore(state, limit && roomMaker(() => blobs, state, limit, onEviction));
  const snapshots = new SnapshotStore(state, remove);
  const images = new ImageTable(state, snapshots);
  const records = new RecordStore(state, snapshots);
  const remoteLayers = new RemoteLayerStore(state, snapshots);
  const locks = new Locks(state);
  const cacheMounts = new CacheMountStore(state, remove);
  return {
    root: state.root,
    blobs,
    snapshots,
    remoteLayers,
    images,
    records,
    travelled: new TravelledStore(state, snapshots),
    keyNotes: new KeyNoteStore(state),
    failedSteps: new FailedStepStore(state),
    cacheMounts,
    layerBlobs: new LayerBlobStore(state),
    facts: new FactStore(state),
    path: (...segments) => state.path(...segments),
    scratch: (options) => state.scratch(options),
    discard: remove,
    lock: (name, signal) => locks.acquire(name, signal),
    settle: () => settle(state),
    recover: () => recover(state, blobs),
    collect: () => sweep(state, blobs, { type: "collect" }),
    prune: (options = {}) => sweep(state, blobs, { type: "prune", ...options }),
    keepWithin: async (how) => limit && evict(state, blobs, limit, how),
    isOver: (most) => isOver(state.db, most),
    estimate: () => estimatedBytes(state.db),
    live: () => liveBytes(state),
    written: async (paths) => {
      let bytes = 0;
      for (const path of paths) bytes += await writtenTo(state, path);
      return bytes;
    },
    evictions: () => pastEvictions(state.db),
    du: () => diskUsage(state, cacheMounts),
    verify: (options = {}) => verify(state, { blobs, images, snapshots, remoteLayers, records, cacheMounts }, options),
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** Rows are marked only after the sync that began when they were there: what comes in meanwhile waits for the next. */
async function settle(state: State): Promise<void> {
  const { db, bootId } = state;
  const rows = db.all<{ id: string }>("SELECT id FROM snapshots WHERE boot = ?", bootId);
  const filled = db.all<{ snapshot: string }>("SELECT snapshot FROM remote_layers WHERE boot = ?", bootId);
  if (rows.length + filled.length === 0) return;
  await sync(state.root);
  db.write(() => {
    for (const { snapshot } of filled) db.run("UPDATE remote_layers SET boot = '' WHERE snapshot = ?", snapshot);
    for (const { id } of rows) db.run("UPDATE snapshots SET boot = NULL WHERE id = ?", id);
  });
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    const started = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
    return `btime-${started ?? "unknown"}`;
  }
}
