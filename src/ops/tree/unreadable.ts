import { SlipwayError } from "../../base/index.ts";
import type { TreeSpec } from "./tree.ts";

/**
 * An error met while a tree was read: SLIP_CONTEXT where a file of the client's denies it to this user, SLIP_UNSUPPORTED where a name is
 * no text, otherwise the error itself.
 */
export function unreadable(tree: TreeSpec | undefined, error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (tree && code === "ENOENT" && path?.includes("\ufffd") && path.startsWith(`${tree.root}/`)) {
    return new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Cannot copy ${JSON.stringify(path.slice(tree.root.length + 1))} from ${tree.label}: its name is not UTF-8`,
      hint: "rename it, or leave it out",
      cause: error,
    });
  }
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
