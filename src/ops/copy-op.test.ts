import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ctx } from "../base/index.ts";
import { type CopyOp, vertex } from "../graph/index.ts";
import { InputsChanged, type Op } from "../solve/index.ts";
import type { Machinery } from "./contract.ts";
import { copyOp } from "./copy-op.ts";
import type { FileTree, OpRooms } from "./index.ts";
import { checksumSources } from "./tree/checksum.ts";
import { copySources } from "./tree/copy.ts";

let folder = "";
let commits = 0;
/** What was asked of threads. */
let calls: string[] = [];
beforeEach(() => {
  calls = [];
  folder = mkdtempSync(join(tmpdir(), "slipway-copy-op-"));
  for (const name of ["context", "root"]) mkdirSync(join(folder, name));
  commits = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ctx: Ctx = { signal: new AbortController().signal, emit: () => undefined };
const base: FileTree = { kind: "snapshot", id: undefined };

/** COPY . /app/ over an empty root; `meanwhile` happens when the files were copied and before anybody looks again. */
function copyAll(meanwhile: () => void): { readonly op: Op<FileTree>; readonly context: FileTree } {
  const context = { kind: "context", name: "context", path: join(folder, "context"), ignore: [] } as const;
  const copy: CopyOp = {
    kind: "copy",
    sources: [{ type: "path", input: 1, path: "." }],
    destination: "/app/",
    unpack: false,
  };
  const active = {
    root: async () => join(folder, "root"),
    commit: async () => ({ id: ++commits }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const machinery = {
    snapshotter: { prepare: async () => active },
    squashOwners: true,
    workers: {
      call: async (name: string, request: never) => {
        calls.push(name);
        return name === "checksumSources" ? checksumSources(request) : copySources(request);
      },
    },
  } as unknown as Machinery;
  const path = (...parts: string[]): string => {
    // Asked for whenever the context is looked at: here after the copy, before anything is compared.
    if (existsSync(join(folder, "root/app"))) meanwhile();
    return join(folder, ...parts);
  };
  const rooms = { store: { path }, machinery } as unknown as OpRooms;
  const op = copyOp(copy, vertex(copy, [], { text: "COPY . /app/" }), rooms);
  return { op, context: { kind: "context", op: context } };
}

async function keyAndRun(op: Op<FileTree>, context: FileTree): Promise<FileTree> {
  await op.contentKey?.(["sha256:0", undefined], new Map([[1, context]]), ctx);
  return op.run([base, context], ctx);
}

test("what was copied is committed when the context stayed as it was", async () => {
  writeFileSync(join(folder, "context/file"), "one");
  const { op, context } = copyAll(() => undefined);
  expect(await keyAndRun(op, context)).toEqual({ kind: "snapshot", id: 1 });
  expect(readFileSync(join(folder, "root/app/file"), "utf8")).toBe("one");
  expect(calls).toEqual([]);
});

test("what is more than a moment's work is left to threads", async () => {
  for (let i = 0; i < 201; i++) writeFileSync(join(folder, `context/f${i}`), "");
  const { op, context } = copyAll(() => undefined);
  await keyAndRun(op, context);
  expect(calls).toEqual(["checksumSources", "copySources", "checksumSources"]);
});

test.each([
  ["a changed file", () => writeFileSync(join(folder, "context/file"), "two")],
  ["a new file", () => writeFileSync(join(folder, "context/other"), "")],
  ["a vanished file", () => unlinkSync(join(folder, "context/file"))],
])("nothing is committed under the key of what was hashed after %s", async (_, meanwhile) => {
  writeFileSync(join(folder, "context/file"), "one");
  const { op, context } = copyAll(meanwhile);
  await expect(keyAndRun(op, context)).rejects.toBeInstanceOf(InputsChanged);
  expect(commits).toBe(0);
});

test("a file that changed before it was copied, after it was hashed, is found too", async () => {
  writeFileSync(join(folder, "context/file"), "one");
  const { op, context } = copyAll(() => undefined);
  await op.contentKey?.(["sha256:0", undefined], new Map([[1, context]]), ctx);
  writeFileSync(join(folder, "context/file"), "six");
  await expect(op.run([base, context], ctx)).rejects.toBeInstanceOf(InputsChanged);
  expect(commits).toBe(0);
});
