import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "../../base/index.ts";

/** A member of `auths` in docker's or podman's file. */
export interface StoredAuth {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly identitytoken?: unknown;
  readonly registrytoken?: unknown;
}

/** docker's `config.json`, podman's `auth.json`: only what is about credentials is named here; all else is kept as it is. */
export interface CredentialFile {
  readonly auths?: Readonly<Record<string, StoredAuth>> | undefined;
  readonly credHelpers?: Readonly<Record<string, string>> | undefined;
  readonly credsStore?: string | undefined;
  readonly [other: string]: unknown;
}

const largest = 16 * 1024 * 1024;

/** Where `login` writes: REGISTRY_AUTH_FILE, else docker's file in DOCKER_CONFIG or `~/.docker`. */
export function mainFile(env: NodeJS.ProcessEnv): string {
  const named = env["REGISTRY_AUTH_FILE"];
  if (named !== undefined && named !== "") return named;
  const folder = env["DOCKER_CONFIG"];
  return join(
    folder !== undefined && folder !== "" ? folder : join(env["HOME"] ?? homedir(), ".docker"),
    "config.json",
  );
}

/** All that credentials are looked for in, first come first served: DOCKER_AUTH_CONFIG, the main file, podman's. */
export async function readCredentialFiles(env: NodeJS.ProcessEnv): Promise<readonly CredentialFile[]> {
  const given = env["DOCKER_AUTH_CONFIG"];
  const runtime = env["XDG_RUNTIME_DIR"];
  const config = env["XDG_CONFIG_HOME"];
  const podman = [
    ...(runtime !== undefined && runtime !== "" ? [join(runtime, "containers/auth.json")] : []),
    join(
      config !== undefined && config !== "" ? config : join(env["HOME"] ?? homedir(), ".config"),
      "containers/auth.json",
    ),
  ];
  const files = env["REGISTRY_AUTH_FILE"] ? [mainFile(env)] : [mainFile(env), ...podman];
  return [
    // Helpers are programs of the machine; a variable names none.
    ...(given !== undefined && given !== "" ? [{ auths: parseCredentialFile(given, "DOCKER_AUTH_CONFIG").auths }] : []),
    ...(await Promise.all(files.map(readCredentialFile))),
  ];
}

/** @returns an empty file when there is none. @throws SLIP_CONFIG */
export async function readCredentialFile(path: string): Promise<CredentialFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw unusable(path, message);
  }
  return text.trim() === "" ? {} : parseCredentialFile(text, path);
}

function parseCredentialFile(text: string, from: string): CredentialFile {
  if (text.length > largest) throw unusable(from, `it is larger than ${largest} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would show a piece of the text.
    throw unusable(from, "it is not JSON");
  }
  if (!isObject(value)) throw unusable(from, "it is no JSON object");
  const { auths, credHelpers, credsStore } = value;
  if (!isAbsent(auths) && !(isObject(auths) && Object.values(auths).every(isObject))) {
    throw unusable(from, "its auths must be an object of objects");
  }
  if (!isAbsent(credHelpers) && !(isObject(credHelpers) && Object.values(credHelpers).every(isText))) {
    throw unusable(from, "its credHelpers must be an object of strings");
  }
  if (!isAbsent(credsStore) && !isText(credsStore)) throw unusable(from, "its credsStore must be a string");
  return value;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unusable(from: string, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_CONFIG",
    message: `Cannot read the credentials in ${from}: ${problem}`,
    hint: "mend the file, or name another with DOCKER_CONFIG or REGISTRY_AUTH_FILE",
  });
}
