import { chmodSync, closeSync, constants, openSync } from "node:fs";
import type { Socket } from "node:net";
import type { SshMount } from "../../graph/index.ts";
import type { OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";
import { giveTo } from "./give-to.ts";
import { openKeyAgent } from "./key-agent.ts";
import { type Given, givenTo, notGiven, secretError, type Vault } from "./secret.ts";

/**
 * Shows the process a socket behind which the caller's agent answers. It is one of slipway's own, for an agent talks to its own user
 * alone, and the process may be another.
 */
export async function openSsh(
  mount: SshMount,
  at: number,
  vault: Vault,
  rooms: OpRooms,
  stack: AsyncDisposableStack,
): Promise<Given> {
  const { id, target, mode = 0o600, uid = 0, gid = 0 } = mount;
  const answers = givenTo(rooms.given?.ssh, id);
  if (answers === undefined) {
    if (!mount.required) return { mounts: [], env: [] };
    throw notGiven(
      `the ssh agent ${JSON.stringify(id)}`,
      undefined,
      `--ssh ${id}=SOCKET, --ssh ${id}=KEYFILE, or --ssh ${id} for the agent in SSH_AUTH_SOCK`,
    );
  }
  const folder = vault.folder();
  const name = `agent.${at}`;
  const agent =
    typeof answers === "string" ? answers : stack.use(await openKeyAgent(answers, folder, `keys.${at}`)).socket;
  stack.use(await listen(folder, name, agent));
  const socket = `${folder}/${name}`;
  giveTo(socket, { uid, gid }, machinery(rooms).squashOwners);
  chmodSync(socket, mode);
  const mounts = [{ type: "bind", source: socket, target, options: ["nosuid", "nodev", "noexec"] }] as const;
  return { mounts, env: [`SSH_AUTH_SOCK=${target}`] };
}

/** Listens on a socket `name` in a folder, and joins each connection with one to the agent. */
async function listen(folder: string, name: string, agent: string): Promise<AsyncDisposable> {
  const { connect, createServer } = await import("node:net");
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on("close", () => open.delete(socket));
  };
  const server = createServer((client) => {
    const other = keep(connect(short));
    keep(client).pipe(other).pipe(client);
    for (const [one, two] of [
      [client, other],
      [other, client],
    ] as const) {
      one.on("error", () => two.destroy());
      one.on("close", () => two.destroy());
    }
  });
  // A socket's path has at most 107 bytes; through the open folder it is short wherever the store lies.
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const short = agent.startsWith(`${folder}/`) ? `/proc/self/fd/${handle}${agent.slice(folder.length)}` : agent;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(`/proc/self/fd/${handle}/${name}`, resolve);
    });
  } catch (error) {
    closeSync(handle);
    throw secretError(`Cannot pass on the ssh agent ${agent}: ${(error as Error).message}`, undefined, error);
  }
  // A process that opens more connections than there may be files gets no further ones; that must not end the engine.
  server.on("error", () => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      // Not before: closing removes the socket by that path.
      closeSync(handle);
    },
  };
}
