import { fdatasync } from "node:fs";

/** Bytes that may wait for the disk. */
const most = 64 * 1024 * 1024;

/**
 * Has a large file that is being written go to the disk meanwhile, in a thread of libuv: whoever needs it there at its end does not wait for all of it.
 * What fails is told by the sync at the end.
 */
export class WrittenBack {
  readonly #fd: number;
  #waiting = 0;
  #running: Promise<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  wrote(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting < most || this.#running) return;
    this.#waiting = 0;
    this.#running = new Promise((resolve) => {
      fdatasync(this.#fd, () => {
        this.#running = undefined;
        resolve();
      });
    });
  }

  /** Resolves when the file may be closed. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
