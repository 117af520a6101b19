import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { tempStore } from "../../test/support/store-lab.ts";
import { openStore } from "./index.ts";

/** Another process that holds a lock until it is killed. */
async function holder(root: string, name: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../../test/support/store-children.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root, "hold", name], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test("one at a time, in turn, in this process and between stores", async () => {
  const store = tempStore();
  const other = openStore(store.root);
  onTestFinished(() => other[Symbol.dispose]());
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const work = async (i: number): Promise<void> => {
    await using _ = await (i % 4 === 3 ? other : store).lock("base");
    most = Math.max(most, ++inside);
    await new Promise((done) => setTimeout(done, 2));
    order.push(i);
    inside--;
  };
  await Promise.all(Array.from({ length: 12 }, (_, i) => work(i)));
  expect(most).toBe(1);
  expect(order.filter((i) => i % 4 !== 3)).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
  expect(order).toHaveLength(12);
});

test("locks of other names do not wait", async () => {
  const store = tempStore();
  await using _one = await store.lock("one");
  await using _two = await store.lock("two", AbortSignal.timeout(5000));
  expect.assertions(0);
});

test("a living process keeps its lock; a killed one loses it at once", async () => {
  const store = tempStore();
  const child = await holder(store.root, "base");
  await expect(store.lock("base", AbortSignal.timeout(150))).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  child.kill("SIGKILL");
  await once(child, "exit");
  await using _ = await store.lock("base", AbortSignal.timeout(2000));
  expect(child.signalCode).toBe("SIGKILL");
});

test("whoever gives up waiting leaves the queue in order", async () => {
  const store = tempStore();
  const first = await store.lock("base");
  const second = store.lock("base", AbortSignal.timeout(20));
  const third = store.lock("base");
  await expect(second).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  let held = false;
  const watched = third.then((lock) => {
    held = true;
    return lock;
  });
  await new Promise((done) => setTimeout(done, 20));
  expect(held).toBe(false);
  await first[Symbol.asyncDispose]();
  await (await watched)[Symbol.asyncDispose]();
  expect(held).toBe(true);
  await using _ = await store.lock("base");
});

test("an aborted signal takes no lock, and a closed store's locks are free", async () => {
  const store = tempStore();
  await expect(store.lock("base", AbortSignal.abort())).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  const other = openStore(store.root);
  const lock = await other.lock("base");
  other[Symbol.dispose]();
  await using _ = await store.lock("base", AbortSignal.timeout(2000));
  await lock[Symbol.asyncDispose]();
  await expect(store.lock("base", AbortSignal.timeout(50))).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
});
