import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Database, isBusy } from "./database.ts";
import { ulid, ulidTime } from "./ulid.ts";

/** `build`: uses what is in the store. `tool`: only removes or waits. */
export type HolderKind = "build" | "tool";

/**
 * Tells other processes that this one lives: an empty file that it keeps locked. The kernel drops the lock with the process, whatever
 * ended it, and keeps it apart from later processes of the same number, also across containers that share the store. The lock is
 * SQLite's own (fcntl), because Node has none.
 */
export class Holder implements Disposable {
  readonly #db: Database;
  readonly #folder: string;
  readonly #kind: HolderKind;
  #lock: DatabaseSync | undefined;
  #id: string | undefined;

  constructor(db: Database, folder: string, kind: HolderKind) {
    this.#db = db;
    this.#folder = folder;
    this.#kind = kind;
  }

  /** Its name; the first call makes the file. As a writer, so that it is either before a prune (which then minds it) or after. */
  get id(): string {
    return (this.#id ??= this.#db.write(() => {
      const id = `${ulid()}-${this.#kind}`;
      mkdirSync(this.#folder, { recursive: true });
      const lock = new DatabaseSync(join(this.#folder, id), { timeout: 1000 });
      lock.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
      this.#lock = lock;
      return id;
    }));
  }

  get registered(): boolean {
    return this.#id !== undefined;
  }

  [Symbol.dispose](): void {
    if (this.#id === undefined) return;
    removeHolder(this.#folder, this.#id);
    this.#lock?.close();
    this.#id = undefined;
  }
}

/** Takes a holder's file away, and the journal that SQLite left beside that of a killed process. */
export function removeHolder(folder: string, id: string): void {
  for (const name of [id, `${id}-journal`]) rmSync(join(folder, name), { force: true });
}

/** True while the process that made the holder lives and has its store open. */
export function isAlive(folder: string, id: string): boolean {
  const file = join(folder, id);
  if (!existsSync(file)) return false;
  let probe: DatabaseSync | undefined;
  try {
    probe = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    probe.exec("SELECT 1 FROM sqlite_master");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    if (!existsSync(file)) return false;
    throw error;
  } finally {
    probe?.close();
  }
}

/** All holders there are, living and dead. */
export function holders(folder: string): readonly { readonly id: string; readonly alive: boolean }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[0-9A-Z]{26}-(?:build|tool)$/.test(name))
    .map((id) => ({ id, alive: isAlive(folder, id) }));
}

/** When the holder was made, in milliseconds since the epoch; NaN for names that are none. */
export function holderTime(id: string): number {
  return ulidTime(id.split("-", 1)[0] ?? "");
}

export function isBuild(id: string): boolean {
  return id.endsWith("-build");
}
