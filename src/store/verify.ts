import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSlipwayError } from "../base/index.ts";
import type { ContentStore, Store } from "./contract.ts";
import { measureTree } from "./tree.ts";
import { folders, type State } from "./state.ts";
import { holders } from "./holder.ts";
import { readdirSync } from "node:fs";

/** Compares the records with what lies on the disk. Returns what is wrong, a line each. */
export async function verify(
  state: State,
  store: Pick<Store, "blobs" | "images" | "snapshots" | "remoteLayers" | "records" | "cacheMounts">,
  options: { readonly blobs?: boolean | undefined },
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const snapshots = new Map(store.snapshots.list().map((record) => [record.id, record]));
  for (const { id, parent, size, entries } of snapshots.values()) {
    if (parent !== undefined && !snapshots.has(parent)) wrong.push(`snapshot ${id}: its parent ${parent} is missing`);
    const folder = store.snapshots.folder(id);
    if (store.remoteLayers.of(id)) {
      if (existsSync(folder)) wrong.push(`snapshot ${id}: it is a remote layer, and has a folder`);
      continue;
    }
    if (!existsSync(folder)) {
      wrong.push(`snapshot ${id}: its folder is missing`);
      continue;
    }
    const found = measureTree(folder);
    if (found?.size !== size || found.entries !== entries) {
      wrong.push(
        `snapshot ${id}: has ${found?.entries} entries of ${found?.size} bytes, recorded are ${entries} of ${size}`,
      );
    }
  }
  for (const { key, snapshot } of store.records.list()) {
    if (!snapshots.has(snapshot)) wrong.push(`cache record ${key}: its snapshot ${snapshot} is missing`);
  }
  for (const { id, snapshots: layers } of store.images.list()) {
    for (const layer of layers) if (!snapshots.has(layer)) wrong.push(`image ${id}: its layer ${layer} is missing`);
  }
  const mounts = new Set(store.cacheMounts.list().map(({ id }) => id));
  for (const id of mounts) {
    if (!existsSync(join(state.root, folders.caches, id))) wrong.push(`cache mount ${id}: its folder is missing`);
  }
  wrong.push(...leftovers(state, snapshots, mounts));
  for await (const { digest, size } of store.blobs.list()) {
    const found = statSync(store.blobs.path(digest), { throwIfNoEntry: false });
    if (found?.size !== size)
      wrong.push(`blob ${digest}: ${found ? `has ${found.size} bytes, not ${size}` : "its file is missing"}`);
    else if (options.blobs) wrong.push(...(await damage(store.blobs, digest)));
  }
  return wrong;
}

/** What nothing refers to and no living process owns. */
function leftovers(
  state: State,
  snapshots: ReadonlyMap<string, unknown>,
  mounts: ReadonlySet<string>,
): readonly string[] {
  const names = (folder: string): readonly string[] =>
    existsSync(join(state.root, folder)) ? readdirSync(join(state.root, folder)) : [];
  const found = holders(join(state.root, folders.holders));
  const living = new Set(found.flatMap(({ id, alive }) => (alive ? [id] : [])));
  return [
    ...names(folders.snapshots)
      .filter((id) => !snapshots.has(id))
      .map((id) => `folder ${folders.snapshots}/${id}: no snapshot has it`),
    ...names(folders.caches)
      .filter((id) => !mounts.has(id))
      .map((id) => `folder ${folders.caches}/${id}: no cache mount has it`),
    ...names(folders.active)
      .filter((id) => !living.has(id))
      .map((id) => `folder ${folders.active}/${id}: its process is gone`),
    ...names(folders.trash).map((id) => `folder ${folders.trash}/${id}: not deleted yet`),
    ...found.filter(({ alive }) => !alive).map(({ id }) => `process ${id}: ended without closing the store`),
  ];
}

async function damage(blobs: ContentStore, digest: Parameters<ContentStore["read"]>[0]): Promise<readonly string[]> {
  try {
    for await (const chunk of blobs.read(digest)) void chunk;
    return [];
  } catch (error) {
    if (isSlipwayError(error)) return [`blob ${digest}: ${error.message}`];
    throw error;
  }
}
