/** Floor 2: the build as data. No room below knows a Dockerfile's syntax from here on. */
export type { BuildGraph, Origin, Vertex } from "./vertex.ts";
export { vertex } from "./vertex.ts";
export type {
  BindMount,
  CacheMount,
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
  SecretMount,
  SshMount,
} from "./op-spec.ts";
