import { cancellable, WorkerPool } from "../base/index.ts";
import type { Folded, LayerStack, ReshapeJob, Squashed, Waste } from "./contract.ts";

let shared: WorkerPool | undefined;

/**
 * Takes out of layers what is in them for nothing: what a later one deletes or replaces leaves the earlier one, and a file that a later one only gave
 * another owner, mode or time stays in the earlier one alone. Layers keep their number and order; one that loses all it had is an empty folder.
 * The merged tree stays the same, which is proved before anything is returned.
 * @param stack folders; nothing is changed in them.
 * @param into where the folders of layers that change are made. They are the caller's, also after an error.
 * @throws SLIP_INTERNAL when the merged tree would be another, SLIP_CANCELLED.
 */
export function fold(stack: LayerStack, into: string, signal?: AbortSignal): Promise<Folded> {
  return cancellable(signal, (cancel) => pool().call("fold", { stack, into, cancel } satisfies ReshapeJob));
}

/** Makes one layer of several, with the same merged tree, as `fold` otherwise. */
export function squash(stack: LayerStack, into: string, signal?: AbortSignal): Promise<Squashed> {
  return cancellable(signal, (cancel) => pool().call("squash", { stack, into, cancel } satisfies ReshapeJob));
}

/**
 * What `fold` would take out, without reading any file: a file with the same length and time counts as the same. Most bytes first.
 * @param options.small works in the calling thread: for layers of some thousand entries, that is done before a thread has started.
 */
export async function findWaste(
  stack: LayerStack,
  { small, signal }: { readonly small: boolean; readonly signal?: AbortSignal | undefined },
): Promise<readonly Waste[]> {
  if (small) return (await import("./plan-fold.ts")).planFold(stack, { contents: "guess" }).waste;
  return cancellable(signal, (cancel) => pool().call("findWaste", { stack, cancel }));
}

function pool(): WorkerPool {
  return (shared ??= new WorkerPool("fold/worker", { size: 2 }));
}
