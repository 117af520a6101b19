import { existsSync } from "node:fs";
import type { Ctx } from "../../base/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { ImportedCaches } from "../cache/import-caches.ts";
import { oneIdStore } from "../engine/store-ids.ts";
import { RegistryClients } from "../registry/open-client.ts";

/**
 * What a build would find in caches from elsewhere: their records are put into a store that forgets them.
 * @throws SLIP_USAGE and SLIP_UNSUPPORTED for what is no cache; one that cannot be read is a warning
 */
export async function foreseenCaches(
  { cacheFrom = [], noCache }: Pick<BuildOptions, "cacheFrom" | "noCache">,
  store: Store,
  root: string,
  ctx: Ctx,
): Promise<ImportedCaches | undefined> {
  if (cacheFrom.length === 0) return undefined;
  const [{ readCacheSources }, { importCaches }] = await Promise.all([
    import("../cache/read-caches.ts"),
    import("../cache/import-caches.ts"),
  ]);
  const sources = readCacheSources(cacheFrom);
  if (noCache) return undefined;
  using clients = new RegistryClients();
  const rooms = {
    store,
    squashed: existsSync(root) && oneIdStore(root) !== undefined,
    registries: async () => clients.get("patient"),
    keeps: false,
  };
  return await importCaches(sources, rooms, ctx);
}
