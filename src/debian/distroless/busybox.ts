const first = "[\0[[\0";

/**
 * The names that a busybox answers to, from the table in the program itself: it may be for another architecture, and is not run.
 * Sorted as they are there; empty for a program without such a table.
 */
export function appletNames(program: Buffer): readonly string[] {
  for (let at = program.indexOf(first); at >= 0; at = program.indexOf(first, at + 1)) {
    const names = namesAt(program, at);
    if (names.includes("sh")) return names;
  }
  return [];
}

function namesAt(program: Buffer, start: number): readonly string[] {
  const names: string[] = [];
  for (let at = start; ;) {
    const end = program.indexOf(0, at);
    const name = program.toString("latin1", at, end);
    // The table is sorted: what breaks the order is what comes behind it.
    if (end < 0 || !/^[a-z0-9[][a-z0-9_.[-]*$/.test(name) || name < (names.at(-1) ?? "")) return names;
    names.push(name);
    at = end + 1;
  }
}
