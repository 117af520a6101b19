import type { InRoot } from "../in-root.ts";

/** Files that tell what a folder or an image is of. Paths of the root. */
export interface FoundFiles {
  /** Programs that may be executed. */
  readonly programs: readonly string[];
  /** Modules that a runtime loads, and libraries beside them. */
  readonly extensions: readonly string[];
  readonly jars: readonly string[];
  readonly shellScripts: readonly string[];
  readonly source: { readonly runtime: "python3" | "nodejs"; readonly by: string } | undefined;
  /** Files were left out past so many. */
  readonly more: number | undefined;
}

const most = 300_000;
/** Where a distribution has its own, and a runtime its standard library. */
const passedOver =
  /^\/(?:proc|sys|dev|run|boot|(?:usr\/)?(?:lib(?:32|64|x32|exec)?|s?bin)|usr\/(?:share|include)|usr\/local\/(?:include|share))$|^\/usr\/local\/lib\/python3\.\d+\/lib-dynload$/;
/** What is built for other systems lies beside what is for this one. */
const otherSystems = /\/prebuilds\/(?!linux-)[^/]+$|\/(?:darwin|win32)-/;

/** Walks a folder, or of an image what is not its distribution's. */
export function findFiles(root: InRoot, kind: "image" | "folder"): FoundFiles {
  const found = {
    programs: [] as string[],
    extensions: [] as string[],
    jars: [] as string[],
    shellScripts: [] as string[],
  };
  const signs = new Map<string, string>();
  const head = Buffer.alloc(4);
  let files = 0;
  const pending = [""];
  for (let here = pending.shift(); here !== undefined; here = pending.shift()) {
    for (const { name, kind: what } of root.entries(here) ?? []) {
      const path = `${here}/${name}`;
      if (what === "folder") {
        const left = kind === "image" ? passedOver.test(path) : name === ".git";
        if (!left && !otherSystems.test(path)) pending.push(path);
        continue;
      }
      if (what !== "file") continue;
      if (++files > most) return { ...found, source: sourceOf(signs), more: most };
      if (/\.(?:jar|war)$/.test(name)) found.jars.push(path);
      sign(signs, path, name);
      if (root.peek(path, head) < 4) continue;
      if (head[0] === 0x23 && head[1] === 0x21) {
        if (/\.(?:ba|da)?sh$/.test(name) && !path.includes("/node_modules/")) found.shellScripts.push(path);
      } else if (head.readUInt32BE(0) === 0x7f454c46) {
        if (/\.so(?:\.|$)|\.node$/.test(name)) found.extensions.push(path);
        else if (((root.lstat(path)?.mode ?? 0) & 0o111) !== 0) found.programs.push(path);
      }
    }
  }
  return { ...found, source: sourceOf(signs), more: undefined };
}

/** The first of each, which is the highest, for folders are walked level by level. */
function sign(signs: Map<string, string>, path: string, name: string): void {
  if (path.includes("/node_modules/") || path.includes("/site-packages/")) return;
  const key = /^(?:pyproject\.toml|requirements.*\.txt|setup\.py|Pipfile|manage\.py)$/.test(name)
    ? "python project"
    : name === "package.json"
      ? "node project"
      : name.endsWith(".py")
        ? "python"
        : /\.[cm]?js$/.test(name)
          ? "node"
          : undefined;
  if (key !== undefined && !signs.has(key)) signs.set(key, path);
}

/** What describes a project comes before single files, and what lies higher before what lies deeper. */
function sourceOf(signs: ReadonlyMap<string, string>): FoundFiles["source"] {
  const depth = (path: string): number => path.split("/").length;
  const ranked = (["python project", "node project", "python", "node"] as const)
    .flatMap((key) => {
      const by = signs.get(key);
      return by === undefined
        ? []
        : [
            {
              by,
              runtime: key.startsWith("python") ? ("python3" as const) : ("nodejs" as const),
              project: key.endsWith("project"),
            },
          ];
    })
    .toSorted((a, b) => Number(b.project) - Number(a.project) || depth(a.by) - depth(b.by));
  return ranked[0] && { runtime: ranked[0].runtime, by: ranked[0].by };
}
