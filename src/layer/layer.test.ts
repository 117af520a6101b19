import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import { getXattr, setTimes, setXattr } from "../base/syscalls.ts";
import { inPieces, overlayXattrs, plant, privileged, scratch, trees, withoutMarks } from "./fixtures.ts";
import { type Compression, unpackLayer, writeLayer } from "./index.ts";
import { runWrite } from "./write-job.ts";

const owner = privileged ? "keep" : "squash";

describe("a layer", () => {
  test("of any tree unpacks to the same tree, and a tree to the same layer", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        using folder = scratch();
        const upper = folder.sub("upper");
        plant(upper, tree);
        const source = `${folder.path}/layer`;
        const first = await writeLayer({ upper, overlayXattrs, compression: "none", output: source });
        const copy = folder.sub("copy");
        const expectedDiffId = first.diffId;
        const unpacked = await unpackLayer({ source, upper: copy, overlayXattrs, owner, expectedDiffId });
        expect(unpacked).toMatchObject({ diffId: first.diffId, entries: first.entries, fileBytes: first.fileBytes });
        const second = await writeLayer({ upper: copy, overlayXattrs, compression: "none" });
        expect(second.diffId).toBe(first.diffId);
        expect(sha256(readFileSync(source))).toBe(first.digest);
      }),
      { numRuns: 40 },
    );
  });

  test("of any tree is read by GNU tar with the same names, owners, modes and times", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        using folder = scratch();
        const upper = folder.sub("upper");
        // whiteouts are files to GNU tar, and sort by another name when they come back
        plant(upper, withoutMarks(tree));
        const output = `${folder.path}/layer`;
        const { entries } = await writeLayer({ upper, overlayXattrs, compression: "none", output });
        const into = folder.sub("into");
        const options = ["-C", into, "--xattrs", "--xattrs-include=user.*", "-xpf", output];
        execFileSync("tar", [...options, ...(privileged ? [] : ["--no-same-owner"])], { stdio: "pipe" });
        const listed = execFileSync("tar", ["-tf", output, "--quoting-style=escape"]).toString();
        expect(listed.split("\n")).toHaveLength(entries + 1);
        const again = `${folder.path}/again`;
        await writeLayer({ upper: into, overlayXattrs: "none", compression: "none", output: again });
        execFileSync("tar", ["-C", into, "--compare", "-f", output], { stdio: "pipe" });
        expect(readFileSync(again).equals(readFileSync(output))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("says whiteouts, opaque folders, hard links and long names as image-spec layer.md asks", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    const base = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, xattr: undefined };
    const long = "n".repeat(255);
    plant(upper, {
      dir: {
        ...base,
        type: "dir",
        mode: 0o755,
        opaque: true,
        children: {
          gone: { type: "whiteout" },
          one: { ...base, type: "file", content: Buffer.from("1"), also: "two" },
        },
      },
      [long]: { ...base, type: "symlink", target: "t".repeat(200) },
    });
    const output = `${folder.path}/layer`;
    await writeLayer({ upper, overlayXattrs, compression: "none", output });
    const list = execFileSync("tar", ["-tvf", output]).toString().trim().split("\n");
    expect(list.map((line) => line.replace(/^(.).* \d\d:\d\d /, "$1 "))).toEqual([
      "d dir/",
      "- dir/.wh..wh..opq",
      "- dir/.wh.gone",
      "- dir/one",
      "h dir/two link to dir/one",
      `l ${long} -> ${"t".repeat(200)}`,
    ]);
  });

  test.each<[Compression, (bytes: Buffer) => Buffer]>([
    ["gzip", (bytes) => gunzipSync(bytes)],
    ["zstd", (bytes) => zstdDecompressSync(bytes)],
  ])("in %s holds the same tar, with the same bytes each time, and counts both sides", async (compression, decode) => {
    using folder = scratch();
    const upper = folder.sub("upper");
    // more than one piece, compressible and not, with a last piece of an odd size
    for (const [i, size] of [5_000_000, 0, 1, 3_333_333].entries()) {
      writeFileSync(`${upper}/text${i}`, "all work and no play ".repeat(size / 20));
      writeFileSync(`${upper}/noise${i}`, noise(size));
    }
    const plain = await writeLayer({ upper, overlayXattrs, compression: "none", output: `${folder.path}/plain` });
    const digests = new Set<string>();
    for (const level of [undefined, undefined, 1, 9]) {
      const output = `${folder.path}/packed`;
      const packed = await writeLayer({ upper, overlayXattrs, compression, level, output });
      const bytes = readFileSync(output);
      expect(packed).toMatchObject({
        diffId: plain.diffId,
        uncompressedSize: plain.uncompressedSize,
        digest: sha256(bytes),
        size: bytes.length,
        fileBytes: plain.fileBytes,
      });
      expect(decode(bytes).equals(readFileSync(`${folder.path}/plain`))).toBe(true);
      digests.add(packed.digest);
    }
    expect(digests.size).toBe(3);
  });

  test("in gzip is accepted by gzip -t", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    writeFileSync(`${upper}/file`, noise(2_500_000));
    await writeLayer({ upper, overlayXattrs, compression: "gzip", output: `${folder.path}/layer.gz` });
    execFileSync("gzip", ["-t", `${folder.path}/layer.gz`]);
  });

  test("without output computes what it would have written", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    writeFileSync(`${upper}/file`, "x");
    const written = await writeLayer({ upper, overlayXattrs, compression: "none", output: `${folder.path}/layer` });
    expect(await writeLayer({ upper, overlayXattrs, compression: "none" })).toEqual(written);
    expect(statSync(`${folder.path}/layer`).size).toBe(written.size);
  });

  test("leaves out sockets and the marks of overlayfs, and clamps times to the epoch given", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    mkdirSync(`${upper}/d`);
    setXattr(`${upper}/d`, "user.overlay.origin", Buffer.from("x"));
    setXattr(`${upper}/d`, "user.mine", Buffer.from("kept"));
    setTimes(`${upper}/d`, 0n, 2_000_000_000_123_456_789n);
    const server = createServer().listen(`${upper}/socket`);
    await new Promise((listening) => server.once("listening", listening));
    const source = `${folder.path}/layer`;
    const epoch = 1_700_000_000;
    const { entries } = await writeLayer({ upper, overlayXattrs, compression: "none", output: source, epoch });
    server.close();
    expect(entries).toBe(1);
    const copy = folder.sub("copy");
    await unpackLayer({ source, upper: copy, overlayXattrs, owner });
    expect(getXattr(`${copy}/d`, "user.overlay.origin")).toBeUndefined();
    expect(Buffer.from(getXattr(`${copy}/d`, "user.mine") ?? []).toString()).toBe("kept");
    expect(lstatSync(`${copy}/d`, { bigint: true }).mtimeNs).toBe(1_700_000_000_000_000_000n);
  });

  test("cannot hold a file whose name begins with .wh.", async () => {
    using folder = scratch();
    writeFileSync(`${folder.sub("upper")}/.wh.x`, "");
    const written = writeLayer({ upper: `${folder.path}/upper`, overlayXattrs, compression: "none" });
    await expect(written).rejects.toMatchObject({ code: "SLIP_LAYER_INVALID", message: /\.wh\.x/ });
  });

  test("of an ordinary root may hold such a file", async () => {
    using folder = scratch();
    writeFileSync(`${folder.sub("root")}/.wh.x`, "");
    const written = await writeLayer({ upper: `${folder.path}/root`, overlayXattrs: "none", compression: "none" });
    expect(written.entries).toBe(1);
  });

  test("is an error, never a broken tar, when a file shrinks while it is read", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    writeFileSync(`${upper}/a`, noise(64 << 20));
    let size = 64 << 20;
    const written = writeLayer({ upper, overlayXattrs, compression: "gzip", level: 9 });
    const timer = setInterval(() => truncateSync(`${upper}/a`, (size = Math.max(0, size - (16 << 20)))), 20);
    await expect(written.finally(() => clearInterval(timer))).rejects.toMatchObject({
      code: "SLIP_LAYER_INVALID",
      message: /shorter while it was read/,
    });
  });

  test.each(["none", "gzip", "zstd"] as const)("in %s passes on that the disk is full", async (compression) => {
    using folder = scratch();
    writeFileSync(`${folder.path}/file`, randomBytes(6 << 20));
    const done = runWrite({ upper: folder.path, overlayXattrs, compression, output: "/dev/full" });
    await expect(done).rejects.toMatchObject({ code: "ENOSPC" });
  });

  test("stops when it is cancelled", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    writeFileSync(`${upper}/a`, noise(64 << 20));
    const controller = new AbortController();
    const { signal } = controller;
    const written = writeLayer({ upper, overlayXattrs, compression: "gzip", level: 9, signal });
    setTimeout(() => controller.abort(), 50);
    await expect(written).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
    const late = writeLayer({ upper, overlayXattrs, compression: "none", signal });
    await expect(late).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  });

  test.each(["none", "gzip", "zstd"] as const)(
    "that is given up in %s writes into no other file",
    async (compression) => {
      using folder = scratch();
      const upper = folder.sub("upper");
      writeFileSync(`${upper}/file`, randomBytes(24 << 20));
      const cancel = new Int32Array(new SharedArrayBuffer(4));
      const done = runWrite({ upper, overlayXattrs, compression, output: `${folder.path}/layer`, cancel });
      cancel[0] = 1;
      await expect(done).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
      const others = Array.from({ length: 5 }, (_, at) => openSync(`${folder.path}/other ${at}`, "w"));
      await sleep(200);
      for (const fd of others) {
        expect(fstatSync(fd).size).toBe(0);
        closeSync(fd);
      }
    },
  );

  test("unpacks from a stream as from a file, and passes the stream's own error on", async () => {
    using folder = scratch();
    const upper = folder.sub("upper");
    writeFileSync(`${upper}/file`, noise(3_000_000));
    const output = `${folder.path}/layer`;
    const { diffId } = await writeLayer({ upper, overlayXattrs, compression: "gzip", output });
    const bytes = readFileSync(output);
    const copy = folder.sub("copy");
    const target = { upper: copy, overlayXattrs, owner } as const;
    expect((await unpackLayer({ ...target, source: inPieces(bytes, 100_001) })).diffId).toBe(diffId);
    rmSync(copy, { recursive: true });
    mkdirSync(copy);
    const broken = (async function* () {
      yield* inPieces(bytes.subarray(0, 1_000_000));
      throw new Error("the line went dead");
    })();
    await expect(unpackLayer({ ...target, source: broken })).rejects.toThrow("the line went dead");
    let closed = false;
    const endless = (async function* () {
      try {
        for (;;) yield await Promise.resolve(Buffer.from("this is no tar".repeat(100)));
      } finally {
        closed = true;
      }
    })();
    await expect(unpackLayer({ ...target, source: endless })).rejects.toMatchObject({ code: "SLIP_LAYER_INVALID" });
    expect(closed).toBe(true);
  });

  test("with another digest than the image says is refused", async () => {
    using folder = scratch();
    const source = `${folder.path}/layer`;
    await writeLayer({ upper: folder.sub("upper"), overlayXattrs, compression: "none", output: source });
    const expectedDiffId = sha256("another");
    const unpacked = unpackLayer({ source, upper: folder.sub("copy"), overlayXattrs, owner, expectedDiffId });
    await expect(unpacked).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  });
});

/** Bytes that do not compress, the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let i = 0; i + 4 <= size; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, i);
  }
  return bytes;
}
