import { SlipwayError } from "../../base/index.ts";
import { type CacheMount, openStore } from "../../store/index.ts";
import type { CacheMountSummary, CommonOptions } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";

/** The caches that RUN --mount=type=cache left in the store, used last first. */
export async function cacheMounts(options: CommonOptions = {}): Promise<readonly CacheMountSummary[]> {
  using store = openStore(options.store);
  return store.cacheMounts.list().map(summary);
}

/**
 * Deletes caches, by what the Dockerfile calls them (all that are called so) or by their own ids.
 * Throws SLIP_USAGE for one that there is not, before anything is deleted, and for those that a running build uses, when the others are gone.
 */
export async function removeCacheMounts(
  names: readonly string[],
  { store: root, signal }: CommonOptions = {},
): Promise<readonly CacheMountSummary[]> {
  const wanted = findMounts(names, root);
  const ids = wanted.map(({ id }) => id);
  const removed = await callEngine("remove-caches", { ids, store: root }, { signal });
  const gone = new Set(removed);
  const used = wanted.filter(({ id }) => !gone.has(id) && stillThere(id, root));
  if (used.length > 0) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot remove ${used.map(({ id, name }) => `the cache ${name} (${shortMountId(id)})`).join(", ")}: a build uses it now`,
      hint: "remove it when the build has ended",
    });
  }
  return wanted.filter(({ id }) => gone.has(id)).map(summary);
}

function findMounts(names: readonly string[], root: string | undefined): readonly CacheMount[] {
  using store = openStore(root);
  const all = store.cacheMounts.list();
  const found = names.map((name) => {
    const mounts = all.filter((mount) => mount.name === name);
    const byId = all.filter(({ id }) => name.length >= 6 && id.toLowerCase().endsWith(name.toLowerCase()));
    const [first] = mounts.length > 0 ? mounts : byId;
    if (!first) {
      throw new SlipwayError({
        code: "SLIP_USAGE",
        message: `No such cache: ${name}`,
        hint: "`slipway cache ls` lists those in the store",
      });
    }
    return mounts.length > 0 ? mounts : byId;
  });
  return [...new Set(found.flat())];
}

function stillThere(id: string, root: string | undefined): boolean {
  using store = openStore(root);
  return store.cacheMounts.list().some((mount) => mount.id === id);
}

function summary({ id, name, disk, created, lastUsed, inUse, usedBy }: CacheMount): CacheMountSummary {
  return { id: shortMountId(id), name, size: disk, created, lastUsed, inUse, usedBy };
}

/** The random end of an id: its beginning is a time, and much the same for all. */
function shortMountId(id: string): string {
  return id.slice(-10).toLowerCase();
}
