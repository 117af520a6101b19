import { spawn } from "node:child_process";
import { SlipwayError } from "../../base/index.ts";
import { plainText } from "../http/failures.ts";
import type { Credentials } from "./credentials.ts";

const patience = 120_000;
const largest = 1024 * 1024;
/** What helpers print for a registry that they have nothing for. */
const nothing = /credentials not found|no credentials|no usernames? for|not found in native keychain/i;

export interface HelperOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Asks `docker-credential-NAME get`. @returns undefined when it has none. @throws SLIP_UNAUTHORIZED when it fails */
export async function askHelper(name: string, key: string, options: HelperOptions): Promise<Credentials | undefined> {
  const { code, stdout } = await runHelper(name, "get", key, options);
  if (code !== 0) {
    if (nothing.test(stdout)) return undefined;
    throw failed(name, "get", stdout);
  }
  let answer: { readonly Username?: unknown; readonly Secret?: unknown };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    throw failed(name, "get", "what it printed is not JSON");
  }
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== "string" || typeof secret !== "string")
    throw failed(name, "get", "it printed no credentials");
  if (username === "" && secret === "") return undefined;
  if (username === "<token>") return { type: "identity", username, token: secret };
  return { type: "password", username, password: secret };
}

/** Has the helper keep them. @throws SLIP_UNAUTHORIZED */
export async function storeWithHelper(
  name: string,
  key: string,
  credentials: Credentials,
  options: HelperOptions,
): Promise<void> {
  const [username, secret] =
    credentials.type === "password" ? [credentials.username, credentials.password] : ["<token>", credentials.token];
  const input = JSON.stringify({ ServerURL: key, Username: username, Secret: secret });
  const { code, stdout } = await runHelper(name, "store", input, options);
  if (code !== 0) throw failed(name, "store", stdout.replaceAll(secret, "***"));
}

/** Has the helper forget them; having none is no failure. @throws SLIP_UNAUTHORIZED */
export async function eraseWithHelper(name: string, key: string, options: HelperOptions): Promise<void> {
  const { code, stdout } = await runHelper(name, "erase", key, options);
  if (code !== 0 && !nothing.test(stdout)) throw failed(name, "erase", stdout);
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

function runHelper(name: string, verb: string, input: string, { env, signal }: HelperOptions): Promise<Ran> {
  // It becomes part of a program's name.
  if (!/^[\w.-]{1,64}$/.test(name)) throw failed(name, verb, "that is no name of a helper");
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [verb], {
      env,
      signal,
      stdio: ["pipe", "pipe", "ignore"],
    });
    // Not by spawn's own timeout: that one keeps the process alive when there is no such program.
    const timer = setTimeout(() => child.kill(), patience);
    const chunks: Uint8Array[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > largest) child.kill();
      else chunks.push(chunk);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (signal.aborted) reject(error);
      else reject(failed(name, verb, error.code === "ENOENT" ? "there is no such program in PATH" : error.message));
    });
    child.on("close", (code, killedBy) => {
      clearTimeout(timer);
      if (killedBy !== null) reject(failed(name, verb, `it was ended by ${killedBy}`));
      else resolve({ code, stdout: Buffer.concat(chunks).toString() });
    });
    // One that does not read its input closes it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function failed(name: string, verb: string, reason: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNAUTHORIZED",
    message: `Cannot use the credential helper docker-credential-${plainText(name, 64)} (${verb}): ${plainText(reason, 200)}`,
    hint: "docker's config.json names it in credHelpers or credsStore; install it, mend it, or take it out there",
  });
}
