import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { SlipwayError } from "../base/index.ts";
import { migrations } from "./schema.ts";

const BUSY = 5;
const IO_ERROR = 10;
const FULL = 13;
const CORRUPT = 11;
const NOTADB = 26;

/** The store's metadata: one SQLite file in WAL mode, so that readers never wait for writers. */
export class Database implements Disposable {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #statements = new Map<string, StatementSync>();
  #writing = false;
  #open = true;

  /** @param timeout milliseconds to wait for another process's write. */
  constructor(file: string, timeout: number) {
    this.#file = file;
    this.#db = attempt(file, `the store ${file}`, () => new DatabaseSync(file, { timeout }));
    try {
      attempt(file, `the store ${file}`, () => {
        this.#migrate(file, timeout);
        this.#db.exec("PRAGMA synchronous = NORMAL");
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** The first row, of the shape that the caller selects. */
  get<T>(sql: string, ...values: readonly SQLInputValue[]): T | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values)) as T | undefined;
  }

  all<T>(sql: string, ...values: readonly SQLInputValue[]): T[] {
    return this.#guard(() => this.#prepare(sql).all(...values)) as T[];
  }

  /** Returns the number of rows that changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#guard(() => this.#prepare(sql).run(...values)).changes);
  }

  /** Runs the action as the only writer of all processes: everything in it happens, or nothing when it throws. */
  write<T>(action: () => T): T {
    if (this.#writing) return action();
    this.#guard(() => this.#db.exec("BEGIN IMMEDIATE"));
    this.#writing = true;
    try {
      const value = action();
      this.#guard(() => this.#db.exec("COMMIT"));
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #guard<T>(action: () => T): T {
    return attempt(this.#file, "the store", action);
  }

  #migrate(file: string, timeout: number): void {
    if (this.#version() === migrations.length) return;
    useWal(this.#db, timeout);
    this.write(() => {
      const version = this.#version();
      if (version > migrations.length) {
        throw new SlipwayError({
          code: "SLIP_STORE",
          message: `Cannot open the store ${file}: a newer slipway made it (version ${version}, this one knows ${migrations.length})`,
          hint: "use the newer slipway, or another store with SLIPWAY_ROOT",
        });
      }
      for (const migration of migrations.slice(version)) this.#db.exec(migration);
      this.#db.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  }

  #version(): number {
    return (this.#db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
  }
}

/** True when an error of SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY;
}

/** SQLite does not always wait by itself when two processes create a database at once. */
function useWal(db: DatabaseSync, timeout: number): void {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function attempt<T>(file: string, place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = (error as { errcode?: number }).errcode;
    if (code === undefined) throw error;
    const reason = (error as Error).message;
    // Where not even its shared memory can be made, SQLite speaks of an I/O error.
    const kind = code % 256 === IO_ERROR && isFull(file) ? FULL : code % 256;
    switch (kind) {
      case FULL:
        throw new SlipwayError({
          code: "SLIP_DISK_FULL",
          message: `Cannot write ${place}: the disk is full`,
          hint: "free space, or run `slipway prune`; nothing half-written was kept",
          cause: error,
        });
      case BUSY:
        throw new SlipwayError({
          code: "SLIP_STORE",
          message: `Cannot write ${place}: another process has been writing for too long`,
          hint: "look for a slipway that hangs",
          cause: error,
        });
      case CORRUPT:
      case NOTADB:
        throw new SlipwayError({
          code: "SLIP_STORE",
          message: `Cannot read ${place}: it is damaged (${reason})`,
          hint: "move the store's folder away; slipway makes a new one",
          cause: error,
        });
      default:
        throw new SlipwayError({ code: "SLIP_STORE", message: `Cannot use ${place}: ${reason}`, cause: error });
    }
  }
}

/** SQLite works in pieces of 32 kB. */
function isFull(file: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize < 1 << 15;
}
