import { lstatSync, type PathLike, type Stats } from "node:fs";

/** lstat of what may not be there; also nothing where a file stands in for a folder of the path. */
export function find(path: PathLike): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}
