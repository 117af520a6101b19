import { inspectRoot, type ImageInspection, type TreeInspection } from "../../inspect/index.ts";
import { findImage } from "./find-image.ts";
import type { Engine } from "../engine/engine.ts";

/** Raised when what an inspection holds changes, so that kept ones are made anew. */
const version = 1;

/** What is in an image: walked once, then kept with the image. */
export async function inspectInEngine(name: string, engine: Engine): Promise<ImageInspection> {
  const { store } = engine;
  const image = findImage(store, name);
  const key = `inspection ${version} ${image.id}`;
  let tree = store.facts.get(key) as TreeInspection | undefined;
  if (!tree) {
    tree = await inspectTop(image.snapshots.at(-1), engine);
    store.facts.set(key, tree, image.id);
  }
  const { bytes: _merged, ...rest } = tree;
  return {
    ...rest,
    name,
    id: image.id,
    size: image.size,
    layers: image.snapshots.length,
    user: image.config.config?.User ?? "",
    facts: image.facts,
  };
}

async function inspectTop(top: string | undefined, engine: Engine): Promise<TreeInspection> {
  if (top === undefined) {
    const empty = engine.store.scratch();
    const tree = await inspectRoot(empty);
    await engine.store.discard(empty);
    return tree;
  }
  await using view = await engine.snapshotter.view(top);
  return await inspectRoot(await view.root());
}
