import { chownSync } from "node:fs";
import { ownerError } from "../../base/index.ts";

/**
 * Gives a file that slipway itself made to the owner that a mount names.
 * @param squash owners that the kernel refuses are left: one id in the user namespace.
 */
export function giveTo(path: string, owner: { readonly uid: number; readonly gid: number }, squash: boolean): void {
  if (owner.uid === 0 && owner.gid === 0) return;
  try {
    chownSync(path, owner.uid, owner.gid);
  } catch (error) {
    if (!squash) throw ownerError(path, owner, error);
  }
}
