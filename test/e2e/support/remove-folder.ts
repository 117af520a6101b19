import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Removes a folder with a store in it: an ordinary user's may hold files of ids that only a user namespace may delete. */
export function removeFolder(folder: string): void {
  if (process.getuid?.() === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  else spawnSync("unshare", ["-U", "--map-auto", "--map-root-user", "rm", "-rf", folder]);
}
