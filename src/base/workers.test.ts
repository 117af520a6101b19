import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

/** What a program prints that has pools of its own; the threads of this process are vitest's. */
async function run(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-workers-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.ts");
  const head = `import { readdirSync, readFileSync } from "node:fs";
import { WorkerPool } from ${JSON.stringify(new URL("workers.ts", import.meta.url).href)};
const threads = () => readdirSync("/proc/self/task").filter((id) => /^Worker/.test(readFileSync("/proc/self/task/" + id + "/comm", "latin1"))).length;
const folder = ${JSON.stringify(folder)};
`;
  writeFileSync(file, head + program);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
  return stdout;
}

test("threads that were started and are never called do not hold the process", async () => {
  const program = `new WorkerPool("store/worker", { size: 2 }).start();
setTimeout(() => console.log("waited"), 1000);
`;
  expect(await run(program)).toBe("waited\n");
});

test("a pool takes a thread of another that has nothing to do, and no more than it may have", async () => {
  const program = `const [store, fold] = [new WorkerPool("store/worker", { size: 2 }), new WorkerPool("fold/worker", { size: 1 })];
const measure = () => store.call("measureTree", folder);
await measure();
console.log("one", threads());
const waste = () => fold.call("findWaste", { stack: { folders: [], layers: [] } }).catch(() => undefined);
await waste();
console.log("still", threads());
await Promise.all([waste(), waste(), measure(), measure(), measure()]);
console.log("at most", threads());
console.log((await measure()).entries);
`;
  expect(await run(program)).toMatch(/^one 1\nstill 1\nat most 3\n1\n$/);
});

test("a thread that keeps something is nobody else's, and ends with its pool", async () => {
  const program = `const own = new WorkerPool("store/worker", { size: 1, isOwn: true });
await own.call("measureTree", folder);
const other = new WorkerPool("store/worker", { size: 1 });
await other.call("measureTree", folder);
console.log(threads());
own[Symbol.dispose]();
while (threads() > 1) await new Promise((resolve) => setTimeout(resolve, 10));
await other.call("measureTree", folder);
console.log(threads());
`;
  expect(await run(program)).toBe("2\n1\n");
});

test("a thread that has loaded another's functions still answers for its own, and for none that there are not", async () => {
  const program = `const [store, layer] = [new WorkerPool("store/worker", { size: 1 }), new WorkerPool("layer/worker", { size: 1 })];
const entries = async () => (await store.call("measureTree", folder)).entries;
console.log(await entries());
console.log(await layer.call("end", true));
console.log(await entries(), threads());
console.log(await store.call("no such", 1).catch((error) => error.message));
`;
  expect(await run(program)).toBe("1\nundefined\n1 1\nno worker function no such\n");
});

test("a thread that nobody asks for long ends", async () => {
  const program = `const soon = setTimeout;
globalThis.setTimeout = (action, time) => soon(action, time / 100);
const store = new WorkerPool("store/worker", { size: 1 });
await store.call("measureTree", folder);
console.log(threads());
while (threads() > 0) await new Promise((resolve) => soon(resolve, 10));
console.log((await store.call("measureTree", folder)).entries, threads());
`;
  expect(await run(program)).toBe("1\n1 1\n");
});

test("what cannot be handed over is refused, and holds nothing", async () => {
  const program = `const store = new WorkerPool("store/worker", { size: 1 });
console.log(await store.call("measureTree", () => 1).catch((error) => error.name));
`;
  expect(await run(program)).toBe("DataCloneError\n");
});

test("a thread that kept something and ended is not replaced by one that knows nothing of it", async () => {
  const program = `import { writeFileSync } from "node:fs";
const entry = "../../../../../../../../.." + folder + "/ends";
const serve = 'import { serve } from ${JSON.stringify(new URL("workers.ts", import.meta.url).href)};';
writeFileSync(folder + "/ends.ts", serve + "serve(" + JSON.stringify(entry) + ", { end: () => process.exit(3) });");
using own = new WorkerPool(entry, { size: 1, isOwn: true });
for (const time of [1, 2]) await own.call("end", time).catch(({ message }) => console.log(message.slice(-22)));
`;
  expect(await run(program)).toBe("ends ended with code 3\n".repeat(2));
});
