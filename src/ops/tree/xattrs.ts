import { getXattr, listXattrs } from "../../base/syscalls.ts";

/** The extended attributes that a copy from a stage takes along: file capabilities and the users' own. Sorted by name. */
export function copiedXattrs(path: string | Buffer): readonly (readonly [name: string, value: Uint8Array])[] {
  return listXattrs(path)
    .filter((name) => name === "security.capability" || (name.startsWith("user.") && !name.startsWith("user.overlay.")))
    .sort()
    .flatMap((name) => {
      const value = getXattr(path, name);
      return value ? [[name, value] as const] : [];
    });
}
