import type { BaseRecipe, RecipeFile, RecipeFolder, RecipeLink } from "../distroless/recipe.ts";
import type { Accounts } from "./accounts.ts";
import type { CheckedYaml } from "./checked-yaml.ts";
import type { LocalEntry, LocalFiles } from "./local-files.ts";
import type { OwnBaseFile, OwnFile } from "./schema.ts";

type Written = Pick<Required<BaseRecipe>, "folders" | "files" | "links">;

/** Files that other keys say what is in. */
const madeOf: Readonly<Record<string, string>> = {
  "/etc/passwd": "users",
  "/etc/group": "groups",
  "/etc/ssl/certs/ca-certificates.crt": "certificates",
  "/etc/ssl/certs/java/cacerts": "certificates",
};

/**
 * What a file has written into the image: files, folders and links. What is beside it is read now.
 * @returns all of it for the accounts of the base, on top of what it begins with.
 * @throws SLIP_BASE for paths that cannot be beside each other, and what LocalFiles throws.
 */
export function writtenFiles(
  checked: CheckedYaml<OwnBaseFile>,
  local: LocalFiles,
): (accounts: Accounts, start: BaseRecipe) => Written {
  const { value, fault } = checked;
  const files = (value.files ?? []).map((file, at) => {
    const made = madeOf[plain(file.path)];
    if (made !== undefined)
      throw fault(["files", at, "path"], `${plain(file.path)} is made of ${made}`, `write it there`);
    return { file, at, entries: entriesOf(file, at, checked, local) };
  });
  checkPlaces(
    checked,
    files.flatMap(({ file, at, entries }) =>
      entries.map((entry) => ({ path: plain(file.path) + entry.path, at, type: entry.type })),
    ),
  );

  return ({ idsOf, homes }, start) => {
    const owners = (
      owner: string | undefined,
      ...path: readonly (string | number)[]
    ): { readonly uid?: number; readonly gid?: number } =>
      owner === undefined ? {} : idsOf(owner, [...path, "owner"]);
    const made: Record<LocalEntry["type"], unknown[]> & {
      folder: RecipeFolder[];
      file: RecipeFile[];
      link: RecipeLink[];
    } = { folder: [], file: [], link: [] };
    for (const { file, at, entries } of files) {
      const owned = owners(file.owner, "files", at);
      for (const entry of entries) {
        const path = plain(file.path) + entry.path;
        if (entry.type === "link") made.link.push({ path, target: entry.target });
        else if (entry.type === "folder") made.folder.push({ path, mode: 0o755, ...owned });
        else
          made.file.push({
            path,
            content: entry.content,
            mode: bits(file.mode) ?? (entry.executable ? 0o755 : 0o644),
            ...owned,
          });
      }
    }
    const folders = (value.folders ?? []).map(({ path, mode, owner }, at) => ({
      path: plain(path),
      mode: bits(mode) ?? 0o755,
      ...owners(owner, "folders", at),
    }));
    const links = (value.links ?? []).map(({ path, target }) => ({ path: plain(path), target }));
    const own = new Set([...made.file, ...made.link, ...links].map(({ path }) => path));
    const named = new Map(
      [...(start.folders ?? []), ...homes, ...made.folder, ...folders].map((folder) => [folder.path, folder]),
    );
    return {
      // A parent goes before what is in it.
      folders: [...named.values()]
        .filter(({ path }) => path !== "/nonexistent")
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
      files: [...(start.files ?? []).filter(({ path }) => !own.has(path)), ...made.file],
      links: [...(start.links ?? []).filter(({ path }) => !own.has(path)), ...made.link, ...links],
    };
  };
}

function entriesOf(
  file: OwnFile,
  at: number,
  { fault }: CheckedYaml<OwnBaseFile>,
  local: LocalFiles,
): readonly LocalEntry[] {
  const { content, from, mode } = file;
  if (content !== undefined && from !== undefined) {
    throw fault(["files", at, "from"], `${file.path} has both content and from`, "keep one of them");
  }
  if (content !== undefined) return [{ type: "file", path: "", content: Buffer.from(content), executable: false }];
  if (from === undefined) {
    throw fault(["files", at], `${file.path} has neither content nor from`, 'write content: "" for an empty file');
  }
  const entries = local.tree(from, (what, hint) => fault(["files", at, "from"], what, hint));
  if (mode !== undefined && entries[0]?.type === "folder") {
    throw fault(
      ["files", at, "mode"],
      `${from} is a folder, and mode is for a file`,
      "leave the line out: files keep whether they can be run; folders lists folders with a mode",
    );
  }
  return entries;
}

/** No path is written twice, and none lies below what is no folder. */
function checkPlaces(
  { value, fault }: CheckedYaml<OwnBaseFile>,
  files: readonly { readonly path: string; readonly at: number; readonly type: LocalEntry["type"] }[],
): void {
  const all = [
    ...files.map(({ path, at, type }) => ({ path, type, place: ["files", at, "path"] as const })),
    ...(value.folders ?? []).map(({ path }, at) => ({
      path: plain(path),
      type: "folder" as const,
      place: ["folders", at, "path"] as const,
    })),
    ...(value.links ?? []).map(({ path }, at) => ({
      path: plain(path),
      type: "link" as const,
      place: ["links", at, "path"] as const,
    })),
  ];
  const seen = new Map<string, (typeof all)[number]>();
  for (const one of all) {
    const other = seen.get(one.path);
    // A folder that is copied may get its mode in folders.
    if (other && !(one.type === "folder" && other.type === "folder" && one.place[0] !== other.place[0])) {
      throw fault(one.place, `${one.path} is written twice`, "keep one of them");
    }
    seen.set(one.path, one);
  }
  for (const one of all) {
    for (let end = one.path.lastIndexOf("/"); end > 0; end = one.path.lastIndexOf("/", end - 1)) {
      const above = seen.get(one.path.slice(0, end));
      if (above && above.type !== "folder") {
        throw fault(
          one.place,
          `${one.path} lies below ${above.path}, which is a ${above.type}`,
          "name another place for one of them",
        );
      }
    }
  }
}

/** Without a slash at the end. */
function plain(path: string): string {
  return path.replace(/\/$/, "");
}

function bits(mode: string | undefined): number | undefined {
  return mode === undefined ? undefined : Number.parseInt(mode.replace(/^0o/, ""), 8);
}
