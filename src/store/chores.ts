import { WorkerPool } from "../base/index.ts";
import { measureTree, removeTree, type TreeSize } from "./tree.ts";

/** Entries up to which a folder is handled on the spot: less than what a message to a thread and back costs twice. */
const small = 500;

let pool: WorkerPool | undefined;

function call<T>(name: "measureTree" | "removeTree" | "syncFs", path: string): Promise<T> {
  pool ??= new WorkerPool("store/worker", { size: 1 });
  return pool.call<T>(name, path);
}

/** Counts a folder; a large one in a worker thread. */
export async function measure(folder: string): Promise<TreeSize> {
  return measureTree(folder, small) ?? (await call<TreeSize>("measureTree", folder));
}

/** Deletes a folder; a large one in a worker thread. */
export async function remove(folder: string): Promise<void> {
  if (isSmall(folder)) removeTree(folder);
  else await call<undefined>("removeTree", folder);
}

/** One syncfs, in a worker thread. */
export async function sync(folder: string): Promise<void> {
  await call<undefined>("syncFs", folder);
}

function isSmall(path: string): boolean {
  try {
    return measureTree(path, small) !== undefined;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}
