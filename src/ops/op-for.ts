import { digestOf } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { copyOp } from "./copy-op.ts";
import { execOp } from "./exec-op.ts";
import { imageOp } from "./image-op.ts";
import { mkdirOp } from "./mkdir-op.ts";

/** How a vertex is keyed and run. */
export function opFor(vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const { op } = vertex;
  switch (op.kind) {
    case "scratch":
      return {
        role: "source",
        key: () => digestOf({ op }),
        run: async () => ({ kind: "snapshot", id: undefined }),
      };
    case "context":
      return { role: "volatile", key: () => digestOf({ op }), run: async () => ({ kind: "context", op }) };
    case "image":
      return imageOp(op, rooms);
    case "mkdir":
      return mkdirOp(op, rooms);
    case "copy":
      return copyOp(op, vertex, rooms);
    case "exec":
      return execOp(op, vertex, rooms);
  }
}
