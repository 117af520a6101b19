import { digestOf, SlipwayError } from "../base/index.ts";
import type { ImageOp } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";

/** The file system of an image in the store: its top snapshot. Keyed by its layers, so that other metadata keep the cache. */
export function imageOp(op: ImageOp, { store, bases, planning }: OpRooms): Op<FileTree> {
  const held = bases?.get(op.id);
  return {
    role: "source",
    key: () => {
      const layers = held?.diffIds ?? store.images.get(op.id)?.config.rootfs.diff_ids ?? op.id;
      return digestOf({ kind: "image", layers });
    },
    run: async () => {
      if (held && planning) return { kind: "snapshot", id: held.top };
      if (held && (held.top === undefined || store.snapshots.use(held.top))) return { kind: "snapshot", id: held.top };
      const image = store.images.get(op.id);
      if (!image) {
        throw new SlipwayError({ code: "SLIP_STORE", message: `Image ${op.name} left the store while it was used` });
      }
      const top = image.snapshots.at(-1);
      if (top !== undefined) store.snapshots.use(top);
      return { kind: "snapshot", id: top };
    },
  };
}
