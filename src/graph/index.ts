/** Floor 2: the build as data. No room below knows a Dockerfile's syntax from here on. */
export type { BuildGraph, Origin, Vertex } from "./vertex.ts";
export { vertex } from "./vertex.ts";
export type {
  ContextOp,
  CopyOp,
  CopySource,
  ExecMount,
  ExecOp,
  FileOp,
  ImageOp,
  MkdirOp,
  OpSpec,
  ScratchOp,
} from "./op-spec.ts";
