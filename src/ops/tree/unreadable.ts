import { SlipwayError } from "../../base/index.ts";
import type { TreeSpec } from "./tree.ts";

/**
 * An error met while a tree was read or copied: SLIP_CONTEXT where a file of the client's denies it to this user, SLIP_UNSUPPORTED for a path
 * that is longer than the kernel takes, otherwise the error itself.
 */
export function unreadable(tree: TreeSpec | undefined, error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === "ENAMETOOLONG") return tooLong(tree, path);
  if (!tree?.client || (code !== "EACCES" && code !== "EPERM") || path === undefined) return error;
  if (path !== tree.root && !path.startsWith(`${tree.root}/`)) return error;
  const inside = path.slice(tree.root.length + 1) || ".";
  return new SlipwayError({
    code: "SLIP_CONTEXT",
    message: `Cannot read ${JSON.stringify(inside)} in ${tree.label}: permission denied`,
    hint: "make it readable to this user, or leave it out in .dockerignore",
    cause: error,
  });
}

/** Longer ones are shown by how they begin. */
const shown = 100;

function tooLong(tree: TreeSpec | undefined, path: string | undefined): SlipwayError {
  const isSource = tree !== undefined && path?.startsWith(`${tree.root}/`);
  const inside = isSource ? path?.slice(tree.root.length + 1) : path;
  const name = JSON.stringify(inside?.slice(0, shown) ?? "").replace(/"$/, '..."');
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot copy ${name}${isSource ? ` from ${tree.label}` : ""}: its path is longer than the system takes`,
    hint: "a path has up to 4095 bytes, with the folders above what is copied, and a name 255: shorten it, or leave it out",
  });
}
