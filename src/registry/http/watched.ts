import type { IncomingMessage } from "node:http";
import type { Bytes } from "../../base/index.ts";
import type { RegistryLimits } from "../contract.ts";
import { TimeoutError } from "./failures.ts";

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
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
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
