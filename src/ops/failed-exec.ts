import type { ExecOp, Vertex } from "../graph/index.ts";
import type { ActiveSnapshot } from "../snapshot/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";

/** What it takes to go into the file system that a failed RUN left, as the store keeps it. It holds no secret and no address of a proxy. */
export interface FailedExec {
  readonly version: 1;
  readonly op: ExecOp;
  readonly inputs: readonly FileTree[];
  readonly text: string;
  readonly stage?: string | undefined;
  readonly position?: readonly [number, number] | undefined;
  /** The first word of the stage's SHELL. */
  readonly shell?: string | undefined;
  readonly exitCode: number;
}

/**
 * Keeps what a failed step left of its file system, with what it takes to look into it.
 * @returns false when it cannot be kept: the failure itself is what counts.
 */
export async function keepFailed(
  op: ExecOp,
  vertex: Vertex,
  inputs: readonly FileTree[],
  active: ActiveSnapshot,
  exitCode: number,
  { store }: Pick<OpRooms, "store">,
): Promise<boolean> {
  const { text, stage, position, shell } = vertex.origin;
  const state: FailedExec = {
    version: 1,
    op: { ...op, secretEnv: undefined },
    inputs,
    text,
    stage,
    position,
    shell: shell?.[0],
    exitCode,
  };
  try {
    const { id } = await active.commit();
    store.failedSteps.add({ snapshot: id, created: Date.now(), state });
    // What made way for it.
    await store.collect();
    return true;
  } catch {
    return false;
  }
}

/** What the store kept of a failed step, if this version of slipway understands it. */
export function failedExec(state: unknown): FailedExec | undefined {
  const known = state as Partial<FailedExec> | null | undefined;
  return known?.version === 1 && known.op?.kind === "exec" && Array.isArray(known.inputs)
    ? (known as FailedExec)
    : undefined;
}
