import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { removeFolder } from "./remove-folder.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder of this run of the tests, where the first end-to-end file makes the store that the others start from. */
    readonly e2eSeed: string;
  }
}

let folder: string | undefined;

/** Called by Vitest once a run. The seed itself is made by the first file that needs it. */
export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), "slipway-e2e-seed-"));
  project.provide("e2eSeed", folder);
}

/** Called by Vitest when the run is over. */
export function teardown(): void {
  if (folder !== undefined) removeFolder(folder);
}
