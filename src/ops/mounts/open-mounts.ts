import type { Ctx, Mount } from "../../base/index.ts";
import type { ExecOp, Vertex } from "../../graph/index.ts";
import type { CacheMountRequest } from "../../store/index.ts";
import type { FileTree, OpRooms } from "../contract.ts";
import type { Checksum } from "../sources.ts";
import { openBind } from "./bind.ts";
import { cacheRequest } from "./cache.ts";
import { openSecret, openVault } from "./secret.ts";
import { openSsh } from "./ssh.ts";

/** What the mounts of a RUN give its process, for as long as it runs. */
export interface OpenMounts extends AsyncDisposable {
  /** Folders before what is mounted in them. */
  readonly mounts: readonly Mount[];
  /** Variables that hold secrets. */
  readonly env: readonly string[];
  /** The place of the agent's socket, for a step that does not say itself where it looks. */
  readonly agentEnv: readonly string[];
  /** Folders of the store that the process may write to through them. */
  readonly caches: readonly string[];
}

/**
 * Makes ready what a RUN mounts: secrets first, because nothing can be done without those that it requires; caches last, because
 * somebody may wait for them.
 * @param keyed what the step's key was made of, by the number of the mount.
 */
export async function openMounts(
  { mounts: wanted }: ExecOp,
  vertex: Vertex,
  inputs: readonly FileTree[],
  keyed: ReadonlyMap<number, Checksum>,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<OpenMounts> {
  await using stack = new AsyncDisposableStack();
  const vault = openVault(rooms, stack);
  const mounts: Mount[] = [];
  const env: string[] = [];
  let agentEnv: readonly string[] = [];
  for (const [at, mount] of wanted.entries()) {
    if (mount.type === "secret") {
      const given = openSecret(mount, at, vault, rooms);
      mounts.push(...given.mounts);
      env.push(...given.env);
    } else if (mount.type === "ssh") {
      const given = await openSsh(mount, at, vault, rooms, stack);
      mounts.push(...given.mounts);
      // The first one is what programs find.
      if (agentEnv.length === 0) agentEnv = given.env;
    } else if (mount.type === "tmpfs") {
      const options = mount.size === undefined ? [] : [`size=${mount.size}`];
      mounts.push({ type: "tmpfs", source: "tmpfs", target: mount.target, options });
    }
  }
  for (const [at, mount] of wanted.entries()) {
    if (mount.type !== "bind") continue;
    mounts.push(await openBind(mount, vertex, inputs[mount.input] as FileTree, keyed.get(at), rooms, ctx, stack));
  }
  const caches = await openCaches(wanted, vertex, inputs, rooms, ctx, stack);
  mounts.push(...caches);
  const opened = stack.move();
  return {
    mounts: mounts.toSorted((a, b) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0)),
    env,
    agentEnv,
    caches: [...new Set(caches.map(({ source }) => source))],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Caches are taken in the order of their keys, and each once: so two steps that lock the same ones never wait for each other. */
async function openCaches(
  wanted: ExecOp["mounts"],
  vertex: Vertex,
  inputs: readonly FileTree[],
  rooms: OpRooms,
  ctx: Ctx,
  stack: AsyncDisposableStack,
): Promise<readonly Mount[]> {
  const users = new Map<
    string,
    { readonly request: CacheMountRequest; readonly targets: [string, readonly string[]][] }
  >();
  for (const mount of wanted) {
    if (mount.type !== "cache") continue;
    const request = await cacheRequest(mount, vertex, inputs, rooms, ctx);
    const user = users.get(request.key) ?? { request, targets: [] };
    user.targets.push([mount.target, mount.readonly ? ["ro"] : []]);
    users.set(request.key, user.request.sharing === "shared" ? { ...user, request } : user);
  }
  const mounts: Mount[] = [];
  for (const [, { request, targets }] of [...users].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { folder } = stack.use(await rooms.store.cacheMounts.use(request, ctx.signal));
    mounts.push(...targets.map(([target, options]): Mount => ({ type: "bind", source: folder, target, options })));
  }
  return mounts;
}
