import type { ChildProcess } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "../../base/index.ts";
import { secretError } from "./secret.ts";

/** An agent that holds keys as long as it is not disposed of. */
export interface KeyAgent extends AsyncDisposable {
  /** Its socket, in the folder that was given. */
  readonly socket: string;
}

/** Larger than any key (bytes). */
const largest = 64 << 10;
const patience = 5000;

/**
 * Starts ssh-agent and gives it private keys. OpenSSH's own programs are used: they know every kind of key and its forms, and no key
 * is ever parsed or signed with here.
 * @param folder of this user alone, in memory; the socket `name` is made in it.
 * Throws SLIP_SECRET for keys that cannot be used, SLIP_UNSUPPORTED without OpenSSH.
 */
export async function openKeyAgent(keys: readonly string[], folder: string, name: string): Promise<KeyAgent> {
  // A socket's path has at most 107 bytes: from the folder it is short.
  const agent = childProcess().spawn("ssh-agent", ["-D", "-a", name], { cwd: folder, stdio: "ignore", detached: true });
  const ended = endOf(agent);
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    agent.kill("SIGTERM");
    await ended.catch(() => undefined);
  });
  await listening(`${folder}/${name}`, ended);
  for (const key of keys) await addKey(key, folder, name);
  const opened = stack.move();
  return { socket: `${folder}/${name}`, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function listening(socket: string, ended: Promise<number | null>): Promise<void> {
  let failure: SlipwayError | undefined;
  ended.then(
    (code) => (failure = secretError(`Cannot start ssh-agent: it ended with exit code ${code}`)),
    (error: unknown) => (failure = notThere("ssh-agent", error)),
  );
  for (const started = Date.now(); !isSocket(socket); await sleep(2)) {
    if (failure) throw failure;
    if (Date.now() - started > patience) throw secretError(`Cannot start ssh-agent: it does not listen on ${socket}`);
  }
}

// Not by import: what the cache answers needs none of it.
const childProcess = () => process.getBuiltinModule("node:child_process");

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

async function addKey(key: string, folder: string, socket: string): Promise<void> {
  // Without a terminal (setsid) and without a program to ask with, a key that wants a passphrase is refused instead of waited for.
  const env = { PATH: process.env["PATH"], SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: "never" };
  const child = childProcess().spawn("ssh-add", ["-q", "-"], {
    cwd: folder,
    env,
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
  const said: Uint8Array[] = [];
  child.stderr.on("data", (chunk: Uint8Array) => said.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(readKey(key));
  const code = await endOf(child).catch((error: unknown) => {
    throw notThere("ssh-add", error);
  });
  if (code === 0) return;
  const words = Buffer.concat(said).toString().trim().split("\n").at(-1) ?? "";
  throw secretError(
    `Cannot use the private key ${key}: ${words || `ssh-add ended with exit code ${code}`}`,
    "a key with a passphrase goes into an agent of yours (ssh-add), and the agent is passed on: --ssh default",
  );
}

function readKey(path: string): Buffer {
  try {
    if (statSync(path).size > largest) throw secretError(`Cannot use the private key ${path}: it is too large for one`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw secretError(`Cannot read the private key ${path}: ${(error as Error).message}`, undefined, error);
  }
}

/** The exit code; null when a signal ended it. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

function notThere(program: string, cause: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot serve private keys: ${program} cannot be started (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
    hint: "install the OpenSSH client, or pass on an agent: --ssh default",
    cause,
  });
}
