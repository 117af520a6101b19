import type { Bytes } from "../base/index.ts";

/** The least that a server may send in how much time of waiting for it. */
export interface Pace {
  /** Milliseconds. */
  readonly window: number;
  readonly bytes: number;
}

/** Hands bytes on as they come. Throws what `stalled` makes when fewer come than the pace wants; the time that the reader takes does not count. */
export async function* paced(body: Bytes, pace: Pace, stalled: (bytes: number) => Error): Bytes {
  let waited = 0;
  let got = 0;
  let asked = performance.now();
  for await (const chunk of body) {
    waited += performance.now() - asked;
    got += chunk.byteLength;
    if (waited > pace.window) {
      if (got < pace.bytes) throw stalled(got);
      waited = 0;
      got = 0;
    }
    yield chunk;
    asked = performance.now();
  }
}
