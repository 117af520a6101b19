import type { Bytes } from "../base/index.ts";
import { invalidArchive } from "./invalid.ts";

/** A stream whose chunks arrive as calls of another thread: one chunk ahead of the reader, no more. */
export class Inlet {
  #chunk: Uint8Array | undefined;
  #state: "open" | "ended" | "failed" | "stopped" = "open";
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** Resolves when the next chunk may come: true, or false when nobody reads any more. */
  async push(chunk: Uint8Array): Promise<boolean> {
    this.#chunk = chunk;
    this.#wakeReader?.();
    while (this.#chunk && this.#state === "open") await new Promise<void>((wake) => (this.#wakeWriter = wake));
    return this.#state === "open";
  }

  /** @param whole false when the source broke. */
  end(whole: boolean): void {
    if (this.#state === "open") this.#state = whole ? "ended" : "failed";
    this.#wakeReader?.();
  }

  /** The reader has gone. */
  stop(): void {
    this.#state = "stopped";
    this.#wakeWriter?.();
  }

  async *read(): Bytes {
    for (;;) {
      const chunk = this.#chunk;
      if (chunk) {
        this.#chunk = undefined;
        this.#wakeWriter?.();
        yield chunk;
      } else if (this.#state !== "open") {
        if (this.#state === "failed") throw invalidArchive("its source broke");
        return;
      } else await new Promise<void>((wake) => (this.#wakeReader = wake));
    }
  }
}
