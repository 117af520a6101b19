import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

test("threads that were started and are never called do not hold the process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-workers-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "program.ts");
  writeFileSync(
    program,
    `import { WorkerPool } from ${JSON.stringify(new URL("workers.ts", import.meta.url).href)};
new WorkerPool("layer/worker", 2).start();
setTimeout(() => console.log("waited"), 1000);
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
  expect(stdout).toBe("waited\n");
});
