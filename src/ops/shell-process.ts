import { type Ctx, isSlipwayError } from "../base/index.ts";
import { type ExecOp, vertex } from "../graph/index.ts";
import type { ProcessSpec } from "../sandbox/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { execProcess, privateFiles } from "./exec-op.ts";
import { takenPart } from "./mounts/bind.ts";
import { openMounts } from "./mounts/open-mounts.ts";
import { type Checksum, sourceChecksum } from "./sources.ts";
import { find } from "./tree/find.ts";
import { resolveInRoot } from "./tree/root-path.ts";

/** What runs in a root as a RUN step would have run. */
export interface ShellProcess extends AsyncDisposable {
  readonly process: Omit<ProcessSpec, "stdio" | "args">;
}

/**
 * Makes a step's surroundings again around a root: variables, user, working folder, network and mounts. Secrets and agents are there when
 * they were given again; what else cannot be had any more is left out, with a warning.
 * @param inputs what the step's mounts show, by number; [0] counts for nothing.
 */
export async function shellProcess(
  op: ExecOp,
  inputs: readonly FileTree[],
  root: string,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<ShellProcess> {
  await using stack = new AsyncDisposableStack();
  const step = vertex(op, [], { text: "slipway shell" });
  const keyed = new Map<number, Checksum>();
  const mounts: ExecOp["mounts"][number][] = [];
  for (const mount of op.mounts) {
    if (mount.type === "secret" || mount.type === "ssh") mounts.push({ ...mount, required: false });
    else if (mount.type === "tmpfs") mounts.push(mount);
    else {
      const part = mount.type === "bind" ? mount : mount.seed;
      try {
        const from = part && inputs[part.input];
        if (part && from) {
          const checksum = await sourceChecksum(takenPart(part, step), from, rooms, ctx);
          if (mount.type === "bind") keyed.set(mounts.length, checksum);
        }
        mounts.push(mount);
      } catch (error) {
        if (!isSlipwayError(error)) throw error;
        ctx.emit({ type: "warning", message: `The mount on ${mount.target} is left out: ${error.message}` });
      }
    }
  }
  const opened = { ...op, mounts };
  const mounted = stack.use(await openMounts(opened, step, inputs, keyed, rooms, ctx));
  const files = stack.use(privateFiles(opened, rooms));
  const { args: _args, ...process } = execProcess(opened, root, mounted, files.mounts, rooms);
  const moved = stack.move();
  return { process, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

const usualShells = ["/bin/sh", "/bin/bash", "/bin/ash", "/bin/dash", "/usr/bin/sh", "/busybox/sh"];

/** The first shell that a root has. */
export function findShell(root: string, preferred: string | undefined): string | undefined {
  const wanted = preferred?.startsWith("/") ? [preferred] : [];
  return [...wanted, ...usualShells].find((path) => {
    const stat = find(`${root}/${resolveInRoot(root, path, true)}`);
    return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
  });
}
