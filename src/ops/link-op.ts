import type { LinkOp } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { snapshotOf } from "./machinery.ts";
import { stepKey } from "./step-key.ts";

/**
 * COPY --link: the layer of a copy onto nothing is put on another file system as it is. That takes a row in the store, so it is no step: the copy
 * is one, and a change of what lies below leaves it alone.
 */
export function linkOp(op: LinkOp, { store }: OpRooms): Op<FileTree> {
  return {
    role: "source",
    key: (inputs) => stepKey({ op, inputs }),
    run: async ([copy, base]) => {
      const below = snapshotOf(base);
      const layer = snapshotOf(copy);
      if (below === undefined || layer === undefined) return { kind: "snapshot", id: layer ?? below };
      return { kind: "snapshot", id: store.snapshots.stack(layer, below).id };
    },
  };
}
