import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Hasher, SlipwayError } from "../base/index.ts";
import { type HttpClient, HttpStatusError, withoutPassword } from "../fetch/index.ts";
import type { IndexedFile } from "./release.ts";
import type { OpenSuiteOptions } from "./suite.ts";

/** By its hash (which no update of the mirror can race with), else by its name where a mirror has no by-hash folders. */
export async function downloadIndex(
  options: OpenSuiteOptions,
  path: string,
  expected: IndexedFile,
  file: string,
): Promise<void> {
  const base = `${options.mirror}/dists/${options.suite}`;
  const byHash = `${base}/${path.slice(0, path.lastIndexOf("/"))}/by-hash/SHA256/${expected.sha256}`;
  try {
    try {
      await downloadFile(options.http, byHash, expected, file);
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
      await downloadFile(options.http, `${base}/${path}`, expected, file);
    }
  } catch (error) {
    if (!(error instanceof HttpStatusError)) throw error;
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot read the packages of ${describeSuite(options)}: ${error.message}`,
      hint: "the mirror may be in the middle of an update: try again in some minutes, or name another with --debian-mirror",
      cause: error,
    });
  }
}

async function downloadFile(http: HttpClient, url: string, expected: IndexedFile, file: string): Promise<void> {
  await http.get(url, async ({ body }) => {
    const hasher = new Hasher();
    let size = 0;
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          size += chunk.length;
          if (size > expected.size) throw mismatch(url);
          hasher.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(file),
    );
    if (size !== expected.size || hasher.digest() !== `sha256:${expected.sha256}`) throw mismatch(url);
  });
}

function mismatch(url: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot use ${withoutPassword(url)}: its bytes are not those that the signed Release names`,
    hint: "the mirror has an older or newer index than its Release, or it or a proxy changes or cuts files; try again later, or name another mirror with --debian-mirror",
  });
}

/** A suite and its mirror, for messages. */
export function describeSuite(options: Pick<OpenSuiteOptions, "suite" | "mirror">): string {
  return `${options.suite} of ${withoutPassword(options.mirror).replace(/\/$/, "")}`;
}
