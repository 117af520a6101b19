import { readFileSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import { readTar } from "../layer/index.ts";
import { scratch } from "./fixtures.ts";
import { blobPath, openLayout } from "./layout.ts";

test("a blob of more than 8 GiB gets a header that leaves the blob as it was written", async () => {
  using folder = scratch();
  const dest = `${folder.path}/out.tar`;
  const layout = await openLayout(dest, true);
  const blob = Buffer.alloc(4096, "x");
  const size = 9 * 1024 ** 3;
  await layout.addWritten((target) => {
    // its first bytes are enough here: what matters is that the header, written last, has room
    if (typeof target === "object") writeSync(target.fd, blob);
    return Promise.resolve({ digest: sha256(blob), size });
  });
  await layout.commit();
  const bytes = readFileSync(dest);
  const at = bytes.indexOf("x".repeat(512));
  expect(bytes.subarray(at, at + blob.length).equals(blob)).toBe(true);
  for await (const entry of readTar(inPieces(bytes.subarray(0, at)))) {
    if (entry.type === "dir") continue;
    expect(entry).toMatchObject({ type: "file", size, name: blobPath(sha256(blob)) });
    return;
  }
  expect.unreachable("the archive has no file");
});

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
