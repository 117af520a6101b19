import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Store } from "./contract.ts";
import { Database } from "./database.ts";
import { databaseOf, defaultStoreRoot, openStore } from "./open-store.ts";

/** Milliseconds to wait for another process's write. */
const patience = 10_000;

/**
 * Opens a store on a copy of its metadata: what is put into it is forgotten when it is closed. Of its files none may be written or deleted; one that is
 * not there is not made.
 * @throws as openStore
 */
export function openTrialStore(root: string = defaultStoreRoot()): Store {
  const folder = mkdtempSync(join(tmpdir(), "slipway-trial-"));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const own = databaseOf(resolve(root));
    const database = join(folder, "slipway.db");
    const isThere = existsSync(own);
    if (isThere) {
      using db = new Database(own, patience);
      db.run("VACUUM INTO ?", database);
    }
    const store = openStore(isThere ? root : folder, { database });
    return {
      ...store,
      [Symbol.dispose]: () => {
        store[Symbol.dispose]();
        clean();
      },
    };
  } catch (error) {
    clean();
    throw error;
  }
}
