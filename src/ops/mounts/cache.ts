import { chmodSync } from "node:fs";
import { type Ctx, digestOf } from "../../base/index.ts";
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
  return {
    name: id,
    key: digestOf({ cache: id, mode, uid, gid, seed: checksum?.digest }),
    sharing,
    usedBy: vertex.origin.text,
    onWait: () => {
      const text = `waiting for the cache ${id}: another step has it\n`;
      ctx.emit({ type: "step-output", id: vertex.digest, stream: "stderr", text });
    },
    fill: async (folder) => {
      if (seed && from && checksum) await copySeed(seed, vertex, from, folder, checksum, rooms, ctx);
      giveTo(folder, { uid, gid }, machinery(rooms).squashOwners);
      chmodSync(folder, mode);
    },
  };
}
