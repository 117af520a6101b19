import { failedExec } from "../../ops/index.ts";
import { openStore, type Store } from "../../store/index.ts";
import type { CommonOptions } from "../api/api.ts";
import { callContainer } from "./call-container.ts";
import type { FailedStepInfo, ShellOptions } from "../api/shell-api.ts";

/**
 * Opens a shell in what a failed step left of its file system, or in an image, with what the step or the image runs with: variables, user, working
 * folder, network, mounts. What is changed is gone at its end.
 * @returns its exit code; 128 + n when signal n ended it.
 * @throws SLIP_USAGE when nothing failed or there is no shell, SLIP_IMAGE_UNKNOWN for a name that is neither a step nor an image.
 */
export async function shell(options: ShellOptions): Promise<{ readonly exitCode: number }> {
  return callContainer("shell", options, { stdin: true, tty: options.tty === true });
}

/** The steps that failed last and whose file systems are kept; the latest first. */
export async function failedSteps(options: CommonOptions = {}): Promise<readonly FailedStepInfo[]> {
  using store = openStore(options.store);
  return listFailed(store).map(({ info }) => info);
}

/** Those that this version of slipway understands. */
export function listFailed(store: Store) {
  return store.failedSteps.list().flatMap(({ snapshot, created, state }) => {
    const exec = failedExec(state);
    if (!exec) return [];
    const { stage, position, text, exitCode } = exec;
    const info: FailedStepInfo = { id: snapshot.slice(-8).toLowerCase(), created, stage, position, text, exitCode };
    return [{ snapshot, exec, info }];
  });
}
