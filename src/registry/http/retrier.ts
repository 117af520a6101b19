import { setTimeout as sleep } from "node:timers/promises";
import type { RegistryCtx, RegistryLimits } from "../contract.ts";
import { AnswerError, isPassing, reasonOf } from "./failures.ts";

/** Decides after a failure whether to try again, and waits. One for each thing that is tried. */
export class Retrier {
  readonly #host: string;
  readonly #limits: RegistryLimits;
  readonly #ctx: RegistryCtx;
  #failed = 0;

  constructor(host: string, limits: RegistryLimits, ctx: RegistryCtx) {
    this.#host = host;
    this.#limits = limits;
    this.#ctx = ctx;
  }

  /** Something was gained since the last failure: the count starts anew. */
  gained(): void {
    this.#failed = 0;
  }

  /** Returns when it is time for another try, and throws the error when there is to be none. */
  async after(error: unknown): Promise<void> {
    this.#ctx.signal.throwIfAborted();
    const { attempts, longestWait } = this.#limits;
    const asked = error instanceof AnswerError ? (error.retryAfter ?? 0) : 0;
    this.#failed++;
    if (!isPassing(error) || this.#failed >= attempts || asked > longestWait) throw error;
    const wait = Math.max(asked, Math.min(longestWait, this.#limits.backoff * 2 ** (this.#failed - 1))) * jitter(asked);
    this.#ctx.emit({ type: "retry", host: this.#host, reason: reasonOf(error), wait: Math.round(wait) });
    await sleep(wait, undefined, { signal: this.#ctx.signal });
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        await this.after(error);
      }
    }
  }
}

/** Spreads many clients; never sooner than a registry asked for. */
function jitter(asked: number): number {
  return asked > 0 ? 1 + Math.random() / 4 : 0.5 + Math.random() / 2;
}

/**
 * Reads Retry-After (RFC 9110, 10.2.3): seconds or a date.
 * @returns milliseconds from now; undefined when it says nothing that can be understood.
 */
export function parseRetryAfter(text: string | undefined, now: number = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
