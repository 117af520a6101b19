import { didYouMean } from "../../base/index.ts";
import type { RecipeFolder, RecipeGroup, RecipeUser } from "../distroless/recipe.ts";
import type { CheckedYaml } from "./checked-yaml.ts";
import type { OwnBaseFile } from "./schema.ts";

/** Users and groups of a base, by name and by number. */
export interface Accounts {
  readonly users: readonly RecipeUser[];
  readonly groups: readonly RecipeGroup[];
  /** Homes of the users of the file. */
  readonly homes: readonly RecipeFolder[];
  /** `USER[:GROUP]` as numbers; throws SLIP_BASE with the place for a name that nobody has. */
  readonly idsOf: (owner: string, path: readonly (string | number)[]) => { readonly uid: number; readonly gid: number };
}

/**
 * The users and groups of a file on top of those that every base has.
 * @throws SLIP_BASE for a name or number that is taken, and for a group or member that there is not.
 */
export function accountsOf(
  { value, fault }: CheckedYaml<OwnBaseFile>,
  before: { readonly users: readonly RecipeUser[]; readonly groups: readonly RecipeGroup[] },
): Accounts {
  const users = [...before.users];
  const groups = [...before.groups];
  const addGroup = (group: RecipeGroup, path: readonly (string | number)[]): void => {
    const taken = groups.find((other) => other.name === group.name);
    if (taken)
      throw fault(
        [...path, "name"],
        `there is a group ${group.name} already, with the number ${taken.gid}`,
        "name another one",
      );
    const number = groups.find((other) => other.gid === group.gid);
    if (number)
      throw fault(
        [...path, "gid"],
        `the gid ${group.gid} belongs to the group ${number.name} already`,
        "take another number: those from 1000 to 59999 are free",
      );
    groups.push(group);
  };
  for (const [at, group] of (value.groups ?? []).entries()) addGroup(group, ["groups", at]);
  const homes: RecipeFolder[] = [];
  for (const [at, { name, uid, group, home = `/home/${name}`, shell, comment }] of (value.users ?? []).entries()) {
    const path = ["users", at];
    if (users.some((other) => other.name === name))
      throw fault([...path, "name"], `there is a user ${name} already`, "name another one");
    const number = users.find((other) => other.uid === uid);
    if (number)
      throw fault(
        [...path, "uid"],
        `the uid ${uid} belongs to the user ${number.name} already`,
        "take another number: those from 1000 to 59999 are free",
      );
    const named = groups.find((one) => one.name === (group ?? name));
    if (!named && group !== undefined) {
      throw fault(
        [...path, "group"],
        `there is no group ${group}`,
        didYouMean(
          group,
          groups.map((one) => one.name),
        ) ?? "list it in groups",
      );
    }
    if (!named) addGroup({ name, gid: uid }, path);
    const gid = named?.gid ?? uid;
    const plain = home.replace(/\/$/, "");
    users.push({ name, uid, gid, home: plain, shell, comment });
    homes.push({ path: plain, mode: 0o700, uid, gid });
  }
  for (const [at, { members = [] }] of (value.groups ?? []).entries()) {
    for (const [index, member] of members.entries()) {
      if (users.some(({ name }) => name === member)) continue;
      throw fault(["groups", at, "members", index], `there is no user ${member}`, near(member, users));
    }
  }
  return {
    users,
    groups,
    homes,
    idsOf: (owner, path) => {
      const [who = "", group] = owner.split(":");
      const user = find(users, who, ({ uid }) => uid);
      if (!user && !/^\d+$/.test(who)) throw fault(path, `there is no user ${who}`, near(who, users));
      const uid = user?.uid ?? Number(who);
      const found = group === undefined ? undefined : find(groups, group, ({ gid }) => gid);
      if (group !== undefined && !found && !/^\d+$/.test(group))
        throw fault(path, `there is no group ${group}`, near(group, groups));
      const gid = group === undefined ? (user?.gid ?? 0) : (found?.gid ?? Number(group));
      const large = [uid, gid].find((number) => number > 4294967294);
      if (large !== undefined) throw fault(path, `${large} is no number of a user or group`, "they go to 4294967294");
      return { uid, gid };
    },
  };
}

function find<T extends { readonly name: string }>(
  all: readonly T[],
  text: string,
  id: (one: T) => number,
): T | undefined {
  return all.find((one) => one.name === text || `${id(one)}` === text);
}

function near(name: string, all: readonly { readonly name: string }[]): string {
  const names = all.map((one) => one.name);
  return [didYouMean(name, names), `there are ${names.join(", ")}`].filter(Boolean).join(" ");
}
