import { readFileSync } from "node:fs";
import { SlipwayError } from "../../base/index.ts";
import { type IdRange, idRanges, type Namespace } from "../../sandbox/index.ts";
import { openStore, type Store } from "../../store/index.ts";

/** A fact: the ids that the user namespace had in which the store's files were made. */
const key = "store/ids";

interface StoreIds {
  readonly users: readonly IdRange[];
  readonly groups: readonly IdRange[];
}

/**
 * In the engine, before anything of the store is used: its files must mean the same owners as when they were made.
 * Remembers the ids for the next time; a store without layers may change to others.
 * Throws SLIP_STORE when files may belong to ids that are not there any more.
 * @param read gives a file of /proc.
 */
export function checkStoreIds(
  store: Store,
  namespace: Namespace,
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): void {
  if (namespace.kind === "root") return;
  const now: StoreIds = { users: idRanges(read("/proc/self/uid_map")), groups: idRanges(read("/proc/self/gid_map")) };
  const known = store.facts.get(key) as StoreIds | undefined;
  if (known && JSON.stringify(known) === JSON.stringify(now)) return;
  const may = !known || isEmpty(store) || (isOne(known) === isOne(now) && covers(now, known));
  if (may) {
    store.facts.set(key, now);
    return;
  }
  const ranges = known.users.map(({ outside, count }) => (count === 1 ? `${outside}` : `${outside}+${count}`));
  throw new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot use the store ${store.root}: its files were made with other user ids (${ranges.join(", ")}) than this user has now`,
    hint: "restore newuidmap and the ranges in /etc/subuid and /etc/subgid, or choose another store with SLIPWAY_ROOT (docs/rootless.md)",
  });
}

/**
 * In the caller: why the engine has to do with one id although the user has more; undefined where nothing stands against more.
 * What was built with one id has lost its owners, and the cache would mix it with what has not.
 */
export function oneIdStore(root: string): string | undefined {
  using store = openStore(root);
  const known = store.facts.get(key) as StoreIds | undefined;
  if (!known || !isOne(known) || isEmpty(store)) return undefined;
  return `the store ${store.root} was made that way (rm -rf ${store.root} begins anew)`;
}

function isEmpty(store: Store): boolean {
  return store.snapshots.list().length === 0;
}

function isOne({ users }: StoreIds): boolean {
  return users.length === 1 && users[0]?.count === 1;
}

/** True when every id that was there still is the same one outside. */
function covers(now: StoreIds, known: StoreIds): boolean {
  const has = (ranges: readonly IdRange[], { inside, outside, count }: IdRange): boolean =>
    ranges.some(
      (range) =>
        range.outside - range.inside === outside - inside &&
        range.inside <= inside &&
        range.inside + range.count >= inside + count,
    );
  return known.users.every((range) => has(now.users, range)) && known.groups.every((range) => has(now.groups, range));
}
