import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { addLayer, stream, tempFolder, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { BlobStore } from "./blob-store.ts";
import { Database } from "./database.ts";
import { openStore, type Store } from "./index.ts";
import { State } from "./state.ts";

const hello = sha256("hello");

/** What lies about in the folders of processes. */
function leftovers(store: Store): readonly string[] {
  const active = join(store.root, "active");
  return existsSync(active) ? readdirSync(active).flatMap((holder) => readdirSync(join(active, holder))) : [];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function text(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("what was written is found, read and listed by its digest", async () => {
  const store = tempStore();
  const blob = await store.blobs.write(stream("hel", "lo"), { mediaType: "text/plain" });
  expect(blob).toEqual({ mediaType: "text/plain", digest: hello, size: 5 });
  expect(await store.blobs.stat(hello)).toEqual(blob);
  expect(await text(store.blobs.read(hello))).toBe("hello");
  expect(readFileSync(store.blobs.path(hello), "utf8")).toBe("hello");
  expect(await Array.fromAsync(store.blobs.list())).toEqual([blob]);
  expect(leftovers(store)).toEqual([]);
});

test("bytes that are verified where they come from are not hashed again, and what fails there leaves nothing", async () => {
  const store = tempStore();
  const watch = { began: () => undefined, grew: () => undefined, verified: true };
  // five bytes that are not "hello": nobody looks
  await store.blobs.write(stream("HEL", "LO"), { digest: hello, size: 5 }, watch);
  expect(await store.blobs.stat(hello)).toMatchObject({ digest: hello, size: 5 });
  const other = { digest: sha256("other"), size: 5 };
  const damaged = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from("other");
    yield await Promise.reject(new Error("not the promised bytes"));
  };
  await expect(store.blobs.write(damaged(), other, watch)).rejects.toThrow("not the promised bytes");
  await expect(store.blobs.write(stream("o"), other, watch)).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  expect(await store.blobs.stat(other.digest)).toBeUndefined();
  expect(leftovers(store)).toEqual([]);
});

test("an empty blob is a blob", async () => {
  const store = tempStore();
  const { digest } = await store.blobs.write(stream());
  expect(digest).toBe(sha256(""));
  expect(await text(store.blobs.read(digest))).toBe("");
});

test.each([
  ["another digest", { digest: sha256("other") }],
  ["fewer bytes than promised", { size: 6 }],
  ["more bytes than promised", { size: 4 }],
])("%s is refused, and nothing is left", async (_what, expected) => {
  const store = tempStore();
  await expect(store.blobs.write(stream("hel", "lo"), expected)).rejects.toMatchObject({
    code: "SLIP_DIGEST_MISMATCH",
  });
  expect(await store.blobs.stat(hello)).toBeUndefined();
  expect(leftovers(store)).toEqual([]);
});

test("an endless stream is left as soon as it exceeds the promised size", async () => {
  const store = tempStore();
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent++;
      yield Buffer.alloc(1000);
    }
  }
  await expect(store.blobs.write(endless(), { size: 2500 })).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  expect(sent).toBe(3);
});

test("a stream that fails leaves nothing", async () => {
  const store = tempStore();
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("hel");
    throw new Error("cable cut");
  }
  await expect(store.blobs.write(broken())).rejects.toThrow("cable cut");
  expect(leftovers(store)).toEqual([]);
  expect(await Array.fromAsync(store.blobs.list())).toEqual([]);
});

test("a blob that is there already is not read from the stream again", async () => {
  const store = tempStore();
  await store.blobs.write(stream("hello"));
  async function* never(): AsyncGenerator<Uint8Array> {
    yield await Promise.reject(new Error("was read"));
  }
  expect(await store.blobs.write(never(), { digest: hello, mediaType: "text/plain" })).toEqual({
    mediaType: "text/plain",
    digest: hello,
    size: 5,
  });
});

test("the same bytes from two writers at once are one blob", async () => {
  const store = tempStore();
  const other = openStore(store.root);
  onTestFinished(() => other[Symbol.dispose]());
  await Promise.all([store, other, store].map(({ blobs }) => blobs.write(stream("hel", "lo"))));
  expect(await Array.fromAsync(store.blobs.list())).toHaveLength(1);
  expect(await store.verify({ blobs: true })).toEqual([]);
});

const otherFileSystem = ["/dev/shm", "/run", "/var/tmp"].find(
  (folder) => existsSync(folder) && isWritable(folder) && statSync(folder).dev !== statSync(tmpdir()).dev,
);

test.for([
  ["the same file system", tmpdir()],
  ["another file system", otherFileSystem],
] as const)("a file of %s is adopted", async ([, place], { skip }) => {
  if (place === undefined) skip("no folder on another file system can be written here");
  const store = tempStore();
  const folder = mkdtempSync(join(place!, "slipway-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "file");
  writeFileSync(file, "hello");
  await store.blobs.adopt(file, { mediaType: "text/plain", digest: hello, size: 5 });
  expect(existsSync(file)).toBe(false);
  expect(await text(store.blobs.read(hello))).toBe("hello");
  expect(leftovers(store)).toEqual([]);
});

test("a file of another length than promised is not adopted", async () => {
  const store = tempStore();
  const file = join(tempFolder(), "file");
  writeFileSync(file, "hello!");
  const adopting = store.blobs.adopt(file, { mediaType: "text/plain", digest: hello, size: 5 });
  await expect(adopting).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
});

test("bytes changed on the disk are noticed when read", async () => {
  const store = tempStore();
  await store.blobs.write(stream("hello"));
  writeFileSync(store.blobs.path(hello), "jello");
  await expect(text(store.blobs.read(hello))).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  expect(await store.verify()).toEqual([]);
  expect(await store.verify({ blobs: true })).toHaveLength(1);
});

test("a file that vanished or was cut is no blob, and can be written again", async () => {
  const store = tempStore();
  await store.blobs.write(stream("hello"));
  for (const damage of [() => writeFileSync(store.blobs.path(hello), "hel"), () => rmSync(store.blobs.path(hello))]) {
    damage();
    expect(await store.blobs.stat(hello)).toBeUndefined();
    expect(await store.verify()).toHaveLength(1);
    await expect(text(store.blobs.read(hello))).rejects.toMatchObject({ code: "SLIP_STORE" });
    await store.blobs.write(stream("hello"), { digest: hello });
    expect(await store.verify({ blobs: true })).toEqual([]);
  }
});

test("a deleted blob takes its layer's entry along", async () => {
  const store = tempStore();
  await store.blobs.write(stream("hello"));
  const blob = { diffId: sha256("tar"), compression: "gzip", level: 1, digest: hello, size: 5 } as const;
  store.layerBlobs.put(blob);
  expect(store.layerBlobs.get(blob.diffId, "gzip", 1)).toEqual(blob);
  expect(store.layerBlobs.get(blob.diffId, "gzip", 2)).toBeUndefined();
  expect(store.layerBlobs.get(blob.diffId, "zstd", 1)).toBeUndefined();
  await store.blobs.delete(hello);
  expect(existsSync(store.blobs.path(hello))).toBe(false);
  expect(store.layerBlobs.get(blob.diffId, "gzip", 1)).toBeUndefined();
  expect(() => store.layerBlobs.put(blob)).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
});

test("between a prune's rows and its files a blob may come back: then its file stays", async () => {
  const store = tempStore();
  await store.blobs.write(stream("hello"));
  const db = new Database(join(store.root, "slipway.db"), 1000);
  using state = new State(store.root, db, "boot");
  await new BlobStore(state).unlink([hello]);
  expect(await text(store.blobs.read(hello))).toBe("hello");
  db.run("DELETE FROM blobs");
  await new BlobStore(state).unlink([hello]);
  expect(existsSync(store.blobs.path(hello))).toBe(false);
});

test("a digest that is a path is refused", () => {
  const store = tempStore();
  addLayer(store, undefined);
  expect(() => store.blobs.path("sha256:../../etc/passwd")).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
});

test("a layer's archive that was looked up stays for as long as the process that asked is there", async () => {
  const store = tempStore();
  const diffId = sha256("layer");
  const { digest, size } = await (async () => {
    using before = openStore(store.root);
    const blob = await before.blobs.write(stream("archive"));
    before.layerBlobs.put({ diffId, compression: "gzip", level: 4, ...blob });
    return blob;
  })();
  const rows = new DatabaseSync(join(store.root, "slipway.db"));
  rows.exec("UPDATE blobs SET last_used = 0");
  rows.close();
  {
    using user = openStore(store.root);
    expect(user.layerBlobs.get(diffId, "gzip", 4)).toEqual({ diffId, compression: "gzip", level: 4, digest, size });
    expect(user.layerBlobs.get(diffId, "zstd", 4)).toBeUndefined();
    expect((await store.prune({ all: true })).blobs).toEqual([]);
  }
  expect((await store.prune({ all: true })).blobs).toEqual([digest]);
});
