import { digestOf } from "../base/index.ts";
import type { ArchiveOp } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { fetchedTree, treeKey } from "./remote/fetched-tree.ts";
import { sourceLabel } from "./remote/source-label.ts";
import { unpackTree } from "./remote/source-rooms.ts";

/** The files of an archive that the caller has: unpacked once, found by its digest afterwards. */
export function archiveOp(op: ArchiveOp, rooms: OpRooms): Op<FileTree> {
  const label = sourceLabel(op.context);
  return {
    role: "volatile",
    key: () => digestOf({ op }),
    run: async (_inputs, ctx) => {
      const fill = (root: string): Promise<void> => unpackTree(op.file, root, label, rooms, ctx);
      return fetchedTree({ key: treeKey({ archive: op.digest }), label, fill }, rooms, ctx);
    },
  };
}
