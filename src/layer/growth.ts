/**
 * How far a file is that one thread writes and another reads at the same time. What is shared: bytes written and bytes read, then a count of changes
 * to wait for and the state.
 */
export class Growth {
  /** What crosses over to the other thread. */
  readonly shared: SharedArrayBuffer;
  readonly #bytes: BigInt64Array<SharedArrayBuffer>;
  readonly #signs: Int32Array<SharedArrayBuffer>;

  /** @param shared of the Growth of the other thread; without it nothing is written yet. */
  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(24)) {
    this.shared = shared;
    this.#bytes = new BigInt64Array(shared, 0, 2);
    this.#signs = new Int32Array(shared, 16, 2);
  }

  /** Bytes that the reader has taken so far. */
  get taken(): number {
    return Number(Atomics.load(this.#bytes, 1));
  }

  set taken(bytes: number) {
    Atomics.store(this.#bytes, 1, BigInt(bytes));
  }

  /** The file has so many bytes now. */
  grew(bytes: number): void {
    Atomics.store(this.#bytes, 0, BigInt(bytes));
    this.#changed();
  }

  /** Nothing more will come. @param whole false when the writer gave up: then the reader fails. */
  end(whole: boolean): void {
    // The first word counts.
    Atomics.compareExchange(this.#signs, 1, 0, whole ? 1 : 2);
    this.#changed();
  }

  /** Waits until there is more than that, or the end. */
  async beyond(bytes: number): Promise<{ readonly bytes: number; readonly state: "open" | "whole" | "broken" }> {
    for (;;) {
      const change = Atomics.load(this.#signs, 0);
      const state = (["open", "whole", "broken"] as const)[Atomics.load(this.#signs, 1)] ?? "broken";
      const now = Number(Atomics.load(this.#bytes, 0));
      if (state !== "open" || now > bytes) return { bytes: now, state };
      await Atomics.waitAsync(this.#signs, 0, change).value;
    }
  }

  #changed(): void {
    Atomics.add(this.#signs, 0, 1);
    Atomics.notify(this.#signs, 0);
  }
}
