import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { SlipwayError } from "../../base/index.ts";
import { ContentsReader } from "./contents-index.ts";

/** Ten times Debian's own: what is larger unpacks without end. */
const largest = 6 * 2 ** 30;

/** Makes the compact index of a downloaded Contents file, whose hash was checked. Called in a worker. */
export async function makeContents(job: { readonly source: string; readonly target: string }): Promise<void> {
  const reader = new ContentsReader();
  let size = 0;
  for await (const chunk of createReadStream(job.source).pipe(createGunzip())) {
    size += (chunk as Buffer).length;
    if (size > largest) {
      throw new SlipwayError({
        code: "SLIP_VERIFY",
        message: "Cannot use a Contents index: it is longer than any can be",
      });
    }
    reader.add((chunk as Buffer).toString("latin1"));
  }
  await writeFile(job.target, reader.end(), "latin1");
}
