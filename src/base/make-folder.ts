import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder with those above it; one that is there stays as it is. Node's `mkdir` with `recursive` does not end where a file system has no folders
 * made in it (`/proc`).
 * @param mode of those that are made.
 * @throws what mkdir(2) says, with `code`
 */
export function makeFolder(path: string, mode?: number): void {
  const failure = tryToMake(path, mode);
  if (failure?.code !== "ENOENT") return raise(failure);
  const above = dirname(path);
  if (above === path || isFolder(above)) raise(failure);
  makeFolder(above, mode);
  raise(tryToMake(path, mode));
}

function tryToMake(path: string, mode: number | undefined): NodeJS.ErrnoException | undefined {
  try {
    mkdirSync(path, { mode });
    return undefined;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code !== "ENOENT" && isFolder(path) ? undefined : failure;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function raise(failure: Error | undefined): void {
  if (failure) throw failure;
}
