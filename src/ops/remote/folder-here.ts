import type { SnapshotId } from "../../store/index.ts";
import type { OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";

/** The folder of a tree of one layer, which is brought when only the cache of another machine had it. Throws NeedsRun when that needs the engine. */
export async function folderHere(id: SnapshotId, rooms: OpRooms): Promise<string> {
  const { remoteLayers, snapshots } = rooms.store;
  if (remoteLayers.of(id)) {
    await using view = await machinery(rooms).snapshotter.view(id);
    void view;
  }
  return snapshots.folder(id);
}
