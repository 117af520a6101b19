import type { FromEngine } from "./protocol.ts";

/** Messages that may be on their way before whoever tells much has to wait: chunks of output have up to 64 kB. */
const most = 8;

let pending = 0;
const waiting: { readonly at: number; readonly go: () => void }[] = [];

/** Sends to the caller; nothing happens when it is gone. */
export function send(message: FromEngine): void {
  if (!process.connected) return;
  pending++;
  process.send?.(message, undefined, undefined, () => {
    pending--;
    release();
  });
}

/** For `Ctx.drained`: resolves when the caller has read most of what was sent; undefined when it has already. */
export function drained(): Promise<void> | undefined {
  return pending <= most ? undefined : until(most / 2);
}

/** Resolves when all that was sent has left this process: the channel must not be closed before. */
export async function flushed(): Promise<void> {
  if (pending > 0) await until(0);
}

async function until(at: number): Promise<void> {
  if (process.connected) await new Promise<void>((go) => waiting.push({ at, go }));
}

function release(): void {
  const ready = waiting.filter(({ at }) => pending <= at || !process.connected);
  for (const one of ready) {
    waiting.splice(waiting.indexOf(one), 1);
    one.go();
  }
}

// What was sent to a caller that is gone is never confirmed.
process.on("disconnect", release);
