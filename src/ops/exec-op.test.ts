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

  const cache: ExecMount = { type: "cache", id: "a", target: "/c", readonly: false, sharing: "shared" };

  test("with whom a cache is shared does not count", () => {
    const key = exec([cache]).key(inputs("base"));
    expect(exec([{ ...cache, sharing: "locked" }]).key(inputs("base"))).toBe(key);
  });

  test.each([
    ["id", { id: "b" }],
    ["target", { target: "/d" }],
    ["readonly", { readonly: true }],
    ["mode", { mode: 0o700 }],
    ["owner", { uid: 1, gid: 2 }],
    ["seed", { seed: { input: 1, source: "sub" } }],
  ])("a cache's %s counts: the step can see it", (_, change) => {
    const key = exec([cache]).key(inputs("base", "seed"));
    expect(exec([{ ...cache, ...change }]).key(inputs("base", "seed"))).not.toBe(key);
  });

  test("what a new cache begins with counts, not where that comes from", async () => {
    const seeded = (source: string): ExecMount[] => [{ ...cache, seed: { input: 1, source } }];
    const key = (source: string, name: string): Promise<Digest> | undefined =>
      exec(seeded(source)).contentKey?.([sha256("base"), undefined], context(name), ctx);
    expect(await key("sub", "two")).toBe(await key("sub", "one"));
    expect(await key("", "two")).not.toBe(await key("", "one"));
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
