import { posix } from "node:path";
import type { InRoot } from "../in-root.ts";
import { toolKind } from "../tools.ts";
import type { StartSpec } from "./program.ts";
import type { ResultFinding } from "./rules.ts";

const usual = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];
/** Names of programs that are shown at the most. */
const shown = 4;

/** Compilers and package managers in the folders that programs are started from. */
export function checkTools(root: InRoot, { env }: StartSpec): readonly ResultFinding[] {
  const found = { compiler: new Map<string, string>(), "package manager": new Map<string, string>() };
  const folders = new Set(
    [...(env.get("PATH") ?? "").split(":", 1000), ...usual].filter((folder) => folder.startsWith("/")),
  );
  for (const folder of folders) {
    for (const name of root.list(root.resolve(folder)?.path ?? "") ?? []) {
      const kind = toolKind(name);
      if (kind !== "compiler" && kind !== "package manager") continue;
      const real = root.resolve(`${folder}/${name}`);
      if (!real?.stats.isFile() || (real.stats.mode & 0o111) === 0) continue;
      // dpkg and rpm of busybox take archives apart and install nothing
      if (toolKind(posix.basename(real.path)) === "shell") continue;
      if (!found[kind].has(real.path)) found[kind].set(real.path, name);
    }
  }
  return (["compiler", "package manager"] as const).flatMap((kind): readonly ResultFinding[] => {
    const names = [...new Set(found[kind].values())].sort();
    if (names.length === 0) return [];
    const more = names.length > shown ? ` and ${names.length - shown} more` : "";
    const list = `${names.slice(0, shown).join(", ")}${more}`;
    return [
      {
        rule: kind === "compiler" ? "CompilerInFinalStage" : "PackageManagerInFinalStage",
        message: `The image has ${kind === "compiler" ? "compilers" : "package managers"} in it: ${root.show(list)}`,
        about: "image",
        hint:
          kind === "compiler"
            ? "build in a stage of its own, and COPY --from=STAGE what it made into the final one"
            : "what is only run needs none: a smaller base has neither",
      },
    ];
  });
}
