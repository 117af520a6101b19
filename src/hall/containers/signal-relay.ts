import { constants } from "node:os";
import type { SignalSource } from "../../sandbox/index.ts";

const passed = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Passes signals on to whoever listens at the moment. */
export class SignalRelay implements SignalSource {
  #listener: ((name: NodeJS.Signals) => void) | undefined;

  /** @returns false when nobody listens. */
  pass(name: NodeJS.Signals): boolean {
    this.#listener?.(name);
    return this.#listener !== undefined;
  }

  subscribe(listener: (name: NodeJS.Signals) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => void (this.#listener = undefined) };
  }
}

/** The signals that this process gets, in place of what they would do to it. */
export interface CaughtSignals extends SignalSource, Disposable {
  readonly last: NodeJS.Signals | undefined;
}

/** Catches signals until disposed of. What comes before somebody listens is kept for them. */
export function catchSignals(): CaughtSignals {
  const relay = new SignalRelay();
  const waiting: NodeJS.Signals[] = [];
  let last: NodeJS.Signals | undefined;
  const take = (name: NodeJS.Signals): void => {
    last = name;
    if (!relay.pass(name)) waiting.push(name);
  };
  for (const name of passed) process.on(name, take);
  return {
    get last() {
      return last;
    },
    subscribe: (listener) => {
      const subscription = relay.subscribe(listener);
      for (const name of waiting.splice(0)) listener(name);
      return subscription;
    },
    [Symbol.dispose]: () => {
      for (const name of passed) process.off(name, take);
    },
  };
}

/** What a shell calls the end by a signal. */
export function signalExitCode(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
