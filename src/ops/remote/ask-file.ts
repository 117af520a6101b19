import { createWriteStream } from "node:fs";
import { type Ctx, type Digest, Hasher, isDigest, sha256, SlipwayError } from "../../base/index.ts";
import { type FileAnswer, HttpClient, openFile, withoutPassword } from "../../fetch/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { OpRooms } from "../contract.ts";
import { givenValue } from "../mounts/secret.ts";

/** Larger than any file that a build adds from an address (bytes): what never ends must not fill the disk. */
const largest = 64 * 1024 ** 3;

/** What is known of a file on a server: a fact of the store. */
export interface KnownFile {
  readonly digest: Digest;
  /** Seconds since the epoch, as the server said it; 0 when it did not. */
  readonly time: number;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface AskedFile {
  readonly url: string;
  /** What it must be. */
  readonly checksum?: Digest | undefined;
  /** What says so, where it is not the Dockerfile. */
  readonly checksumFrom?: string | undefined;
  /** Where to put it, when it has to be sent; undefined to throw NeedsRun instead. */
  readonly into: string | undefined;
  /** Whether what is known of the file is of use: a tree of it is there. */
  readonly usable: (known: KnownFile) => boolean;
  readonly onProgress: (bytes: number, total: number | undefined) => void;
}

/**
 * Finds what a file is now: from what is known, when its checksum is that; from a server that says that nothing has changed; or by fetching it.
 * @returns the file, and whether it was put into `into`.
 * @throws SLIP_NETWORK, SLIP_DIGEST_MISMATCH, SLIP_CANCELLED, NeedsRun
 */
export async function askFile(
  asked: AskedFile,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<{ readonly file: KnownFile; readonly fetched: boolean }> {
  const { url, checksum, into, usable } = asked;
  const { facts } = rooms.store;
  // The latest of an address, and each that it once was, for those who want that one.
  const fact = `http ${sha256(url)}`;
  const factOf = (digest: Digest): string => `http ${sha256(`${url}\n${digest}`)}`;
  const kept = readKnown((checksum && facts.get(factOf(checksum))) ?? facts.get(fact));
  const known = kept && usable(kept) ? kept : undefined;
  if (known && checksum === known.digest) return { file: known, fetched: false };
  // Of a file that must be another than the known one, nothing but all of it will do.
  const condition = checksum === undefined ? known : undefined;
  using client = new HttpClient({ signal: ctx.signal });
  const { etag, lastModified } = condition ?? {};
  const request = { url, etag, lastModified, authorization: authorization(url, rooms), limit: largest };
  if (into === undefined && etag === undefined && lastModified === undefined) throw new NeedsRun();
  return await openFile(client, request, async (answer) => {
    if (answer.type === "unchanged") return { file: known as KnownFile, fetched: false };
    if (into === undefined) throw new NeedsRun();
    const digest = await save(answer, into, asked);
    if (checksum !== undefined && digest !== checksum) throw mismatch(asked, checksum, digest);
    const file: KnownFile = {
      digest,
      time: seconds(answer.lastModified),
      etag: answer.etag,
      lastModified: answer.lastModified,
    };
    facts.set(fact, file);
    facts.set(factOf(digest), file);
    return { file, fetched: true };
  });
}

async function save(answer: FileAnswer & { type: "file" }, into: string, asked: AskedFile): Promise<Digest> {
  const { pipeline } = await import("node:stream/promises");
  const hasher = new Hasher();
  let size = 0;
  await pipeline(
    answer.body,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hasher.update(chunk);
        size += chunk.length;
        asked.onProgress(size, answer.size);
        yield chunk;
      }
    },
    createWriteStream(into, { mode: 0o600 }),
  );
  return hasher.digest();
}

function readKnown(fact: unknown): KnownFile | undefined {
  const known = fact as Partial<KnownFile> | undefined;
  const good = typeof known?.digest === "string" && isDigest(known.digest) && typeof known.time === "number";
  return good ? (known as KnownFile) : undefined;
}

/** Whole seconds, as HTTP dates are (RFC 9110, 5.6.7). */
function seconds(date: string | undefined): number {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}

/** From the secrets HTTP_AUTH_HEADER_host and HTTP_AUTH_TOKEN_host (Dockerfile reference, "ADD": secrets). */
function authorization(url: string, rooms: OpRooms): string | undefined {
  const { hostname } = new URL(url);
  const header = givenValue(rooms, `HTTP_AUTH_HEADER_${hostname}`);
  if (header !== undefined) return header.toString("utf8").trim();
  const token = givenValue(rooms, `HTTP_AUTH_TOKEN_${hostname}`);
  return token && `Bearer ${token.toString("utf8").trim()}`;
}

function mismatch({ url, checksumFrom }: AskedFile, wanted: Digest, got: Digest): SlipwayError {
  const shown = withoutPassword(url);
  if (checksumFrom !== undefined) {
    return new SlipwayError({
      code: "SLIP_DIGEST_MISMATCH",
      message: `${shown} has moved on: its digest is ${got}, and ${checksumFrom} has ${wanted}`,
      hint: `look at what is served; \`slipway lock --update ${shown}\` takes it`,
    });
  }
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot use ${shown}: its digest is ${got}, expected ${wanted}`,
    hint: "the file was changed, or the checksum is of another; look at what is served before you write the new one",
  });
}
