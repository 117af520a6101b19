import { posix } from "node:path";
import type { SourceLocation } from "../../base/index.ts";
import { expandWord, mountOption, type MountOption, type RunInstruction } from "../../dockerfile/index.ts";
import { type ExecMount, type Vertex, vertex } from "../../graph/index.ts";
import { builtInArg } from "../built-in-args.ts";
import { wrong } from "../refuse.ts";
import type { StageBuilder } from "../stage.ts";
import type { Surroundings } from "./surroundings.ts";

/** The mounts of a RUN, and the vertices whose files they show: input 1 and on. */
export interface LoweredMounts {
  readonly mounts: readonly ExecMount[];
  readonly inputs: readonly Vertex[];
}

/** Dockerfile reference, "RUN --mount". Targets that are not absolute are below the working folder. */
export async function lowerMounts(
  instruction: RunInstruction,
  stage: StageBuilder,
  around: Surroundings,
): Promise<LoweredMounts> {
  const inputs: Vertex[] = [];
  const mounts: ExecMount[] = [];
  let sockets = 0;
  for (const flag of instruction.mounts) {
    const { location } = flag;
    const option = mountOption(flag, (value) =>
      expandWord(value, stage.scope.lookup, { escape: stage.escape, location }),
    );
    const files = await filesOf(option, location, around);
    const input = files && addInput(inputs, files);
    const namespace = builtInArg(around.buildArgs, "BUILDKIT_CACHE_MOUNT_NS") ?? "";
    mounts.push(lowerMount(option, input, sockets, stage.workdir, namespace, location));
    if (option.type === "ssh") sockets++;
  }
  return { mounts, inputs };
}

/** What `from` names; without it a bind mount shows the build context, and a new cache is empty. */
async function filesOf(
  option: MountOption,
  location: SourceLocation,
  around: Surroundings,
): Promise<Vertex | undefined> {
  if (option.type !== "bind" && option.type !== "cache") return undefined;
  if (option.from?.toLowerCase() === "scratch") return vertex({ kind: "scratch" }, [], { text: "FROM scratch" });
  if (option.from !== undefined) return around.source(option.from, location, "RUN --mount from");
  return option.type === "bind" ? around.context : undefined;
}

/** The number of an input; two mounts from one place share it. Input 0 is the file system that the step runs in. */
function addInput(inputs: Vertex[], input: Vertex): number {
  const known = inputs.findIndex(({ digest }) => digest === input.digest);
  return known < 0 ? inputs.push(input) : known + 1;
}

function lowerMount(
  option: MountOption,
  input: number | undefined,
  socket: number,
  workdir: string,
  namespace: string,
  location: SourceLocation,
): ExecMount {
  const place = (written: string): string => {
    const target = posix.resolve(workdir, written);
    if (target === "/")
      throw wrong(`--mount=type=${option.type} cannot have the target /`, location, "mount a folder below");
    return target;
  };
  const { type } = option;
  switch (type) {
    case "bind": {
      const { source, readonly } = option;
      return { type, input: input as number, source: inside(source), target: place(option.target), readonly };
    }
    case "cache": {
      const { sharing, readonly, mode, uid, gid, target } = option;
      const seed = input === undefined ? undefined : { input, source: inside(option.source) };
      if (option.source !== undefined && !seed) {
        throw wrong("--mount=type=cache has a source and no from", location, "name the stage or image: from=NAME");
      }
      const own = option.id ?? (posix.normalize(target).replace(/\/$/, "") || "/");
      const id = namespace === "" ? own : posix.join(namespace, own);
      return { type, id, target: place(target), readonly, sharing, mode, uid, gid, seed };
    }
    case "tmpfs":
      return { type, target: place(option.target), size: option.size };
    case "secret": {
      const { target, env, required, mode, uid, gid } = option;
      const id = option.id ?? (target === undefined ? undefined : posix.basename(target));
      if (id === undefined) throw wrong("--mount=type=secret needs an id or a target", location, "write id=NAME");
      const file = target ?? (env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined);
      return { type, id, target: file === undefined ? undefined : place(file), env, required, mode, uid, gid };
    }
    case "ssh": {
      const { id = "default", target = `/run/buildkit/ssh_agent.${socket}`, required, mode, uid, gid } = option;
      return { type, id, target: place(target), required, mode, uid, gid };
    }
  }
}

/** A path inside a tree, from its root and without a slash in front; "" is the whole. */
function inside(source: string | undefined): string {
  return posix.resolve("/", source ?? "").slice(1);
}
