import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { type IgnoreRules, parseIgnore } from "../../dockerfile/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { ContextEntry, ContextListing } from "../api/context-api.ts";
import { readBuildInput } from "../input/dockerfile-source.ts";

/**
 * What of a folder takes part in a build from it, and which line of the ignore file says so.
 * @throws SLIP_CONTEXT for what is no folder, cannot be read, or has a malformed ignore file; SLIP_DOCKERFILE_NOT_FOUND
 */
export async function listContext({
  context,
  dockerfile,
}: Pick<BuildOptions, "context" | "dockerfile">): Promise<ContextListing> {
  const { context: folder, ignore, ignoreFile } = readBuildInput(context, dockerfile);
  const name = ignoreFile === undefined ? undefined : relative(folder, ignoreFile);
  const shown = name?.startsWith("../") ? ignoreFile : name;
  const rules = parseIgnore(ignore.join("\n"), { file: shown });
  return { ignoreFile: shown, entries: [...entriesOf(folder, "", rules)] };
}

function* entriesOf(root: string, below: string, rules: IgnoreRules): Generator<ContextEntry> {
  for (const entry of sorted(join(root, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const taken = !rules.ignored(path);
    const type = entry.isDirectory() ? "folder" : entry.isFile() ? "file" : entry.isSymbolicLink() ? "link" : "other";
    const size = type === "file" && taken ? (lstatSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0) : 0;
    yield { path, type, size, taken, rule: rules.rule(path) };
    if (type === "folder" && (taken || rules.mayContainIncluded(path))) yield* entriesOf(root, path, rules);
  }
}

function sorted(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const message = `Cannot read the build context: ${(cause as Error).message}`;
    throw new SlipwayError({
      code: "SLIP_CONTEXT",
      message,
      hint: "leave it out in .dockerignore, or mend its permissions",
      cause,
    });
  }
}
