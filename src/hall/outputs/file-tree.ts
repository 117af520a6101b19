import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mountAll, unmount } from "../../base/syscalls.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { type BesideOptions, writeBeside } from "./files-beside.ts";

/** The files of images as folders to read, until it is disposed of. */
export interface OpenFileTree extends AsyncDisposable {
  /** One an image, or one that has them all. */
  readonly roots: readonly [string, ...string[]];
  /** The latest time that files have in these images (seconds), where one was set. */
  readonly epoch: number | undefined;
}

/**
 * Mounts the file systems of images to be read.
 * @param beside what else is in the root of each image.
 * @param split each in a folder named for its platform (`linux_arm64`) of one root, as buildx writes them; otherwise each has a root.
 */
export async function openFileTree(
  images: readonly ImageRecord[],
  split: boolean,
  engine: Engine,
  beside?: BesideOptions,
): Promise<OpenFileTree> {
  const stack = new AsyncDisposableStack();
  const epochs = images.flatMap((image) => epochOf(image, engine) ?? []);
  const epoch = epochs.length > 0 ? Math.max(...epochs) : undefined;
  try {
    const roots: string[] = [];
    for (const image of images) roots.push(await openRoot(image, engine, stack, beside));
    const [root, ...others] = split ? [splitRoot(images, roots, engine, stack)] : roots;
    const opened = stack.move();
    return { roots: [root as string, ...others], epoch, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function epochOf({ snapshots, config }: ImageRecord, { store }: Engine): number | undefined {
  const top = snapshots.at(-1);
  const diffId = config.rootfs.diff_ids.at(-1);
  return top === undefined || diffId === undefined ? undefined : store.snapshots.epochOf(top, diffId);
}

async function openRoot(
  image: ImageRecord,
  engine: Engine,
  stack: AsyncDisposableStack,
  beside: BesideOptions | undefined,
): Promise<string> {
  const top = image.snapshots.at(-1);
  if (top === undefined) {
    const root = scratch(engine, stack);
    if (beside) await writeBeside(image, root, root, beside);
    return root;
  }
  const root = await stack.use(await engine.snapshotter.view(top)).root();
  if (!beside) return root;
  const folder = scratch(engine, stack);
  if (!(await writeBeside(image, root, folder, beside))) return root;
  return stack.use(await engine.snapshotter.view(top, [folder])).root();
}

function splitRoot(
  images: readonly ImageRecord[],
  roots: readonly string[],
  engine: Engine,
  stack: AsyncDisposableStack,
): string {
  const root = scratch(engine, stack);
  for (const [at, { config }] of images.entries()) {
    const folder = join(root, formatPlatform(config).replaceAll("/", "_"));
    mkdirSync(folder);
    mountAll([{ type: "bind", source: roots[at] as string, target: "/", options: ["bind", "ro"] }], folder);
    stack.defer(() => unmount(folder, { detach: true }));
  }
  return root;
}

function scratch({ store }: Engine, stack: AsyncDisposableStack): string {
  const folder = store.scratch();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
