/** The name that was probably meant: at most a third of it mistyped. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.replace(/^-+/, "").length / 3)) + 1;
  for (const name of known) {
    const steps = distance(given, name);
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}

/** `did you mean "build"?`, or nothing when no name is near. */
export function didYouMean(given: string, known: Iterable<string>): string | undefined {
  const name = nearest(given, known);
  return name === undefined ? undefined : `did you mean "${name}"?`;
}

/** Letters inserted, deleted, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
