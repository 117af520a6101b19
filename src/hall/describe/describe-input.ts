import { Answers } from "../../ops/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import { openStore } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { type BuildInput, isHere, readFolder, readInput } from "../input/build-input.ts";
import { callEngine } from "../engine/call-engine.ts";
import type { Prepared } from "../engine/protocol.ts";
import { readsInput, spoolInput } from "../input/spool-input.ts";

type Described = Pick<BuildOptions, "context" | "dockerfile" | "input" | "store" | "signal">;

/**
 * What a build would be made from, for those who only look at it. A folder is read in place; what lies elsewhere is fetched into the store, as a build does.
 * @throws SLIP_CONTEXT, SLIP_DOCKERFILE_NOT_FOUND, SLIP_NETWORK, SLIP_GIT
 */
export async function readDescribed(options: Described): Promise<BuildInput> {
  const { input, signal = new AbortController().signal, ...plain } = options;
  const ctx = { signal, emit: () => undefined };
  // A store that is not there is not made for what needs none.
  if (isHere(plain) && !readsInput(plain)) return readFolder(plain);
  using store = openStore(options.store);
  const spooled = readsInput(plain) ? await spoolInput(plain, input ?? process.stdin, store) : undefined;
  const answers = new Answers();
  const prepared: Prepared<typeof plain> = { ...plain, spooled };
  try {
    return await readInput(prepared, { store, machinery: undefined, answers }, ctx);
  } catch (error) {
    if (!(error instanceof NeedsRun)) throw error;
    return await callEngine("read-input", { ...prepared, said: answers.said() }, { signal });
  }
}
