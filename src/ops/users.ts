import { lstatSync, readFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import { resolveInRoot } from "./tree/root-path.ts";

/** A numeric identity. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

interface Account {
  readonly name: string;
  readonly id: number;
  /** passwd: the primary group; group: undefined. */
  readonly gid: number | undefined;
  readonly home: string | undefined;
  readonly members: readonly string[];
}

/**
 * Looks up `user[:group]`, names or numbers, in a root's own /etc/passwd and /etc/group.
 * A number stands for itself. Without a group it is the user's own; a number that passwd does not know gets `fallbackGid`,
 * or the same number.
 * Throws SLIP_USER_UNKNOWN for a name that is not there.
 */
export function findUser(root: string, text: string, fallbackGid?: number): UserIds & { readonly home: string } {
  const [user = "", group] = text.split(":", 2);
  const accounts = readAccounts(root, "etc/passwd");
  const numeric = /^\d+$/.test(user);
  const account =
    accounts.find(({ name }) => name === user) ?? accounts.find(({ id }) => numeric && id === Number(user));
  if (!account && !numeric && user !== "" && user !== "root") throw unknown("user", user, accounts);
  const uid = account?.id ?? (numeric ? inRange("user", user) : 0);
  const home = account?.home || "/";
  if (group === undefined || group === "") {
    return { uid, gid: account?.gid ?? fallbackGid ?? uid, home };
  }
  const groups = readAccounts(root, "etc/group");
  const found = groups.find(({ name }) => name === group);
  if (!found && !/^\d+$/.test(group)) {
    if (group === "root") return { uid, gid: 0, home };
    throw unknown("group", group, groups);
  }
  return { uid, gid: found?.id ?? inRange("group", group), home };
}

/**
 * The owner that `--chown` names (Dockerfile reference, "COPY --chown"): `user`, `user:group`, `:group`, names or numbers. A user without a
 * group brings the name's own group, or as a number the group of the same number; what is empty is 0.
 * Throws SLIP_USER_UNKNOWN for a name that is not there.
 */
export function findOwner(root: string, text: string): UserIds {
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  const named = isOwnId(user) ? undefined : accountOf(root, "user", user);
  const uid = named?.id ?? ownId("user", user);
  if (colon < 0) return { uid, gid: named?.gid ?? uid };
  const group = text.slice(colon + 1);
  return { uid, gid: isOwnId(group) ? ownId("group", group) : accountOf(root, "group", group).id };
}

/** True for an owner that says who it is without a look at any file. */
function isOwnId(name: string): boolean {
  return name === "" || name === "root" || /^\d+$/.test(name);
}

function ownId(kind: "user" | "group", name: string): number {
  return /^\d+$/.test(name) ? inRange(kind, name) : 0;
}

function accountOf(root: string, kind: "user" | "group", name: string): Account {
  const accounts = readAccounts(root, kind === "user" ? "etc/passwd" : "etc/group");
  const found = accounts.find((account) => account.name === name);
  if (!found) throw unknown(kind, name, accounts);
  return found;
}

/** Linux takes more, but accounts are numbered up to here (and docker takes no more). */
const largestId = 2 ** 31 - 1;

function inRange(kind: "user" | "group", number: string): number {
  if (Number(number) <= largestId) return Number(number);
  throw new SlipwayError({
    code: "SLIP_USER_UNKNOWN",
    message: `Cannot use the ${kind} ${number}: it is larger than ${largestId}`,
  });
}

/** Ids of the groups that name the user as a member. */
export function findGroupsOf(root: string, uid: number): readonly number[] {
  const name = readAccounts(root, "etc/passwd").find(({ id }) => id === uid)?.name;
  if (name === undefined) return [];
  return readAccounts(root, "etc/group").flatMap(({ id, members }) => (members.includes(name) ? [id] : []));
}

/** More than any machine's accounts take; an image may have anything there. */
const longest = 16 << 20;

/** Never a fifo, which would wait for ever, nor a device, which may never end. */
function readRegular(path: string): string {
  const stat = lstatSync(path);
  return stat.isFile() && stat.size <= longest ? readFileSync(path, "utf8") : "";
}

function readAccounts(root: string, path: string): readonly Account[] {
  let text: string;
  try {
    text = readRegular(`${root}/${resolveInRoot(root, path, true)}`);
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [name, , id, fourth = "", , home] = line.split(":");
    if (!name || !id || !/^\d+$/.test(id)) return [];
    const passwd = path.endsWith("passwd");
    return [{ name, id: Number(id), gid: passwd ? Number(fourth) : undefined, home, members: fourth.split(",") }];
  });
}

function unknown(kind: "user" | "group", name: string, known: readonly Account[]): SlipwayError {
  const file = kind === "user" ? "/etc/passwd" : "/etc/group";
  const names = known.map((account) => account.name).slice(-8);
  return new SlipwayError({
    code: "SLIP_USER_UNKNOWN",
    message: `Cannot find the ${kind} ${JSON.stringify(name)} in the image's ${file}`,
    hint:
      known.length === 0
        ? `the image has no ${file}: give numbers`
        : `give a number, or one of those it has, such as ${names.join(", ")}`,
  });
}
