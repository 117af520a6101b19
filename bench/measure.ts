import { spawn } from "node:child_process";
import { readdirSync, readFileSync, type Stats, statSync, writeFileSync } from "node:fs";

/** A command line and what its environment adds. */
export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

export interface Measured {
  readonly seconds: number;
  /** Bytes: the largest sum of resident memory seen over the command's own processes and its daemons. */
  readonly peak: number;
}

const page = 4096;
const interval = 25;

/**
 * Runs a command to its end. Memory is that of its process tree, sampled; processes in another root (those of RUN steps) are left out.
 * @param daemons pids whose peak resident memory during the run is added.
 */
export async function measure(command: Command, daemons: readonly number[] = []): Promise<Measured> {
  for (const pid of daemons) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const start = process.hrtime.bigint();
  const child = spawn(command.argv[0]!, command.argv.slice(1), {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  let peak = 0;
  const sample = (): void => {
    if (child.pid !== undefined) peak = Math.max(peak, treeMemory(child.pid));
  };
  const timer = setInterval(sample, interval);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", sample);
    child.once("close", resolve);
  }).finally(() => clearInterval(timer));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0) {
    const tail = Buffer.concat(output).toString("utf8").trimEnd().split("\n").slice(-15).join("\n");
    throw new Error(`${command.argv.join(" ")} ended with code ${code}:\n${tail}`);
  }
  return { seconds, peak: peak + daemons.reduce((sum, pid) => sum + highWater(pid), 0) };
}

function treeMemory(top: number): number {
  const home = rootOf(top);
  let sum = 0;
  const walk = (pid: number): void => {
    const root = rootOf(pid);
    if (root === undefined || home === undefined || root.ino !== home.ino || root.dev !== home.dev) return;
    sum += quietly(() => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * page) ?? 0;
    for (const child of children(pid)) walk(child);
  };
  walk(top);
  return sum;
}

function children(pid: number): readonly number[] {
  const tasks = quietly(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return tasks.flatMap((task) => {
    const text = quietly(() => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")) ?? "";
    return text.split(" ").filter(Boolean).map(Number);
  });
}

function rootOf(pid: number): Stats | undefined {
  return quietly(() => statSync(`/proc/${pid}/root/`));
}

function highWater(pid: number): number {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "";
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Processes come and go between two looks at /proc. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
