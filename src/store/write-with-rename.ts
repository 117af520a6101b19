import { renameSync } from "node:fs";
import type { Database } from "./database.ts";

/**
 * Writes rows of which one stands for a folder that is renamed in the same transaction. A full disk shows at its end, when the
 * folder has its new name already: then it gets the old one back, because nobody would look for a folder without a row.
 * @param action is given what does the rename.
 */
export function writeWithRename<T>(
  db: Pick<Database, "write">,
  source: string,
  target: string,
  action: (rename: () => void) => T,
): T {
  let renamed = false;
  try {
    return db.write(() =>
      action(() => {
        renameSync(source, target);
        renamed = true;
      }),
    );
  } catch (error) {
    if (renamed) takeBack(target, source);
    throw error;
  }
}

function takeBack(target: string, source: string): void {
  try {
    renameSync(target, source);
  } catch {
    // Another process's recover took it for what it is.
  }
}
