/**
 * What servers have said in one build: each is asked a thing once, however many steps want to know it. What was said is plain JSON, so
 * that the engine goes on with what the caller was told.
 */
export class Answers {
  readonly #asked = new Map<string, Promise<unknown>>();
  readonly #said: Record<string, unknown> = {};

  /** @param said what was told before, as `said` gives it. */
  constructor(said: Readonly<Record<string, unknown>> = {}) {
    for (const [key, answer] of Object.entries(said)) this.#keep(key, Promise.resolve(answer), answer);
  }

  /** The answer to a question; asked when nobody has. What could not be answered is asked again. */
  once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#asked.get(key);
    if (known) return known as Promise<T>;
    const asked = ask();
    this.#asked.set(key, asked);
    asked.then(
      (answer) => this.#keep(key, asked, answer),
      () => this.#asked.delete(key),
    );
    return asked;
  }

  /** All that was said so far. */
  said(): Readonly<Record<string, unknown>> {
    return { ...this.#said };
  }

  #keep(key: string, asked: Promise<unknown>, answer: unknown): void {
    this.#asked.set(key, asked);
    this.#said[key] = answer;
  }
}
