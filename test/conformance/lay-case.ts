import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Case } from "./case.ts";

/** Puts a case's folder where it can be built and changed, with modes that no umask has touched, and prepares it. */
export async function layCase(given: Case, folder: string): Promise<void> {
  copyTree(given.folder, folder);
  mkdirSync(join(folder, "context"), { recursive: true });
  if (given.prepare !== undefined) await prepare(given.prepare, folder);
}

/** Runs lines of sh in a folder; throws with what they said when one fails. */
export async function prepare(lines: string, folder: string): Promise<void> {
  await promisify(execFile)("sh", ["-euc", `umask 022\n${lines}`], { cwd: folder, timeout: 60_000 });
}

/** Words of the command line that a case stands for, without those of outputs and progress. */
export function buildWords(given: Case, folder: string, args = given.args ?? []): readonly string[] {
  const named = args.some((word) => word === "-f" || word === "--file" || /^(?:-f.|--file=)/.test(word));
  const beside = existsSync(join(folder, "Dockerfile"));
  return [...(beside && !named ? ["-f", "Dockerfile"] : []), ...args, given.context ?? "context"];
}

function copyTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target);
      chmodSync(target, (statSync(source).mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}
