import { type CancelFlag, type Digest, SlipwayError } from "../base/index.ts";
import type { LayerStack } from "./contract.ts";
import { treeHash } from "./tree-hash.ts";

/** Throws SLIP_INTERNAL unless both stacks of layers give the same merged tree. */
export function proveSame(before: LayerStack, after: LayerStack, cancel?: CancelFlag): Digest {
  const shared = new Set(before.own.filter((folder) => after.own.includes(folder)));
  const [was, is] = [before, after].map((stack) => treeHash(stack, { shared, cancel })) as [Digest, Digest];
  if (was === is) return is;
  throw new SlipwayError({
    code: "SLIP_INTERNAL",
    message: `Cannot make the layers smaller: the files would not be the same (${was} before, ${is} after)`,
    hint: "build without --fold and --squash, and report the Dockerfile",
  });
}
