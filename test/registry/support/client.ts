import { onTestFinished } from "vitest";
import {
  openRegistries,
  type RegistryClient,
  type RegistryCtx,
  type RegistryEvent,
  type RegistryLimits,
  type RegistryOptions,
} from "../../../src/registry/index.ts";

/** Pauses of milliseconds, so that a test of ten failures takes no minute; patience for a machine that has much else to do. */
export const quick: Partial<RegistryLimits> = { backoff: 2, connect: 10_000, headers: 10_000, stall: 10_000 };

export interface TestCtx extends RegistryCtx {
  readonly events: readonly RegistryEvent[];
  readonly stop: AbortController;
}

export function testCtx(): TestCtx {
  const events: RegistryEvent[] = [];
  const stop = new AbortController();
  return { events, stop, signal: stop.signal, emit: (event) => events.push(event) };
}

/** A client without the machine's credentials, closed with the test. */
export function testClient(options: RegistryOptions = {}): RegistryClient {
  const env = { HOME: "/nonexistent", ...options.env };
  const client = openRegistries({ ...options, env, limits: { ...quick, ...options.limits } });
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}
