import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ctx, type Digest, type Mount, sha256 } from "../base/index.ts";
import { type BindMount, type ExecMount, type ExecOp, vertex } from "../graph/index.ts";
import { InputsChanged } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./index.ts";
import { execOp } from "./exec-op.ts";
import { openBind, takenPart } from "./mounts/bind.ts";
import { sourceChecksum } from "./sources.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-exec-op-"));
  for (const name of ["one", "two"]) {
    mkdirSync(join(folder, name, "sub"), { recursive: true });
    writeFileSync(join(folder, name, "sub/file"), "the same");
    writeFileSync(join(folder, name, "beside"), name);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ctx: Ctx = { signal: new AbortController().signal, emit: () => undefined };

const exec = (mounts: readonly ExecMount[], given: OpRooms["given"] = { secrets: {}, ssh: {} }) => {
  const op: ExecOp = {
    kind: "exec",
    platform: "linux/amd64",
    args: ["x"],
    env: [],
    cwd: "/",
    network: "host",
    mounts,
    files: [],
  };
  const rooms = { store: { path: (...parts: string[]) => join(folder, ...parts) }, given } as unknown as OpRooms;
  return execOp(op, vertex(op, [], { text: "RUN x" }), rooms);
};

const inputs = (...names: string[]): readonly Digest[] => names.map((name) => sha256(name));
const context = (name: string, ignore: readonly string[] = []): ReadonlyMap<number, FileTree> =>
  new Map([[1, { kind: "context", op: { kind: "context", name, path: join(folder, name), ignore } }]]);

describe("the key of a RUN", () => {
  test("without mounts it is that of the inputs", () => {
    expect(exec([])).not.toHaveProperty("contentKey");
    expect(exec([]).key(inputs("base"))).not.toBe(exec([]).key(inputs("other")));
  });

  test.each([
    ["sharing", { sharing: "locked" as const }],
    ["readonly", { readonly: true }],
    ["owner and mode", { uid: 1, gid: 2, mode: 0o700 }],
    ["seed", { seed: { input: 1, source: "x" } }],
  ])("a cache's %s does not count", (_, change) => {
    const plain: ExecMount = { type: "cache", id: "a", target: "/c", readonly: false, sharing: "shared" };
    const key = exec([plain]).key(inputs("base"));
    expect(exec([{ ...plain, ...change }]).key(inputs("base", "seed"))).toBe(key);
    expect(exec([{ ...plain, id: "b" }]).key(inputs("base"))).not.toBe(key);
    expect(exec([{ ...plain, target: "/d" }]).key(inputs("base"))).not.toBe(key);
  });

  test("a secret counts by its name, never by its value", () => {
    const secret: ExecMount = { type: "secret", id: "a", target: "/s", required: true };
    const key = exec([secret], { secrets: { a: { file: "/one" } }, ssh: {} }).key(inputs("base"));
    expect(exec([secret], { secrets: { a: { env: "TWO" } }, ssh: {} }).key(inputs("base"))).toBe(key);
    expect(exec([{ ...secret, id: "b" }]).key(inputs("base"))).not.toBe(key);
  });

  test("a bind mount counts by what it shows, not by where that comes from", async () => {
    const bind = (source: string, readonly = true): ExecMount[] => [
      { type: "bind", input: 1, source, target: "/b", readonly },
    ];
    const shown = (mounts: readonly ExecMount[], tree: ReadonlyMap<number, FileTree>): Promise<Digest> | undefined =>
      exec(mounts).contentKey?.([sha256("base"), undefined], tree, ctx);
    const key = await shown(bind("sub"), context("one"));
    expect(await shown(bind("sub"), context("two"))).toBe(key);
    expect(await shown(bind("sub", false), context("one"))).not.toBe(key);
    expect(await shown(bind(""), context("one"))).not.toBe(await shown(bind(""), context("two")));
    expect(await shown(bind(""), context("one", ["beside"]))).toBe(await shown(bind(""), context("two", ["beside"])));
    writeFileSync(join(folder, "one/sub/file"), "another");
    expect(await shown(bind("sub"), context("one"))).not.toBe(key);
  });

  test("what is not there is an error that says so", async () => {
    const mount: ExecMount = { type: "bind", input: 1, source: "no[thing]", target: "/b", readonly: true };
    await expect(exec([mount]).contentKey?.([sha256("base"), undefined], context("one"), ctx)).rejects.toMatchObject({
      code: "SLIP_COPY_NOT_FOUND",
      message: 'Cannot mount "no[thing]": path not found in the build context one',
    });
  });
});

test("a context that is another than what was hashed by the time it is copied is taken again", async () => {
  const mount: BindMount = { type: "bind", input: 1, source: "sub", target: "/b", readonly: true };
  const from = context("one").get(1) as FileTree;
  const rooms = {
    store: {
      path: (...parts: string[]) => join(folder, ...parts),
      scratch: () => mkdtempSync(join(folder, "scratch-")),
    },
    machinery: { squashOwners: true },
  } as unknown as OpRooms;
  const step = vertex({ kind: "scratch" }, [], { text: "RUN x" });
  const keyed = await sourceChecksum(takenPart(mount, step), from, rooms, ctx);
  const open = (): Promise<Mount> => {
    const stack = new AsyncDisposableStack();
    return openBind(mount, step, from, keyed, { ...rooms }, ctx, stack);
  };
  expect(readFileSync(join((await open()).source, "file"), "utf8")).toBe("the same");
  writeFileSync(join(folder, "one/sub/new"), "");
  await expect(open()).rejects.toBeInstanceOf(InputsChanged);
});
