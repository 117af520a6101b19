import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type Mount, SlipwayError } from "../../base/index.ts";
import { mountAll, unmount } from "../../base/syscalls.ts";
import type { SecretMount } from "../../graph/index.ts";
import type { OpRooms, SecretSource } from "../contract.ts";
import { machinery } from "../machinery.ts";
import { giveTo } from "./give-to.ts";

/** As docker's limit: a secret is a key or a password, not a data set (bytes). */
const largest = 500 << 10;

/** What a secret or ssh mount gives the process. */
export interface Given {
  readonly mounts: readonly Mount[];
  /** `NAME=value`. */
  readonly env: readonly string[];
}

const nothing: Given = { mounts: [], env: [] };

/** A folder in memory that belongs to one step: what is in it never reaches the disk that the store is on. */
export interface Vault {
  /** Its path; made at the first call. */
  folder(): string;
}

export function openVault(rooms: OpRooms, stack: AsyncDisposableStack): Vault {
  let made: string | undefined;
  return {
    folder: () => {
      if (made !== undefined) return made;
      const folder = rooms.store.scratch();
      stack.defer(() => rooms.store.discard(folder));
      const options = ["nosuid", "nodev", "noexec", "mode=0700"];
      mountAll([{ type: "tmpfs", source: "tmpfs", target: "/", options }], folder);
      stack.defer(() => unmount(folder, { detach: true }));
      return (made = folder);
    },
  };
}

/** How what lies in a vault is mounted. */
const vaultOptions = ["ro", "nosuid", "nodev", "noexec"] as const;

/** Reads a secret and shows it as the mount wants; without the secret nothing, or SLIP_SECRET when it is required. */
export function openSecret(mount: SecretMount, at: number, vault: Vault, rooms: OpRooms): Given {
  const { id, target, env, mode = 0o400, uid = 0, gid = 0 } = mount;
  const source = givenTo(rooms.given?.secrets, id);
  const value = source && readSecret(id, source);
  if (value === undefined) {
    if (!mount.required) return nothing;
    throw notGiven(
      `the secret ${JSON.stringify(id)}`,
      source,
      `--secret id=${id},src=FILE or --secret id=${id},env=NAME`,
    );
  }
  const mounts: Mount[] = [];
  if (target !== undefined) {
    const file = `${vault.folder()}/secret.${at}`;
    writeFileSync(file, value, { flag: "wx", mode: 0o600 });
    giveTo(file, { uid, gid }, machinery(rooms).squashOwners);
    chmodSync(file, mode);
    mounts.push({ type: "bind", source: file, target, options: vaultOptions });
  }
  if (env !== undefined && value.includes(0)) {
    throw secretError(
      `Cannot give the secret ${JSON.stringify(id)} as a variable: it has a NUL byte in it`,
      "mount it as a file",
    );
  }
  return { mounts, env: env === undefined ? [] : [`${env}=${value.toString("utf8")}`] };
}

/** What the caller gave under an id; never what every object has by nature, such as `constructor`. */
export function givenTo<T>(all: Readonly<Record<string, T>> | undefined, id: string): T | undefined {
  return all && Object.hasOwn(all, id) ? all[id] : undefined;
}

/** A secret's value, for what the build itself does with it; undefined when it was not given. */
export function givenValue(rooms: OpRooms, id: string): Buffer | undefined {
  const source = givenTo(rooms.given?.secrets, id);
  return source && readSecret(id, source);
}

/** Undefined for a variable that is not set. */
function readSecret(id: string, source: SecretSource): Buffer | undefined {
  if ("env" in source) {
    const value = process.env[source.env];
    return value === undefined ? undefined : Buffer.from(value);
  }
  const name = `the secret ${JSON.stringify(id)}`;
  try {
    if (statSync(source.file).size > largest) {
      throw secretError(
        `Cannot use ${name}: ${source.file} is larger than ${largest >> 10} KiB`,
        "mount large files with type=bind",
      );
    }
    return readFileSync(source.file);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw secretError(`Cannot read ${name}: ${(error as Error).message}`, undefined, error);
  }
}

/** The error for what a step requires and nobody gave. */
export function notGiven(what: string, source: SecretSource | undefined, flag: string): SlipwayError {
  const why = source && "env" in source ? `the variable ${source.env} is not set` : "it was not given";
  return secretError(`Cannot mount ${what}, which the step requires: ${why}`, `give it with ${flag}`);
}

export function secretError(message: string, hint?: string, cause?: unknown): SlipwayError {
  return new SlipwayError({ code: "SLIP_SECRET", message, hint, cause });
}
