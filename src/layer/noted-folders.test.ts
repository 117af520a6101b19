import { expect, test } from "vitest";
import { NotedFolders } from "./noted-folders.ts";

const attributes = { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n, xattrs: new Map<string, string>() };

test("a tree is forgotten with what lies below it, noted on the way or not, and nothing beside it", () => {
  const folders = new NotedFolders();
  for (const path of ["/r", "/r/a", "/r/ab", "/r/a/b/c", "/r/a/b/c/d", "/r/z"]) folders.set(path, attributes);
  folders.forget("/r/a");
  expect([...folders].map(([path]) => path)).toEqual(["/r", "/r/ab", "/r/z"]);
  folders.set("/r/a/b", attributes);
  folders.forget("/r/a");
  expect(folders.has("/r/a/b")).toBe(false);
  expect(folders.has("/r/ab")).toBe(true);
});

test("forgetting one of very many costs no more than one", () => {
  const folders = new NotedFolders();
  const count = 200_000;
  for (let at = 0; at < count; at++) folders.set(`/r/${at}`, attributes);
  const started = performance.now();
  for (let at = 0; at < count; at++) folders.forget(`/r/${at}`);
  // The square of it would be minutes.
  expect(performance.now() - started).toBeLessThan(5000);
  expect([...folders]).toEqual([]);
});
