import { chmodSync, chownSync, lstatSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../base/index.ts";
import { measureFolder, type SnapshotId, type SnapshotRecord, type Store, ulid } from "../store/index.ts";
import type { ActiveSnapshot } from "./contract.ts";
import { mountRoot, unmountIdle, unmountNow } from "./mounted.ts";
import { rootMounts } from "./overlay.ts";

/** Makes `fs` (the changes), `work` (overlayfs' own), `root` (the mount point) and what the caller has in `scratch` in a folder that is this process's. */
export function prepareActive(
  store: Store,
  parent: SnapshotId | undefined,
  layers: readonly string[],
  xattrs: "trusted" | "user",
): ActiveSnapshot {
  const folder = store.scratch();
  const upper = join(folder, "fs");
  const work = join(folder, "work");
  const mountPoint = join(folder, "root");
  const scratch = join(folder, "scratch");
  mkdirSync(upper);
  copyOwner(layers.at(-1), upper);
  mkdirSync(work);
  const mounts = rootMounts(layers, { upper, work }, xattrs);
  let state: "open" | "mounted" | "done" = "open";
  let mounting: Promise<string> | undefined;

  const mount = async (): Promise<string> => {
    // Nothing below: the folder itself is the root.
    if (layers.length === 0) return upper;
    mkdirSync(mountPoint);
    await mountRoot(mounts, mountPoint);
    state = "mounted";
    return mountPoint;
  };

  return {
    parent,
    mounts,
    upper,
    scratch,
    root: () => {
      if (state === "done") return Promise.reject(used("mount"));
      return (mounting ??= mount());
    },
    commit: async (facts = {}) => {
      if (state === "done") throw used("commit");
      await mounting;
      if (state === "mounted") await unmountIdle(mountPoint);
      state = "open";
      // What is renamed is a snapshot's folder: nothing but the changes.
      removeEmpty(mountPoint);
      removeEmpty(scratch);
      removeWork(work);
      const measured = await measureFolder(upper);
      if (facts.fills !== undefined) {
        // Lost to another process, it stays for the disposing.
        if (store.remoteLayers.fill(facts.fills, folder, measured)) state = "done";
        return store.snapshots.get(facts.fills) as SnapshotRecord;
      }
      const made = { id: ulid(), parent, created: Date.now(), ...measured, diffId: facts.diffId };
      const record = store.snapshots.publish(made, folder);
      state = "done";
      return record;
    },
    [Symbol.asyncDispose]: async () => {
      if (state === "done") return;
      await mounting?.catch(() => undefined);
      if (state === "mounted") await unmountNow(mountPoint);
      state = "done";
      await store.discard(folder);
    },
  };
}

/** The root folder of the layers looks as in the topmost of them; an empty file system's belongs to root and is open to all. */
function copyOwner(layer: string | undefined, upper: string): void {
  if (layer === undefined) {
    chmodSync(upper, 0o755);
    return;
  }
  const { mode, uid, gid } = lstatSync(layer);
  const own = lstatSync(upper);
  if (own.uid !== uid || own.gid !== gid) chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
}

function used(action: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_INTERNAL",
    message: `Cannot ${action} a snapshot that was committed or disposed of`,
  });
}

/** overlayfs leaves in it that it was mounted without a sync at the end (`volatile`). */
function removeWork(work: string): void {
  try {
    rmSync(join(work, "work/incompat/volatile/dirty"), { force: true });
    for (const folder of ["work/incompat/volatile", "work/incompat", "work"]) removeEmpty(join(work, folder));
    removeEmpty(work);
  } catch {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whatever should be in it after all goes too; looking for that first takes a millisecond. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") rmSync(folder, { recursive: true, force: true });
  }
}
