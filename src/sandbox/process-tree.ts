import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (name < "0" || name > "9~") continue;
    if (parentOf(name) === pid) children.push(Number(name));
  }
  return children;
}

/** Sends a signal; false when the process has gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends a runtime and its container. The first process of a pid namespace takes all others with it, so its death is enough; the
 * runtime sees it and cleans up behind itself.
 * @returns false when there is no container yet or any more, and the runtime itself was ended.
 */
export function killContainer(runtime: number): boolean {
  // stopped, it cannot start the container between the look and the end
  signal(runtime, "SIGSTOP");
  const children = childrenOf(runtime);
  for (const child of children) signal(child, "SIGKILL");
  if (children.length === 0) signal(runtime, "SIGKILL");
  signal(runtime, "SIGCONT");
  return children.length > 0;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // the command's name, in parentheses, may hold anything
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ", 2)[1]);
  } catch {
    return undefined;
  }
}
