import type { Digest } from "../base/index.ts";
import type { CacheDocument } from "./contract.ts";

/** The snapshots of a document from the bottom to one of them. */
export function lineOf({ snapshots }: Pick<CacheDocument, "snapshots">, top: number): readonly number[] {
  const line: number[] = [];
  for (let at: number | undefined = top; at !== undefined; at = snapshots[at]?.parent) line.push(at);
  return line.reverse();
}

/** Diff ids from the bottom to each snapshot. */
export function chainsOf({
  layers,
  snapshots,
}: Pick<CacheDocument, "layers" | "snapshots">): readonly (readonly Digest[])[] {
  const chains: (readonly Digest[])[] = [];
  for (const { layer, parent } of snapshots) {
    const below = parent === undefined ? [] : (chains[parent] as readonly Digest[]);
    chains.push([...below, layers[layer] as Digest]);
  }
  return chains;
}
