import { digestOf } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { archiveOp } from "./archive-op.ts";
import { copyOp } from "./copy-op.ts";
import { execOp } from "./exec-op.ts";
import { gitOp } from "./git-op.ts";
import { httpOp } from "./http-op.ts";
import { imageOp } from "./image-op.ts";
import { keyParts } from "./key-parts.ts";
import { linkOp } from "./link-op.ts";
import { mkdirOp } from "./mkdir-op.ts";

/** How a vertex is keyed and run. */
export function opFor(vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const op = opOfKind(vertex, rooms);
  if (op.role !== "step") return op;
  return { ...op, parts: (inputs) => keyParts(vertex, inputs, rooms.lists?.get(vertex.digest) ?? {}) };
}

function opOfKind(vertex: Vertex, rooms: OpRooms): Op<FileTree> {
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
    case "http":
      return httpOp(op, vertex, rooms);
    case "git":
      return gitOp(op, rooms);
    case "archive":
      return archiveOp(op, rooms);
    case "mkdir":
      return mkdirOp(op, rooms);
    case "copy":
      return copyOp(op, vertex, rooms);
    case "link":
      return linkOp(op, rooms);
    case "exec":
      return execOp(op, vertex, rooms);
  }
}
