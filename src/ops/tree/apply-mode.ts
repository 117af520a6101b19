import type { FileMode } from "../../dockerfile/index.ts";

const shifts = { u: 6, g: 3, o: 0 } as const;

/** Permission bits (with setuid, setgid and sticky) after a `--chmod`; those that were there without one. */
export function applyMode(change: FileMode | undefined, before: number, isFolder: boolean): number {
  if (change === undefined) return before;
  if (typeof change === "number") return change;
  let mode = before;
  for (const step of change) {
    if (step.type !== "copy") {
      if (step.type === "remove") mode &= ~step.bits;
      else if (step.type === "add" || isFolder || (before & 0o111) !== 0) mode |= step.bits;
      continue;
    }
    const three = (mode >> shifts[step.from]) & 0o7;
    for (const name of step.to) {
      const bits = three << shifts[name];
      if (step.how === "=") mode &= ~(0o7 << shifts[name]);
      mode = step.how === "-" ? mode & ~bits : mode | bits;
    }
  }
  return mode;
}
