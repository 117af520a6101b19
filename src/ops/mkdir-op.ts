import { chmodSync, lchownSync, mkdirSync, utimesSync } from "node:fs";
import { ownerError, SlipwayError } from "../base/index.ts";
import type { MkdirOp } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { resolveInRoot } from "./tree/root-path.ts";
import { findUser } from "./users.ts";
import { find } from "./tree/find.ts";
import { stepKey } from "./step-key.ts";

/** A folder with its parents (WORKDIR): those that are there already stay as they are. */
export function mkdirOp(op: MkdirOp, rooms: OpRooms): Op<FileTree> {
  return {
    role: "step",
    key: (inputs) => stepKey({ op, inputs }),
    run: async ([base]) => {
      const { snapshotter, squashOwners } = machinery(rooms);
      await using active = await snapshotter.prepare(snapshotOf(base));
      const root = await active.root();
      const owner = op.owner === undefined ? undefined : findUser(root, op.owner);
      const made: string[] = [];
      let at = root;
      for (const part of resolveInRoot(root, op.path, true).split("/").filter(Boolean)) {
        at = `${at}/${part}`;
        const stat = find(at);
        if (stat?.isDirectory()) continue;
        if (stat) {
          const message = `Cannot make the working folder ${op.path}: ${at.slice(root.length)} is a file`;
          throw new SlipwayError({ code: "SLIP_COPY_DESTINATION", message });
        }
        mkdirSync(at);
        made.push(at);
        chmodSync(at, 0o755);
        if (!owner || squashOwners) continue;
        try {
          lchownSync(at, owner.uid, owner.gid);
        } catch (error) {
          throw ownerError(at.slice(root.length), owner, error);
        }
      }
      // Last, since what is made in a folder changes its time.
      if (op.time !== undefined) for (const path of made) utimesSync(path, op.time, op.time);
      return { kind: "snapshot", id: (await active.commit()).id };
    },
  };
}
