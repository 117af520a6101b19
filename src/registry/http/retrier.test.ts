import { expect, test } from "vitest";
import { defaultLimits } from "./limits.ts";
import type { RegistryEvent } from "../contract.ts";
import { AnswerError, CutError } from "./failures.ts";
import { parseRetryAfter, Retrier } from "./retrier.ts";

const now = Date.parse("Wed, 21 Oct 2026 07:28:00 GMT");

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 1.5 ", 1500],
  ["Wed, 21 Oct 2026 07:29:00 GMT", 60_000],
  ["Wed, 21 Oct 2026 07:00:00 GMT", 0],
  ["soon", undefined],
  [undefined, undefined],
])("Retry-After: %s", (text, expected) => {
  expect(parseRetryAfter(text, now)).toBe(expected);
});

function retrier(attempts: number): {
  readonly retrier: Retrier;
  readonly waits: number[];
  readonly stop: AbortController;
} {
  const waits: number[] = [];
  const stop = new AbortController();
  const emit = (event: RegistryEvent): void => void (event.type === "retry" && waits.push(event.wait));
  const limits = { ...defaultLimits, attempts, backoff: 8, longestWait: 200 };
  return { retrier: new Retrier("a.example", limits, { signal: stop.signal, emit }), waits, stop };
}

test("pauses double, with jitter, until the tries are over", async () => {
  const { retrier: trying, waits } = retrier(5);
  const cut = new CutError("cut");
  await expect(trying.run(() => Promise.reject(cut))).rejects.toBe(cut);
  expect(waits).toHaveLength(4);
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(4 * 2 ** i);
    expect(wait).toBeLessThanOrEqual(8 * 2 ** i + 1);
  }
});

const answer = (status: number, retryAfter?: number): AnswerError =>
  new AnswerError({ status, host: "a.example", problems: [], retryAfter });

test("a registry that asks for a pause gets it, and is given up when it asks for too long a one", async () => {
  const { retrier: trying, waits } = retrier(3);
  await trying.after(answer(429, 60));
  expect(waits[0]).toBeGreaterThanOrEqual(60);
  await expect(trying.after(answer(429, 6 * 3_600_000))).rejects.toMatchObject({ status: 429 });
});

test.each([400, 401, 403, 404, 413, 501])("%d is final", async (status) => {
  const { retrier: trying } = retrier(3);
  await expect(trying.after(answer(status))).rejects.toMatchObject({ status });
});

test("an error of no network is final", async () => {
  const { retrier: trying } = retrier(3);
  await expect(trying.after(new RangeError("mine"))).rejects.toThrow(RangeError);
});

test("progress makes the count start anew", async () => {
  const { retrier: trying } = retrier(2);
  for (let i = 0; i < 5; i++) {
    await trying.after(new CutError("cut"));
    trying.gained();
  }
  await trying.after(new CutError("cut"));
  await expect(trying.after(new CutError("cut"))).rejects.toThrow("cut");
});

test("a signal ends the pause", async () => {
  const { retrier: trying, stop } = retrier(3);
  const waiting = trying.after(answer(429, 190));
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});
