import type { NotableFile, TreeInspection } from "./contract.ts";
import { InRoot } from "./in-root.ts";
import { listPackages } from "./packages/list-packages.ts";
import { toolKind, type ToolKind } from "./tools.ts";

const SETUID_OR_SETGID = 0o6000;
const EXECUTABLE = 0o111;
/** Executable helpers that carry the name of the package they tell about. */
const NAMED_AFTER = /^\/etc\/|\/share\/(?:bug|doc|lintian|bash-completion)\//;
const MAX_SHELLS_FILE = 64 * 1024;

/**
 * Walks a mounted root folder and tells what is in it. Synchronous: call it in a worker (inspectRoot).
 * The content is hostile: no link leads out of the root, no file is opened but package databases and /etc/shells, both bounded.
 */
export function inspectTree(folder: string): TreeInspection {
  const root = new InRoot(folder);
  const notes: string[] = [];
  const tools = new Tools(root);
  const setuid: NotableFile[] = [];
  const inodes = new Set<string>();
  const sizes = new Map<string, number>();
  let files = 0;
  let links = 0;
  let folders = 0;
  let bytes = 0;
  let unreadable = 0;

  const pending: { readonly path: string; readonly depth: number; readonly group: string }[] = [
    { path: "", depth: 0, group: "/" },
  ];
  for (let here = pending.pop(); here; here = pending.pop()) {
    const entries = root.list(here.path);
    if (!entries) unreadable++;
    for (const name of entries ?? []) {
      const path = `${here.path}/${name}`;
      const stats = root.lstat(path);
      if (!stats) {
        unreadable++;
      } else if (stats.isDirectory()) {
        folders++;
        pending.push({ path, depth: here.depth + 1, group: here.depth < 2 ? path : here.group });
      } else if (stats.isSymbolicLink()) {
        links++;
        tools.look(path, name);
      } else if (stats.isFile()) {
        files++;
        tools.look(path, name);
        if (stats.mode & SETUID_OR_SETGID) {
          setuid.push({ path: root.show(path), mode: (stats.mode & 0o7777).toString(8).padStart(4, "0") });
        }
        if (stats.nlink > 1) {
          const identity = root.identity(path);
          if (inodes.has(identity)) continue;
          inodes.add(identity);
        }
        bytes += stats.size;
        sizes.set(here.group, (sizes.get(here.group) ?? 0) + stats.size);
      }
    }
  }

  const shells = root.read("/etc/shells", MAX_SHELLS_FILE);
  if (shells instanceof Buffer) {
    for (const line of shells.toString("latin1").split("\n")) if (line.startsWith("/")) tools.add("shell", line.trim());
  }
  const packages = listPackages(root, (text) => notes.push(text));
  if (unreadable > 0) notes.push(`${unreadable} entries could not be read`);
  return {
    files,
    links,
    folders,
    bytes,
    packages,
    shells: tools.list("shell"),
    packageManagers: tools.list("package manager"),
    compilers: tools.list("compiler"),
    setuid: setuid.sort((a, b) => (a.path < b.path ? -1 : 1)),
    largest: [...sizes]
      .map(([path, size]) => ({ path: root.show(path), size }))
      .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)),
    notes,
  };
}

/** Programs by kind, each real file once, whatever links lead to it. */
class Tools {
  readonly #root: InRoot;
  readonly #found = new Map<ToolKind, Map<string, string>>();

  constructor(root: InRoot) {
    this.#root = root;
  }

  look(path: string, name: string): void {
    const kind = toolKind(name);
    if (kind && !NAMED_AFTER.test(path)) this.add(kind, path);
  }

  add(kind: ToolKind, path: string): void {
    const real = this.#root.resolve(path);
    if (!real?.stats.isFile() || !(real.stats.mode & EXECUTABLE)) return;
    const identity = this.#root.identity(real.path);
    const known = this.#found.get(kind) ?? new Map<string, string>();
    const shown = known.get(identity);
    if (shown === undefined || better(real.path, shown)) known.set(identity, real.path);
    this.#found.set(kind, known);
  }

  list(kind: ToolKind): readonly string[] {
    return [...(this.#found.get(kind)?.values() ?? [])].map((path) => this.#root.show(path)).sort();
  }
}

/** Of the names of one hard-linked file the shortest is shown. */
function better(a: string, b: string): boolean {
  return a.length < b.length || (a.length === b.length && a < b);
}
