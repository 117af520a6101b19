import { join } from "node:path";
import { availableParallelism } from "node:os";
import { Limiter } from "../../src/base/index.ts";
import { openArchive } from "../../src/debian/archive.ts";
import type { Archive } from "../../src/debian/contract.ts";
import { openStore } from "../../src/store/index.ts";
import { AptRoot } from "./apt-root.ts";
import { type Compared, compareWithApt } from "./compare.ts";

export interface Opened {
  readonly archive: Archive;
  readonly apt: AptRoot;
}

/** Opens a suite by both, each in a folder of its own below the one given, and sees to it that both see the same state of the archive. */
export async function openBoth(folder: string, suite: string): Promise<Opened> {
  const store = openStore(join(folder, "store"));
  const cache = { folder: join(store.root, "debian"), blobs: store.blobs };
  const ctx = { signal: new AbortController().signal, emit: () => undefined };
  const archive = await openArchive({ suite, arch: "amd64", cache, ctx });
  const apt = await AptRoot.make(join(folder, `apt-${suite}`), archive.releases);
  const [ours, theirs] = [archive.releases.map(({ date }) => date).sort((a, b) => a - b), apt.dates()];
  if (ours.join() !== theirs.join())
    throw new Error(`the archive changed meanwhile: ${ours.join()} and ${theirs.join()}; try again`);
  return { archive, apt };
}

/** Compares for each name, as many at once as there are processors. */
export async function compareAll({ archive, apt }: Opened, names: readonly string[]): Promise<readonly Compared[]> {
  // The first call makes apt's cache, which the others would make at the same time.
  const [first, ...others] = names;
  if (first === undefined) return [];
  const limiter = new Limiter(availableParallelism());
  return [
    await compareWithApt(archive, apt, first),
    ...(await Promise.all(others.map((name) => limiter.run(() => compareWithApt(archive, apt, name))))),
  ];
}
