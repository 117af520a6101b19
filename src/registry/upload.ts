import type { Bytes } from "../base/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { PushBlob, RegistryCtx } from "./contract.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import { AnswerError, isPassing } from "./http/failures.ts";
import { resolveLocation } from "./http/follow.ts";
import { notToSpec, taken } from "./http/read-answer.ts";
import type { Remote } from "./remote.ts";
import { take } from "./take.ts";

/** An upload that the registry has begun. */
export interface Session {
  readonly url: URL;
  /** Bytes that it has. */
  readonly at: number;
  /** Bytes that a request must bring at least, unless it is the last. */
  readonly leastChunk: number;
}

/** distribution-spec, "Pushing a blob in chunks": where bytes may go. @param query asks for a mount first */
export async function begin(
  remote: Remote,
  query: string,
  ctx: RegistryCtx,
  moreScopes: readonly string[] = [],
): Promise<HttpAnswer> {
  const answer = await remote.send(
    {
      method: "POST",
      to: `${remote.repository}/blobs/uploads/${query}`,
      scopes: [...scopesOf(remote), ...moreScopes],
      ok: query === "" ? [202] : [201, 202],
    },
    ctx,
  );
  answer.discard();
  return answer;
}

/** One request of a chunked upload; the whole rest of the blob unless chunks are limited. */
export async function patch(
  remote: Remote,
  blob: PushBlob,
  session: Session,
  chunk: number | undefined,
  progress: (current: number) => void,
  ctx: RegistryCtx,
): Promise<Session> {
  const { at, url, leastChunk } = session;
  const size = Math.min(blob.descriptor.size - at, Math.max(chunk ?? Number.POSITIVE_INFINITY, leastChunk));
  const whole = at === 0 && size === blob.descriptor.size;
  const answer = await remote.send(
    {
      method: "PATCH",
      to: url,
      scopes: scopesOf(remote),
      headers: {
        "content-type": "application/octet-stream",
        // Registries that only know an upload in one stream want none.
        ...(!whole && { "content-range": `${at}-${at + size - 1}` }),
      },
      body: { size, open: () => take(blob.open(at), size, (sent) => progress(at + sent)) },
      patient: true,
      ok: taken,
    },
    ctx,
  );
  answer.discard();
  const has = endOf(answer);
  if (has !== undefined && (has > at + size || has <= at)) {
    throw notToSpec(remote.host, `has ${has} bytes of an upload of which it was sent ${at + size}`);
  }
  return { ...sessionOf(remote, answer, has ?? at + size), leastChunk };
}

/** The request that ends an upload, with what is left of the blob. */
export async function finish(
  remote: Remote,
  blob: PushBlob,
  { url, at }: Session,
  progress: (current: number) => void,
  ctx: RegistryCtx,
): Promise<void> {
  const { digest, size } = blob.descriptor;
  const to = new URL(url);
  to.search = `${to.search}${to.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
  const rest = size - at;
  const answer = await remote.send(
    {
      method: "PUT",
      to,
      scopes: scopesOf(remote),
      headers: {
        "content-type": "application/octet-stream",
        ...(at > 0 && rest > 0 && { "content-range": `${at}-${size - 1}` }),
      },
      ...(rest > 0 && { body: { size: rest, open: () => take(blob.open(at), rest, (sent) => progress(at + sent)) } }),
      patient: true,
      ok: taken,
    },
    ctx,
  );
  answer.discard();
  const stored = answer.headers["docker-content-digest"];
  if (stored !== undefined && stored !== digest) throw notToSpec(remote.host, `stored the blob ${digest} as another`);
}

/** A whole blob in one request, while it is being made: nobody knows its length yet. @returns an upload that lacks its end alone */
export async function stream(
  remote: Remote,
  open: () => Bytes,
  { url, leastChunk }: Session,
  ctx: RegistryCtx,
): Promise<Session> {
  const headers = { "content-type": "application/octet-stream" };
  let sent = 0;
  const counted = async function* (): Bytes {
    sent = 0;
    for await (const chunk of open()) {
      sent += chunk.byteLength;
      yield chunk;
    }
  };
  const answer = await remote.send(
    { method: "PATCH", to: url, scopes: scopesOf(remote), headers, body: { open: counted }, patient: true, ok: taken },
    ctx,
  );
  answer.discard();
  const has = endOf(answer) ?? sent;
  if (has > sent) throw notToSpec(remote.host, `has ${has} bytes of an upload of which it was sent ${sent}`);
  return { ...sessionOf(remote, answer, has), leastChunk };
}

/** Milliseconds that a registry has for what nobody needs any more. */
export const briefly = 2000;

/** Tells the registry that nothing more will come of an upload; what it makes of that is its own business. */
export async function giveUp(remote: Remote, { url }: Session, ctx: RegistryCtx): Promise<void> {
  const part = { ...ctx, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(briefly)]) };
  const [scopes, ok] = [scopesOf(remote), [200, 202, 204, 401]];
  try {
    // Some want a right that pushing does not need; noted as one of those, it would be asked for with each token from then on, and refused to most.
    for (const wanted of [scopes, [...scopes, repositoryScope(remote.repository, "delete")]]) {
      const answer = await remote.send({ method: "DELETE", to: url, scopes: wanted, ok }, part);
      answer.discard();
      if (answer.status !== 401) return;
    }
  } catch {
    // It forgets it by itself, sooner or later.
  }
}

/** How far an upload is after a cut. @returns undefined when the registry has given it up. */
export async function stateOf(
  remote: Remote,
  session: Session,
  size: number,
  ctx: RegistryCtx,
): Promise<Session | undefined> {
  try {
    const answer = await remote.request({ method: "GET", to: session.url, scopes: scopesOf(remote), ok: [204] }, ctx);
    answer.discard();
    const at = endOf(answer) ?? 0;
    if (at > size) return undefined;
    return answer.headers.location === undefined
      ? { ...session, at }
      : { ...sessionOf(remote, answer, at), leastChunk: session.leastChunk };
  } catch (error) {
    if (error instanceof AnswerError && !isPassing(error)) return undefined;
    throw error;
  }
}

/** The upload that an answer tells of. @param at bytes that the registry has of it */
export function sessionOf(remote: Remote, answer: HttpAnswer, at: number): Session {
  const { location } = answer.headers;
  if (location === undefined) throw notToSpec(remote.host, "names no place for an upload");
  const least = Number(answer.headers["oci-chunk-min-length"] ?? 0);
  return {
    url: resolveLocation(location, answer.url),
    at,
    leastChunk: Number.isSafeInteger(least) && least > 0 ? least : 0,
  };
}

/** The bytes that a Range of an upload tells of; `0-0` is how an empty one is written too. */
function endOf({ headers }: HttpAnswer): number | undefined {
  const end = /^(?:bytes=)?0-(\d+)$/.exec(headers["range"] ?? "")?.[1];
  if (end === undefined) return undefined;
  return end === "0" ? 0 : Number(end) + 1;
}

/** The registry knows the upload no more, or has another part of it than it should. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof AnswerError)) return false;
  return (
    error.status === 404 ||
    error.status === 416 ||
    ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"].some((code) => error.has(code))
  );
}

/** What pushing needs. */
export function scopesOf({ repository }: Remote): readonly string[] {
  return [repositoryScope(repository, "pull,push")];
}
