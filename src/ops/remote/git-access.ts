import { homedir } from "node:os";
import { join } from "node:path";
import type { Ctx } from "../../base/index.ts";
import type { GitAccess } from "../../fetch/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { OpRooms } from "../contract.ts";
import { openKeyAgent } from "../mounts/key-agent.ts";
import { givenTo, givenValue } from "../mounts/secret.ts";

/** Takes away what git was lent. */
export interface OpenGitAccess extends GitAccess, AsyncDisposable {
  /** A folder of this process alone, gone with it. */
  readonly folder: string;
}

/**
 * What git may use of what the caller gave: the ssh agent `default`, and the secrets GIT_AUTH_HEADER and GIT_AUTH_TOKEN, those for the host
 * (`GIT_AUTH_TOKEN.example.com`) before those for all (Docker's documentation, "Build secrets": Git authentication).
 */
export async function openGitAccess(remote: string, rooms: OpRooms, ctx: Ctx): Promise<OpenGitAccess> {
  const { store } = rooms;
  await using stack = new AsyncDisposableStack();
  const folder = store.scratch();
  stack.defer(() => store.discard(folder));
  const byHttp = /^https?:/i.test(remote);
  const sshAgent = byHttp ? undefined : await openAgent(folder, rooms, stack);
  const opened = stack.move();
  return {
    folder,
    signal: ctx.signal,
    sshAgent,
    knownHosts: [join(folder, "known_hosts"), join(homedir(), ".ssh/known_hosts")],
    authorization: byHttp ? authorization(remote, rooms) : undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function openAgent(folder: string, rooms: OpRooms, stack: AsyncDisposableStack): Promise<string | undefined> {
  const given = givenTo(rooms.given?.ssh, "default");
  if (given === undefined || typeof given === "string") return given;
  if (!rooms.machinery) throw new NeedsRun();
  return stack.use(await openKeyAgent(given, folder, "keys")).socket;
}

function authorization(remote: string, rooms: OpRooms): GitAccess["authorization"] {
  const { host } = new URL(remote);
  for (const name of [`GIT_AUTH_HEADER.${host}`, `GIT_AUTH_TOKEN.${host}`, "GIT_AUTH_HEADER", "GIT_AUTH_TOKEN"]) {
    const value = givenValue(rooms, name)?.toString("utf8").trim();
    if (value === undefined) continue;
    const header = name.startsWith("GIT_AUTH_HEADER")
      ? value
      : `basic ${Buffer.from(`x-access-token:${value}`).toString("base64")}`;
    return { scope: scopeOf(remote), value: header };
  }
  return undefined;
}

/** What is for a repository of GitHub is for its others too, as submodules are. */
function scopeOf(remote: string): string {
  return /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0] ?? remote;
}
