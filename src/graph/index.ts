/** Floor 2: the build as data. No room below knows a Dockerfile's syntax from here on. */
export type { BuildGraph, Origin, Vertex } from "./vertex.ts";
export { linkParts, standsOn, vertex } from "./vertex.ts";
export type { ExecSettings, ExtraHost } from "./exec-settings.ts";
export type {
  ArchiveOp,
  BindMount,
  CacheMount,
  ContextOp,
  CopyOp,
  CopySource,
  ExecMount,
  ExecOp,
  FileOp,
  GitOp,
  HttpOp,
  ImageOp,
  LinkOp,
  MkdirOp,
  OpSpec,
  ScratchOp,
  SecretMount,
  SourceOp,
  SshMount,
} from "./op-spec.ts";
