/** Which stages wait for which. With contexts that are stages, two might wait for each other. */
export class Waits {
  readonly #waits = new Map<number, Set<number>>();

  /** Notes that a stage waits for another. @returns false when that one waits for it, by whatever way. */
  add(user: number, other: number): boolean {
    const waits = this.#waits.get(user) ?? new Set();
    this.#waits.set(user, waits.add(other));
    const pending = [other];
    const seen = new Set<number>();
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (at === user) return false;
      if (seen.has(at)) continue;
      seen.add(at);
      pending.push(...(this.#waits.get(at) ?? []));
    }
    return true;
  }
}
