import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TarHeader } from "./contract.ts";
import { type EntryInit, inPieces, tarEntry, tarOf, xzText } from "./fixtures.ts";
import { decompress, readTar } from "./index.ts";
import { roundUp } from "./tar-format.ts";

async function read(bytes: Uint8Array, piece?: number): Promise<readonly (TarHeader & { readonly body: string })[]> {
  const entries = [];
  for await (const entry of readTar(inPieces(bytes, piece))) {
    const { content: _, ...header } = entry;
    const body = [];
    for await (const chunk of entry.content()) body.push(Buffer.from(chunk));
    entries.push({ ...header, body: Buffer.concat(body).toString("latin1") });
  }
  return entries;
}

const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = (max: number): fc.Arbitrary<string> =>
  fc.array(byte, { minLength: 1, maxLength: max, size: "max" }).map((all) => all.join(""));
const entry: fc.Arbitrary<EntryInit> = fc.record({
  name: bytes(400),
  type: fc.constantFrom("file" as const, "link" as const, "symlink" as const, "dir" as const),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 0xffff_fffe }),
  gid: fc.integer({ min: 0, max: 0xffff_fffe }),
  mtimeNs: fc.bigInt({ min: -(10n ** 19n), max: 10n ** 20n }),
  linkname: bytes(300),
  content: fc.string({ maxLength: 2000, unit: "grapheme-ascii" }),
  xattrs: fc
    .dictionary(fc.stringMatching(/^user\.[a-z]{1,9}$/), bytes(300), { maxKeys: 3 })
    .map((all) => new Map(Object.entries(all))),
});

describe("readTar", () => {
  test("gives back what was written, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), fc.integer({ min: 1, max: 3000 }), async (entries, piece) => {
        const given = entries.map((one) => ({
          ...one,
          content: one.type === "file" ? one.content : "",
          linkname: one.type === "link" || one.type === "symlink" ? one.linkname! : "",
        }));
        const expected = given.map(({ content, ...one }) => ({
          ...one,
          body: content,
          size: content!.length,
          devMajor: 0,
          devMinor: 0,
        }));
        expect(await read(tarOf(...given), piece)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("passes over content that nobody reads", async () => {
    const names = [];
    for await (const { name } of readTar(inPieces(tarOf({ name: "a", content: "x".repeat(5000) }, { name: "b" }), 700)))
      names.push(name);
    expect(names).toEqual(["a", "b"]);
  });

  test("reads sizes beyond 8 GiB from PAX records and from base 256", async () => {
    const size = 2 ** 33 + 5;
    const pax = tarEntry({ name: "big", size });
    expect(pax.length).toBe(3 * 512);
    const plain = tarEntry({ name: "big" });
    plain.fill(0, 124, 136);
    plain[124] = 0x80;
    plain.writeBigUInt64BE(BigInt(size), 128);
    plain.write("        ", 148, "latin1");
    plain.write(
      `${plain
        .reduce((sum, one) => sum + one, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
      "latin1",
    );
    for (const head of [pax, plain]) {
      const { value } = await readTar(inPieces(Buffer.concat([head, Buffer.alloc(512)]))).next();
      expect(value).toMatchObject({ name: "big", size });
    }
  });

  test("does not take an empty long name for a name, as Go does not", async () => {
    const long = tarEntry({ name: "././@LongLink" });
    long.write("L", 156, "latin1");
    long.write("        ", 148, "latin1");
    const sum = long.reduce((total, code) => total + code, 0);
    long.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect((await read(Buffer.concat([long, tarOf({ name: "real" })]))).map(({ name }) => name)).toEqual(["real"]);
  });

  test("takes an archive without its closing blocks, an empty one, and one with padding after", async () => {
    const one = tarEntry({ name: "a" });
    expect(await read(one)).toHaveLength(1);
    expect(await read(Buffer.alloc(0))).toHaveLength(0);
    expect(
      await read(Buffer.concat([tarOf({ name: "a" }), Buffer.alloc(10_000), Buffer.from("left over")])),
    ).toHaveLength(1);
  });

  test("does not apply global PAX headers, as Go does not", async () => {
    const body = Buffer.from("15 path=forged\n");
    const global = tarEntry({ name: "pax_global_header", content: body.toString() });
    global.write("g", 156, "latin1");
    global.write("        ", 148, "latin1");
    const sum = global.subarray(0, 512).reduce((total, code) => total + code, 0);
    global.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect((await read(Buffer.concat([global, tarOf({ name: "real" })]))).map(({ name }) => name)).toEqual(["real"]);
    expect(global.length).toBe(512 + roundUp(body.length));
    const named = tarEntry({ name: "n".repeat(300) });
    const header = named.subarray(0, 512 + roundUp(400));
    expect(header.toString("latin1", 156, 157)).toBe("x");
    // what was said of an entry before a global header is forgotten by Go
    const mixed = Buffer.concat([header.subarray(0, 1024), global, tarOf({ name: "real" })]);
    expect((await read(mixed)).map(({ name }) => name)).toEqual(["real"]);
  });
});

describe("decompress", () => {
  const text = Buffer.from("some text, ".repeat(100_000));
  async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const chunks = [];
    for await (const chunk of decompress(source)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  test.each<[string, Buffer]>([
    ["plain bytes", text],
    ["gzip", gzipSync(text)],
    ["several gzip members", Buffer.concat([gzipSync(text.subarray(0, 999)), gzipSync(text.subarray(999))])],
    ["zstd", zstdCompressSync(text)],
    ["xz", xzText],
    [
      "a skippable zstd frame",
      Buffer.concat([
        Buffer.from("5a2a4d1803000000010203", "hex"),
        zstdCompressSync(text),
        Buffer.from("502a4d1800000000", "hex"),
      ]),
    ],
    ["zstd with a checksum", zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
    [
      "several zstd frames",
      Buffer.concat([zstdCompressSync(text.subarray(0, 999)), zstdCompressSync(text.subarray(999))]),
    ],
  ])("gives what is inside %s, however it is cut", async (_kind, packed) => {
    for (const piece of [1009, 1 << 20]) expect((await all(inPieces(packed, piece))).equals(text)).toBe(true);
    expect((await all(inPieces(packed.subarray(0, 40_000), 3)).catch(() => "cut")).length).toBeGreaterThan(0);
  });

  test("of nothing is nothing", async () => {
    expect(await all(inPieces(Buffer.alloc(0)))).toHaveLength(0);
    expect((await all(inPieces(Buffer.from([0x1f])))).length).toBe(1);
  });

  test.each<[string, Buffer]>([
    ["cut gzip", gzipSync(text).subarray(0, -20)],
    ["cut xz", xzText.subarray(0, -20)],
    ["damaged xz", Buffer.concat([xzText.subarray(0, 50), Buffer.alloc(99, 0xff)])],
    ["cut zstd", zstdCompressSync(text).subarray(0, -20)],
    ["damaged zstd", Buffer.concat([zstdCompressSync(text).subarray(0, 12), Buffer.alloc(99, 0xff)])],
  ])("refuses %s", async (_kind, packed) => {
    await expect(all(inPieces(packed))).rejects.toMatchObject({ code: "SLIP_LAYER_INVALID" });
  });

  test("closes its source when the reader leaves early", async () => {
    let closed = false;
    const source = (async function* () {
      try {
        for (;;) yield await Promise.resolve(gzipSync(text));
      } finally {
        closed = true;
      }
    })();
    for await (const chunk of decompress(source)) if (chunk.length > 0) break;
    expect(closed).toBe(true);
  });
});
