// Measures the memory and the time of a pull and of a push over loopback: resident bytes of all processes of the command together, at their peak.
// The image lies nowhere and the registry is this process, so that 2 GB cost what the store takes of them.
//
//   node scripts/transfer-memory.ts [LARGE_MB [SMALL_MB COUNT [MB_PER_SECOND]]]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { peakMemory } from "../test/registry/support/peak-memory.ts";
import { largeLayer, startLargeRegistry } from "../test/registry/support/large-registry.ts";

const [large = 1200, small = 40, count = 20, rate = Number.POSITIVE_INFINITY] = process.argv.slice(2).map(Number);
const program = fileURLToPath(new URL("../bin/slipway", import.meta.url));
const store = mkdtempSync(join(tmpdir(), "slipway-memory-"));
const sizes = [...Array.from({ length: count }, () => small), large];
const layers = sizes.map((size, at) => largeLayer(`file-${at}`, size * 1_000_000 + at));

async function measured(what: string, ...args: readonly string[]): Promise<void> {
  const started = performance.now();
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, SLIPWAY_ROOT: store } });
  const { peak, code } = await peakMemory(child);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${what}: ${seconds} s, ${Math.round(peak / 1e6)} MB at the peak${code === 0 ? "" : `, exit code ${code}`}`,
  );
}

try {
  await using registry = await startLargeRegistry(layers, rate * 1e6);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${total} MB in ${sizes.length} layers, the largest of ${Math.max(...sizes)} MB`);
  await measured("pull", "pull", "-q", `${registry.domain}/large`);
  await measured("push", "push", "-q", `${registry.domain}/large`);
} finally {
  rmSync(store, { recursive: true, force: true });
}
