import { chmodSync, mkdirSync, renameSync, rmdirSync } from "node:fs";
import { type Ctx, type Digest, digestOf } from "../../base/index.ts";
import type { CacheMount, Vertex } from "../../graph/index.ts";
import type { CacheMountRequest } from "../../store/index.ts";
import type { FileTree, OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";
import { sourceChecksum } from "../sources.ts";
import { copySeed, takenPart } from "./bind.ts";
import { giveTo } from "./give-to.ts";

/**
 * What is asked of the store for a cache mount. Caches of one id that begin differently (another seed, owner or mode) are different caches,
 * as for BuildKit: else the first of them would decide for all.
 */
export async function cacheRequest(
  mount: CacheMount,
  vertex: Vertex,
  inputs: readonly FileTree[],
  rooms: OpRooms,
  ctx: Ctx,
): Promise<CacheMountRequest> {
  const { id, sharing, seed, mode = 0o755, uid = 0, gid = 0 } = mount;
  const from = seed && (inputs[seed.input] as FileTree);
  const checksum = seed && from && (await sourceChecksum(takenPart(seed, vertex), from, rooms, ctx));
  const key = digestOf({ cache: id, mode, uid, gid, seed: checksum?.digest });
  return {
    name: id,
    key,
    sharing,
    usedBy: vertex.origin.text,
    onWait: () => {
      const text = `waiting for the cache ${id}: another step has it\n`;
      ctx.emit({ type: "step-output", id: vertex.digest, stream: "stderr", text });
    },
    fill: async (folder) => {
      const carried = await takeCarried(key, folder, vertex, rooms, ctx);
      if (!carried && seed && from && checksum) await copySeed(seed, vertex, from, folder, checksum, rooms, ctx);
      giveTo(folder, { uid, gid }, machinery(rooms).squashOwners);
      chmodSync(folder, mode);
    },
  };
}

/** Fills a folder with what a cache from elsewhere has for the mount; a half of it does not stay. */
async function takeCarried(key: Digest, folder: string, vertex: Vertex, rooms: OpRooms, ctx: Ctx): Promise<boolean> {
  const take = rooms.carriedMount?.(key);
  if (!take) return false;
  const whole = `${folder}.carried`;
  mkdirSync(whole);
  if (!(await take(whole, vertex.digest, ctx))) return false;
  rmdirSync(folder);
  renameSync(whole, folder);
  return true;
}
