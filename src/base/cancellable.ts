import { SlipwayError } from "./errors.ts";

/** Tells a thread, which hears no signal while it works, that its work is not wanted any more: not 0 when it was cancelled. */
export type CancelFlag = Int32Array<SharedArrayBuffer>;

/**
 * Runs work that looks at a flag from time to time; an abort sets the flag. Without a signal there is no flag.
 * Throws SLIP_CANCELLED when the signal has aborted before.
 */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  work: (cancel: CancelFlag | undefined) => Promise<T>,
): Promise<T> {
  if (!signal) return work(undefined);
  if (signal.aborted) throw cancelled();
  const cancel: CancelFlag = new Int32Array(new SharedArrayBuffer(4));
  const abort = (): void => {
    cancel[0] = 1;
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await work(cancel);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Throws SLIP_CANCELLED when the flag is set. */
export function throwIfCancelled(cancel: CancelFlag | undefined): void {
  if (cancel !== undefined && cancel[0] !== 0) throw cancelled();
}

function cancelled(): SlipwayError {
  return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
}
