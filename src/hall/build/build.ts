import { type BuildEvent, type Ctx, SlipwayError } from "../../base/index.ts";
import { Answers } from "../../ops/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import { openStore } from "../../store/index.ts";
import type { BuildOptions, BuildResult } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";
import { buildWith } from "./build-with.ts";
import { leavesStore } from "../outputs/read-outputs.ts";
import { readStorageLimit } from "../config/storage-config.ts";
import type { Prepared } from "../engine/protocol.ts";
import { readsInput, spoolInput } from "../input/spool-input.ts";

/**
 * Builds the target of a Dockerfile into the store, and writes the outputs asked for.
 * What the cache answers whole is answered here, in milliseconds and without a mount; otherwise the engine process does it all.
 * @returns the image that was made and what it took.
 * @throws SlipwayError, with the place in the Dockerfile where it has one; SLIP_CANCELLED when `signal` aborts. The store stays consistent.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { signal = new AbortController().signal, onEvent = () => undefined, input, ...plain } = options;
  if (signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
  const lock = plain.locked ? (await import("../lock/lock-place.ts")).readLock(plain) : undefined;
  if (!readsInput(plain)) return buildPrepared({ ...plain, lock }, signal, onEvent);
  // What was read lies in the store for as long as this has it open.
  using store = openStore(options.store);
  const spooled = await spoolInput(plain, input ?? process.stdin, store);
  return await buildPrepared({ ...plain, spooled, lock }, signal, onEvent);
}

async function buildPrepared(
  options: Prepared<BuildOptions>,
  signal: AbortSignal,
  onEvent: (event: BuildEvent) => void,
): Promise<BuildResult> {
  const answers = new Answers();
  const early = await fromCache(options, answers, signal, onEvent);
  // A build that the cache answers writes next to nothing, but the limit may be a new one.
  if (early?.isOver) await callEngine("keep", { store: options.store }, { signal, onEvent });
  return early?.result ?? callEngine("build", { ...options, said: answers.said() }, { signal, onEvent });
}

/** The result, when nothing at all has to run; its events are shown only then. */
async function fromCache(
  options: Prepared<BuildOptions>,
  answers: Answers,
  signal: AbortSignal,
  onEvent: (event: BuildEvent) => void,
): Promise<{ readonly result: BuildResult; readonly isOver: boolean } | undefined> {
  if (options.noCache || options.outputs?.some(leavesStore)) return undefined;
  const events: BuildEvent[] = [];
  const ctx: Ctx = { signal, emit: (event) => events.push(event) };
  using store = openStore(options.store);
  try {
    const result = await buildWith(options, store, undefined, ctx, answers);
    const limit = readStorageLimit();
    for (const event of events) onEvent(event);
    return { result, isOver: limit !== undefined && store.isOver(limit) };
  } catch (error) {
    if (error instanceof NeedsRun) return undefined;
    for (const event of events) onEvent(event);
    throw error;
  }
}
