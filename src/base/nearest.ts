/**
 * The names that a person may have meant, in any case: a third of the letters mistyped at most, letters swapped with their neighbour
 * counting once.
 * @returns up to `count`, nearest first.
 */
export function nearestNames(wanted: string, names: Iterable<string>, count = 3): readonly string[] {
  const limit = Math.max(1, Math.floor(wanted.replace(/^-+/, "").length / 3));
  const word = wanted.toLowerCase();
  const found: { readonly name: string; readonly edits: number }[] = [];
  for (const name of names) {
    if (Math.abs(name.length - word.length) > limit) continue;
    const edits = distance(word, name.toLowerCase(), limit);
    if (edits <= limit) found.push({ name, edits });
  }
  return found
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** `did you mean "build"?`, or undefined when no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string | undefined {
  const [name] = nearestNames(wanted, names, 1);
  return name === undefined ? undefined : `did you mean ${JSON.stringify(name)}?`;
}

/** Letters inserted, deleted, replaced or swapped with their neighbour; anything over the limit comes back as limit + 1. */
function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    // A swap reaches over one row, so both must be over the limit.
    if (Math.min(...row) > limit && Math.min(...above) > limit) return limit + 1;
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}
