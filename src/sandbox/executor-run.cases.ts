import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestRuntime } from "../../test/support/runtimes.ts";
import { makeSmallRoot } from "../../test/support/small-root.ts";
import { oneCase } from "./executor-lab.cases.ts";
import { cases } from "./executor.cases.ts";
import { type Namespace, runtimeFromTree } from "./index.ts";
import { identify } from "./runtime.ts";

/** Runs all cases (or those named), each over a fresh root; gives the error of each that failed, null for the others. */
export async function runCases(
  argument: unknown,
  given: { readonly namespace: Namespace; readonly warning: string | null },
): Promise<Record<string, string | null>> {
  const where = argument as TestRuntime & { readonly only?: readonly string[] };
  const runtime = where.kind === "tree" ? runtimeFromTree(where.path) : identify(where.path);
  assert.ok(runtime);
  const home = mkdtempSync(join(tmpdir(), "slipway-sandbox-"));
  const lower = join(home, "lower");
  mkdirSync(lower);
  makeSmallRoot(lower);
  if (given.namespace.kind === "root") chownSync(lower, 0, 0);
  const results: Record<string, string | null> = {};
  try {
    for (const [name, run] of Object.entries(cases)) {
      if (where.only && !where.only.includes(name)) continue;
      try {
        await oneCase(run, runtime, join(home, `${Object.keys(results).length}`), lower, given);
        results[name] = null;
      } catch (error) {
        results[name] = (error as Error).stack ?? String(error);
      }
    }
  } finally {
    // A mount that was detached stays busy until the last process of its container is gone.
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
  return results;
}
