import { type FileHandle, open } from "node:fs/promises";
import { Growth } from "../layer/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { GrowingBlob } from "../registry/index.ts";
import { growingBytes } from "./file-bytes.ts";

/** Bytes up to which a blob is whole before a registry would have answered. */
const worthwhile = 8 * 1024 * 1024;

/** Uses a blob that is not whole yet; done when it needs no byte of it any more. */
export type UseGrowing = (blob: GrowingBlob) => Promise<void>;

/** A file that a layer is being compressed to, for somebody who sends it meanwhile. */
export class GrowingFile {
  /** For whoever writes it. */
  readonly growth = new Growth();
  readonly #handle: FileHandle;
  readonly #whole = Promise.withResolvers<Descriptor>();
  #state: "unknown" | "used" | "over" = "unknown";

  private constructor(handle: FileHandle) {
    this.#handle = handle;
    this.#whole.promise.catch(() => undefined);
  }

  /** Makes the file, which stays open for `use` under whatever name it gets. */
  static async open(file: string, use: UseGrowing): Promise<GrowingFile> {
    const growing = new GrowingFile(await open(file, "wx+", 0o600));
    // whoever gave `use` hears of its failure by himself
    growing.#offer(use).catch(() => undefined);
    return growing;
  }

  /** The file is whole. @returns whether it is being used */
  async end(descriptor: Descriptor): Promise<boolean> {
    this.growth.end(true);
    this.#whole.resolve(descriptor);
    return this.#close();
  }

  /** The file comes to nothing. */
  async fail(error: unknown): Promise<void> {
    this.growth.end(false);
    this.#whole.reject(error);
    await this.#close();
  }

  async #offer(use: UseGrowing): Promise<void> {
    const { state } = await this.growth.beyond(worthwhile);
    if (state !== "open" || this.#state === "over") return;
    this.#state = "used";
    try {
      await use({ whole: this.#whole.promise, open: (from) => growingBytes(this.#handle, this.growth, from) });
    } finally {
      await this.#handle.close();
    }
  }

  async #close(): Promise<boolean> {
    if (this.#state === "used") return true;
    this.#state = "over";
    await this.#handle.close();
    return false;
  }
}
