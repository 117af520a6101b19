import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Bytes, type Digest, Hasher, SlipwayError } from "../../base/index.ts";
import { looksLikeArchive } from "../../ops/index.ts";
import type { Store } from "../../store/index.ts";

/** What standard input was: it can be read once, by the caller, and the engine needs it too. */
export type SpooledInput =
  | { readonly type: "dockerfile"; readonly text: string; readonly emptyContext: string }
  | { readonly type: "archive"; readonly file: string; readonly digest: Digest };

interface Wanted {
  readonly context: string;
  readonly dockerfile?: string | undefined;
}

/** More than any Dockerfile (bytes). */
const dockerfileLimit = 16 << 20;
/** What tells an archive from a text: a compression's first bytes, or the first header of a tar. */
const headLength = 512;

/** True when a build reads standard input. */
export function readsInput({ context, dockerfile }: Wanted): boolean {
  return context === "-" || dockerfile === "-";
}

/**
 * Reads standard input as `-` means it: with `-f -` the Dockerfile; as the context an archive, or else a Dockerfile without any files beside it.
 * What is kept on the disk goes when the store is closed, or is swept after this process.
 * @throws SLIP_USAGE, SLIP_CONTEXT
 */
export async function spoolInput(wanted: Wanted, input: Bytes, store: Store): Promise<SpooledInput> {
  if (wanted.context === "-" && wanted.dockerfile === "-") {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: "Standard input cannot be both the build context and the Dockerfile",
      hint: "put the Dockerfile into the archive, or give the context as a folder",
    });
  }
  const folder = store.scratch({ untilClosed: true });
  const iterator = input[Symbol.asyncIterator]();
  const head = await readHead(iterator);
  const archive = wanted.context === "-" && looksLikeArchive(head);
  if (archive) return { type: "archive", ...(await spool(head, iterator, join(folder, "context"))) };
  if (wanted.context === "-" && wanted.dockerfile !== undefined) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: "Standard input is no archive, and so a Dockerfile, and --file names another",
      hint: "give a tar archive (also with gzip, bzip2, xz or zstd), or leave --file away",
    });
  }
  const emptyContext = join(folder, "empty");
  mkdirSync(emptyContext);
  return { type: "dockerfile", text: await readText(head, iterator), emptyContext };
}

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < headLength;) {
    const step = await iterator.next();
    if (step.done) break;
    chunks.push(step.value);
    length += step.value.length;
  }
  return Buffer.concat(chunks);
}

async function spool(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  file: string,
): Promise<{ readonly file: string; readonly digest: Digest }> {
  const { pipeline } = await import("node:stream/promises");
  const hasher = new Hasher();
  await pipeline(
    async function* () {
      hasher.update(head);
      yield head;
      for await (const chunk of { [Symbol.asyncIterator]: () => rest }) {
        hasher.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
  );
  return { file, digest: hasher.digest() };
}

async function readText(head: Uint8Array, rest: AsyncIterator<Uint8Array>): Promise<string> {
  const chunks = [head];
  let length = head.length;
  for await (const chunk of { [Symbol.asyncIterator]: () => rest }) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > dockerfileLimit) {
      throw new SlipwayError({
        code: "SLIP_CONTEXT",
        message: `The Dockerfile on standard input is larger than ${dockerfileLimit >> 20} MiB`,
      });
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
