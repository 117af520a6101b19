import type { ClientRequest } from "node:http";
import { SlipwayError } from "../../base/index.ts";
import type { StreamedBody } from "./exchange.ts";

/** Chunks that the kernel has not taken yet, at most. */
const ahead = 3;

/**
 * Sends a body as fast as the other side takes it. A chunk is asked for when the kernel has all but two of those before, the memory of which may be used again.
 * Stops without an error when the answer comes before the end, or the connection is gone: then the request itself tells.
 * @param waiting told when the other side is waited for, and when no longer.
 * @throws what the body's source throws, and SLIP_DIGEST_MISMATCH when it has not the promised length
 */
export async function pump(
  outgoing: ClientRequest,
  body: StreamedBody,
  waiting: (now: boolean) => void,
): Promise<void> {
  let over = false;
  let wake: (() => void) | undefined;
  const end = (): void => {
    over = true;
    wake?.();
  };
  outgoing.on("response", end);
  outgoing.on("close", end);
  outgoing.on("error", end);
  let [sent, outstanding] = [0, 0];
  for await (const chunk of body.open()) {
    if (over) return;
    sent += chunk.byteLength;
    if (body.size !== undefined && sent > body.size) throw wrongLength(body.size, "more");
    outstanding++;
    outgoing.write(chunk, () => {
      outstanding--;
      wake?.();
    });
    // At once, because the answer may come before the source says that this was all.
    if (sent === body.size) outgoing.end();
    if (outstanding < ahead || sent === body.size) continue;
    waiting(true);
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (over || outstanding < ahead) resolve();
    });
    waiting(false);
  }
  if (over) return;
  if (body.size === undefined) outgoing.end();
  else if (sent !== body.size) throw wrongLength(body.size, String(sent));
}

function wrongLength(expected: number, got: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot upload a blob: it should have ${expected} bytes, and has ${got}`,
    hint: "the blob changed on the disk while it was sent; build again",
  });
}
