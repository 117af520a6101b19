import type { InRoot } from "../in-root.ts";
import type { ResultFinding } from "./rules.ts";

/** Who a container's process is, as far as the image tells. */
export interface Account {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

const largestFile = 4 << 20;

/**
 * What USER names, looked up as a runtime looks it up: names must be in the image's files, numbers need not.
 * @returns the account; undefined when it is not known.
 */
export function checkAccounts(
  root: InRoot,
  user: string,
): { readonly user: Account | undefined; readonly findings: readonly ResultFinding[] } {
  const [name = "", group] = user.split(":", 2);
  const rows = (path: string): string[][] => {
    const file = root.read(path, largestFile);
    return file instanceof Buffer
      ? file
          .toString("latin1")
          .split("\n")
          .map((line) => line.split(":"))
      : [];
  };
  const isNumber = (text: string): boolean => /^\d+$/.test(text);
  const findings: ResultFinding[] = [];
  const known = rows("/etc/passwd").find(
    ([login, , id]) => login === name || (isNumber(name) && Number(id) === Number(name)),
  );
  if (!known && name !== "" && name !== "root" && !isNumber(name)) {
    findings.push(unknown(root, "user", name, "/etc/passwd"));
  }
  const groups = rows("/etc/group");
  const own =
    group && groups.find(([title, , id]) => title === group || (isNumber(group) && Number(id) === Number(group)));
  if (group && !own && group !== "root" && !isNumber(group)) {
    findings.push(unknown(root, "group", group, "/etc/group"));
  }
  if (findings.length > 0) return { user: undefined, findings };
  const uid = known ? Number(known[2]) : Number(isNumber(name) ? name : 0);
  const gid = group ? Number(own ? own[2] : isNumber(group) ? group : 0) : Number(known?.[3] ?? 0);
  const more = group ? [] : groups.filter(([, , , members]) => members?.split(",").includes(known?.[0] ?? "\0"));
  return { user: { uid, gids: new Set([gid, ...more.map(([, , id]) => Number(id))]) }, findings };
}

function unknown(root: InRoot, kind: "user" | "group", name: string, file: string): ResultFinding {
  const what = root.resolve(file) ? `which is not in the image's ${file}` : `and the image has no ${file}`;
  return {
    rule: "UserUnknown",
    message: `The image runs as the ${kind} "${root.show(name)}", ${what}: no container starts`,
    about: "user",
    hint: `give a number, or copy ${file} from the stage that made the ${kind}`,
  };
}
