import { type BuildEvent, type Ctx, SlipwayError, toSlipwayError } from "../../base/index.ts";
import { enterNamespace, type Namespace, type SignalSource } from "../../sandbox/index.ts";
import { Answers } from "../../ops/index.ts";
import { readInput } from "../input/build-input.ts";
import { buildWith } from "../build/build-with.ts";
import { inspectInEngine } from "../images/inspect-in-engine.ts";
import { debianKeyring } from "../config/debian-config.ts";
import type { Engine } from "./engine.ts";
import { drained, flushed, send } from "./engine-channel.ts";
import { openEngine } from "./machinery.ts";
import type { JobName, Jobs, ToEngine } from "./protocol.ts";
import { runInEngine } from "../containers/run-in-engine.ts";
import { SignalRelay } from "../containers/signal-relay.ts";
import { saveInEngine } from "../outputs/save-in-engine.ts";
import { shellInEngine } from "../containers/shell-in-engine.ts";
import { checkStoreIds } from "./store-ids.ts";
import { StoreKeeper } from "./store-keeper.ts";
import { pruneInEngine } from "../images/prune-in-engine.ts";

type Doers = {
  readonly [J in JobName]: (
    options: Jobs[J]["options"],
    engine: Engine,
    ctx: Ctx,
    signals: SignalSource,
  ) => Promise<Jobs[J]["answer"]>;
};

const doers: Doers = {
  build: (options, engine, ctx) => buildWith(options, engine.store, engine, ctx),
  "read-input": (options, engine, ctx) =>
    readInput(options, { ...engine.rooms(ctx), answers: new Answers(options.said) }, ctx),
  run: runInEngine,
  shell: shellInEngine,
  load: async (options, engine, ctx) =>
    (await import("../outputs/load-in-engine.ts")).loadInEngine(options, engine, ctx),
  save: async (options, engine, ctx) => {
    await saveInEngine(options, engine, ctx);
    return null;
  },
  pull: async (options, engine, ctx) =>
    (await import("../registry/pull-in-engine.ts")).pullInEngine(options, engine, ctx),
  push: async (options, engine, ctx) =>
    (await import("../registry/push-in-engine.ts")).pushInEngine(options, engine, ctx),
  inspect: ({ image }, engine) => inspectInEngine(image, engine),
  suggest: async (options, engine) =>
    (await import("../bases/suggest/suggest-in-engine.ts")).suggestInEngine(options, engine),
  sbom: async (options, engine, ctx) =>
    (await import("../attestations/sbom-in-engine.ts")).sbomInEngine(options, engine, ctx),
  prune: (options, { store }) => pruneInEngine(options, store),
  "remove-caches": async ({ ids }, { store }) => (await store.cacheMounts.remove(ids)).map(({ id }) => id),
  lock: async (options, engine, ctx) => (await import("../lock/lock-in-engine.ts")).lockInEngine(options, engine, ctx),
  "build-base": async (options, engine, ctx) =>
    (await import("../bases/build-base-in-engine.ts")).buildBaseInEngine(options, engine, ctx),
  "lock-base": async (options, engine, ctx) =>
    (await import("../bases/lock-base-in-engine.ts")).lockBaseInEngine(options, engine, ctx),
  keep: async () => null,
  collect: async (_options, { store }) => {
    await store.collect();
    return null;
  },
};

/**
 * The whole life of the engine process. Enters the namespaces before anything else happens, does the one job that the caller
 * sends, answers, and ends. A closed channel means that the caller is gone: then the job is cancelled.
 */
export function serveEngine(): void {
  let namespace: Namespace | SlipwayError;
  try {
    namespace = enterNamespace();
    send({ type: "ready" });
  } catch (error) {
    namespace = toSlipwayError(error);
  }
  const cancel = new AbortController();
  const relay = new SignalRelay();
  // The caller decides what signals mean; the terminal may send them to the engine as well.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => cancel.abort());
  process.on("message", (message: ToEngine) => {
    if (message.type === "cancel") cancel.abort();
    else if (message.type === "job") void answer(message.job, message.options, namespace, cancel.signal, relay);
    else if (!relay.pass(message.name)) cancel.abort();
  });
}

async function answer(
  job: JobName,
  options: Jobs[JobName]["options"],
  namespace: Namespace | SlipwayError,
  signal: AbortSignal,
  signals: SignalSource,
): Promise<void> {
  let keeper: StoreKeeper | undefined;
  const emit = (event: BuildEvent): void => {
    send({ type: "event", event });
    if (event.type === "step-done") keeper?.poke();
  };
  try {
    if (namespace instanceof SlipwayError) throw namespace;
    using opened = new StoreKeeper(options.store, emit);
    const { store } = opened;
    keeper = opened;
    checkStoreIds(store, namespace);
    await store.recover();
    const mirror = "debianMirror" in options ? options.debianMirror : undefined;
    const keyring = debianKeyring("debianKeyring" in options ? options : {});
    const ctx: Ctx = { signal, emit, drained };
    await using engine = openEngine(store, namespace, { mirror, keyring }, ctx, opened.guard);
    const doer = doers[job] as (...given: readonly unknown[]) => Promise<Jobs[JobName]["answer"]>;
    let result: Jobs[JobName]["answer"];
    try {
      result = await doer(options, engine, ctx, signals);
    } finally {
      await opened.done();
    }
    send({ type: "answer", answer: result });
    await store.settle();
  } catch (error) {
    const failure = toSlipwayError(error);
    const said =
      signal.aborted && failure.code !== "SLIP_CANCELLED"
        ? new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause: error })
        : failure;
    send({ type: "error", error: said.toJSON() });
  } finally {
    process.removeAllListeners("message");
    await flushed();
    if (process.connected) process.disconnect();
  }
}
