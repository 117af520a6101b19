import type { IncomingMessage } from "node:http";
import type { Bytes } from "../../base/index.ts";
import type { RegistryLimits } from "../contract.ts";
import { CutError, TimeoutError } from "./failures.ts";

/**
 * A response's body, given up when the server is silent or trickles. Only the time spent waiting for the server counts: a consumer may
 * take as long as it likes. Whoever stops reading ends the connection.
 */
export async function* watched(
  response: IncomingMessage,
  { stall, slowest }: Pick<RegistryLimits, "stall" | "slowest">,
  host: string,
): Bytes {
  let bytes = 0;
  let waited = 0;
  let since: number | undefined;
  const count = (): void => {
    if (since === undefined) return;
    const now = performance.now();
    waited += now - since;
    since = now;
  };
  const tick = setInterval(() => {
    count();
    if (waited < stall) return;
    if (bytes < (slowest * stall) / 1000) {
      response.destroy(new TimeoutError(`${host} sent ${bytes} bytes in ${Math.round(waited / 1000)} s`));
    }
    bytes = 0;
    waited = 0;
  }, stall / 8);
  try {
    since = performance.now();
    for await (const chunk of chunksOf(response)) {
      count();
      since = undefined;
      bytes += chunk.byteLength;
      yield chunk;
      since = performance.now();
    }
  } finally {
    clearInterval(tick);
    if (!response.readableEnded) response.destroy();
  }
}

/**
 * The chunks one by one, each in the memory that it came in. A stream that is iterated itself joins those that wait to a larger one, and leaves what they
 * were in to the collector: at full speed that is all of a body.
 */
async function* chunksOf(response: IncomingMessage): Bytes {
  const waiting: Uint8Array[] = [];
  let done: { readonly failure?: Error } | undefined;
  let wake: () => void = () => undefined;
  const end = (failure?: Error): void => {
    done ??= failure ? { failure } : {};
    wake();
  };
  response.on("data", (chunk: Uint8Array) => {
    waiting.push(chunk);
    response.pause();
    wake();
  });
  response.once("end", () => end());
  response.once("error", end);
  response.once("close", () => end(new CutError("the connection was closed in the middle of an answer")));
  for (;;) {
    const chunk = waiting.shift();
    if (chunk) yield chunk;
    else if (done?.failure) throw done.failure;
    else if (done) return;
    else {
      const change = new Promise<void>((resolve) => (wake = resolve));
      response.resume();
      await change;
    }
  }
}
