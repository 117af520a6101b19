import { posix } from "node:path";
import type { InRoot } from "../in-root.ts";

/** A container as an image's configuration describes it, as far as starting goes. Texts hold one character a byte, as paths in InRoot do. */
export interface StartSpec {
  /** The program and its arguments; empty when the image names none. */
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  /** Folders that a container may have something else mounted on. */
  readonly volumes: readonly string[];
}

/** Where a program's name leads. */
export type ProgramPlace =
  | { readonly kind: "found"; readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }
  | { readonly kind: "missing"; readonly looked: readonly string[] }
  | { readonly kind: "folder"; readonly path: string }
  /** A volume may bring it. */
  | { readonly kind: "unknown" };

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const executable = 0o111;
/** A PATH longer than this was not made to be searched. */
const mostFolders = 1000;

/** Finds a program as a runtime does (execvp(3)): a name without a slash along PATH, any other from the working folder. */
export function findProgram(root: InRoot, name: string, start: StartSpec): ProgramPlace {
  const looked = name.includes("/")
    ? [posix.resolve(start.cwd, name)]
    : (start.env.get("PATH") ?? usualPath)
        .split(":", mostFolders)
        .map((folder) => posix.resolve(start.cwd, folder, name));
  let second: ProgramPlace | undefined;
  for (const path of looked) {
    if (mayBeMounted(path, start.volumes)) return { kind: "unknown" };
    const there = root.resolve(path);
    if (!there) continue;
    if (mayBeMounted(there.path, start.volumes)) return { kind: "unknown" };
    const { mode, uid, gid } = there.stats;
    if (there.stats.isFile() && mode & executable) return { kind: "found", path: there.path, mode, uid, gid };
    second ??= there.stats.isFile()
      ? { kind: "found", path: there.path, mode, uid, gid }
      : { kind: "folder", path: there.path };
  }
  return second ?? { kind: "missing", looked };
}

/** The kernel's own folders count as well: what lies there is not the image's. */
function mayBeMounted(path: string, volumes: readonly string[]): boolean {
  return [...volumes, "/proc", "/sys", "/dev"].some((folder) =>
    `${path}/`.startsWith(`${posix.resolve("/", folder).replace(/\/$/, "")}/`),
  );
}

/** The interpreter line of a script (execve(2), "Interpreter scripts"): the program and its one argument, as the kernel cuts it. */
export function interpreterLine(head: Buffer): { readonly program: string; readonly argument: string } | undefined {
  if (head.toString("latin1", 0, 2) !== "#!") return undefined;
  const line = head.toString("latin1", 2, 256).split("\n", 1)[0] ?? "";
  const match = /^[ \t]*([^ \t\0]*)[ \t]*([^\0]*?)[ \t]*$/.exec(line);
  return match?.[1] ? { program: match[1], argument: match[2] ?? "" } : undefined;
}
