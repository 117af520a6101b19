/**
 * The names that a person may have meant: by edits, those that differ in a third of their letters at most.
 * @returns up to `count`, nearest first.
 */
export function nearestNames(wanted: string, names: Iterable<string>, count = 3): readonly string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const found: { readonly name: string; readonly edits: number }[] = [];
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) > limit) continue;
    const edits = editDistance(wanted, name, limit);
    if (edits <= limit) found.push({ name, edits });
  }
  return found
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((entry) => entry.name);
}

/** Levenshtein's distance; anything over the limit comes back as limit + 1. */
function editDistance(a: string, b: string, limit: number): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const replace = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const value = Math.min(replace, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(value);
      if (value < least) least = value;
    }
    if (least > limit) return limit + 1;
    above = row;
  }
  return above[b.length] ?? 0;
}
