import { isSlipwayError } from "../base/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { PushBlob, RegistryCtx } from "./contract.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import { AnswerError, CutError, isPassing } from "./http/failures.ts";
import { resolveLocation } from "./http/follow.ts";
import { notToSpec, taken } from "./http/read-answer.ts";
import { progressOf } from "./progress.ts";
import type { Remote } from "./remote.ts";
import { take } from "./take.ts";

export interface PushBlobOptions {
  /** Bytes that one request uploads at most. */
  readonly chunk: number | undefined;
  /** Repositories of the same registry that may have it. */
  readonly mountFrom: readonly string[];
}

/** An upload that the registry has begun. */
interface Session {
  readonly url: URL;
  /** Bytes that it has. */
  readonly at: number;
  /** Bytes that a request must bring at least, unless it is the last. */
  readonly leastChunk: number;
}

/** Up to here a blob goes in the request that ends the upload; larger ones go before it, where they can be resumed. */
const small = 1024 * 1024;
/** Bytes between two failures that count as progress. */
const gain = 1024 * 1024;

/**
 * Brings a blob into a repository with as little as the registry needs: nothing when it is there, a mount when a neighbour has it, else an
 * upload (distribution-spec, "Pushing blobs"), which goes on after a cut where the registry says that it is.
 */
export async function pushBlob(
  remote: Remote,
  blob: PushBlob,
  options: PushBlobOptions,
  ctx: RegistryCtx,
): Promise<void> {
  const { descriptor } = blob;
  if (await isThere(remote, blob, ctx)) return ctx.emit({ type: "exists", digest: descriptor.digest });
  const mounted = await mount(remote, blob, options.mountFrom, ctx);
  if (mounted === "mounted") return;

  const progress = progressOf("upload", descriptor, ctx);
  const retrier = remote.retrier(ctx);
  // Bytes that go up before the request that ends the upload.
  const ahead = descriptor.size <= Math.min(small, options.chunk ?? small) ? 0 : descriptor.size;
  let session = mounted;
  let [best, refusals] = [0, 0];
  for (;;) {
    try {
      session ??= sessionOf(remote, await begin(remote, "", ctx), 0);
      while (session.at < ahead) {
        session = await patch(remote, blob, session, options.chunk, progress, ctx);
      }
      await finish(remote, blob, session, progress, ctx);
      return;
    } catch (error) {
      const lost = session !== undefined && isLost(error);
      if (lost && (error as AnswerError).has("DIGEST_INVALID") && ++refusals > 1) throw error;
      const at = session?.at ?? 0;
      if (at - best >= gain) retrier.gained();
      best = Math.max(best, at);
      await retrier.after(lost ? new CutError((error as Error).message) : error);
      // What was lost may have been no more than the last answer.
      if (session !== undefined && (await isThere(remote, blob, ctx))) return;
      session = lost || session === undefined ? undefined : await stateOf(remote, session, descriptor.size, ctx);
    }
  }
}

async function isThere(remote: Remote, { descriptor }: PushBlob, ctx: RegistryCtx): Promise<boolean> {
  try {
    const answer = await remote.request(
      {
        method: "HEAD",
        to: `${remote.repository}/blobs/${descriptor.digest}`,
        scopes: scopesOf(remote),
        ok: [200, 404],
      },
      ctx,
    );
    answer.discard();
    const length = answer.headers["content-length"];
    return answer.status === 200 && (length === undefined || Number(length) === descriptor.size);
  } catch (error) {
    // Whoever may not look may perhaps write; that request tells.
    if (error instanceof AnswerError && !isPassing(error)) return false;
    throw error;
  }
}

/** distribution-spec, "Mounting a blob from another repository". @returns the upload that a registry begins when it cannot. */
async function mount(
  remote: Remote,
  { descriptor: { digest } }: PushBlob,
  from: readonly string[],
  ctx: RegistryCtx,
): Promise<"mounted" | Session | undefined> {
  let session: Session | undefined;
  for (const repository of from) {
    try {
      const scopes = [repositoryScope(repository, "pull")];
      const asked = `?mount=${digest}&from=${repository}`;
      const answer = await remote.retrier(ctx).run(() => begin(remote, asked, ctx, scopes));
      if (answer.status === 201) {
        ctx.emit({ type: "mounted", digest, from: repository });
        return "mounted";
      }
      session = sessionOf(remote, answer, 0);
    } catch (error) {
      // Not allowed to read there, or the registry mounts nothing: the bytes go another way.
      if (!(error instanceof AnswerError) && !(isSlipwayError(error) && error.code === "SLIP_UNAUTHORIZED"))
        throw error;
    }
  }
  return session;
}

async function begin(
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
async function patch(
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

async function finish(
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

/** How far an upload is after a cut. @returns undefined when the registry has given it up. */
async function stateOf(remote: Remote, session: Session, size: number, ctx: RegistryCtx): Promise<Session | undefined> {
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

function sessionOf(remote: Remote, answer: HttpAnswer, at: number): Session {
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
function isLost(error: unknown): boolean {
  if (!(error instanceof AnswerError)) return false;
  return (
    error.status === 404 ||
    error.status === 416 ||
    ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"].some((code) => error.has(code))
  );
}

function scopesOf({ repository }: Remote): readonly string[] {
  return [repositoryScope(repository, "pull,push")];
}
