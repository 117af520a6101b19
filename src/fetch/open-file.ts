import { type Bytes, SlipwayError } from "../base/index.ts";
import { type HttpAnswer, type HttpClient, HttpStatusError, withoutPassword } from "./http-client.ts";

export interface FileRequest {
  readonly url: string;
  /** What an earlier answer said: the server then may say that nothing has changed. */
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** The value of the header Authorization; for the first host alone, not for those that it leads to. */
  readonly authorization?: string | undefined;
  /** Bytes after which the answer is given up. */
  readonly limit: number;
}

export type FileAnswer =
  /** It is what the request's etag or date stands for. */
  | { readonly type: "unchanged" }
  | {
      readonly type: "file";
      readonly etag: string | undefined;
      readonly lastModified: string | undefined;
      /** Bytes, where the server says so. */
      readonly size: number | undefined;
      readonly body: Bytes;
    };

/**
 * Asks a server for a file, with the conditions of RFC 9110, 13.1. An answer that is packed with gzip on the way (RFC 9110, 8.4) is unpacked.
 * @param use reads the body whole; called again when the answer breaks off.
 * @throws SLIP_NETWORK, SLIP_CANCELLED, and what `use` throws
 */
export async function openFile<T>(
  client: HttpClient,
  request: FileRequest,
  use: (answer: FileAnswer) => Promise<T>,
): Promise<T> {
  const { url, etag, lastModified, authorization, limit } = request;
  const headers: Record<string, string> = { "accept-encoding": "gzip" };
  if (etag !== undefined) headers["if-none-match"] = etag;
  else if (lastModified !== undefined) headers["if-modified-since"] = lastModified;
  if (authorization !== undefined) headers["authorization"] = authorization;
  try {
    return await client.get(
      url,
      (answer) => {
        if (answer.status === 304) {
          if (etag !== undefined || lastModified !== undefined) return use({ type: "unchanged" });
          throw refused(url, "it says that nothing has changed, which nobody asked");
        }
        const body = limited(unpacked(answer, url), limit, url);
        const length = Number(answer.headers["content-length"]);
        return use({
          type: "file",
          etag: single(answer.headers["etag"]),
          lastModified: single(answer.headers["last-modified"]),
          size: answer.headers["content-encoding"] === undefined && length > 0 ? length : undefined,
          body,
        });
      },
      headers,
    );
  } catch (error) {
    if (!(error instanceof HttpStatusError)) throw error;
    throw refused(url, error.message.replace(/^\S+ /, "it "), hintFor(error.status), error);
  }
}

function hintFor(status: number): string | undefined {
  if (status === 401 || status === 403)
    return "give what it asks for: --secret id=HTTP_AUTH_TOKEN_HOST,env=NAME with the host's name in place of HOST";
  return status === 404 ? "there is no such file on the server: check the address" : undefined;
}

function unpacked({ headers, body }: HttpAnswer, url: string): Bytes {
  const coding = single(headers["content-encoding"])?.trim().toLowerCase() ?? "identity";
  if (coding === "identity" || coding === "") return body;
  if (coding === "gzip" || coding === "x-gzip") return gunzip(body, url);
  throw refused(url, `it answers with the content coding ${JSON.stringify(coding)}`);
}

async function* gunzip(body: Bytes, url: string): Bytes {
  const { pipeline, Readable } = await import("node:stream");
  const { createGunzip } = await import("node:zlib");
  const decoder = createGunzip({ chunkSize: 256 << 10 });
  // Errors of either end show in the loop below.
  pipeline(Readable.from(body, { objectMode: false }), decoder, () => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("Z_")) throw error;
    throw refused(url, "its gzip data are damaged or cut off", undefined, error);
  }
}

async function* limited(body: Bytes, limit: number, url: string): Bytes {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw refused(url, `it is larger than ${limit} bytes`);
    yield chunk;
  }
}

function refused(url: string, why: string, hint?: string, cause?: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_NETWORK",
    message: `Cannot fetch ${withoutPassword(url)}: ${why}`,
    hint,
    cause,
  });
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
