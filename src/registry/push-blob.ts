import { isSlipwayError } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { PushBlob, RegistryCtx } from "./contract.ts";
import { AnswerError, CutError, isPassing } from "./http/failures.ts";
import { progressOf } from "./progress.ts";
import type { Remote } from "./remote.ts";
import { begin, finish, isLost, patch, scopesOf, type Session, sessionOf, stateOf } from "./upload.ts";

export interface PushBlobOptions {
  /** Bytes that one request uploads at most. */
  readonly chunk: number | undefined;
  /** Repositories of the same registry that may have it. */
  readonly mountFrom: readonly string[];
  /** An upload that has begun already: then nothing is asked and nothing mounted. */
  readonly begun?: Session | undefined;
  /** What it was called until its digest was known. */
  readonly name?: string | undefined;
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
  let session = options.begun;
  if (session === undefined) {
    if (await isThere(remote, descriptor, ctx)) return ctx.emit({ type: "exists", digest: descriptor.digest });
    const mounted = await mount(remote, blob, options.mountFrom, ctx);
    if (mounted === "mounted") return;
    session = mounted;
  }

  const progress = progressOf("upload", options.name ?? descriptor.digest, descriptor.size, ctx);
  const retrier = remote.retrier(ctx);
  // Bytes that go up before the request that ends the upload.
  const ahead = descriptor.size <= Math.min(small, options.chunk ?? small) ? 0 : descriptor.size;
  let [best, refusals] = [0, 0];
  for (;;) {
    try {
      session ??= sessionOf(remote, await begin(remote, "", ctx), 0);
      while (session.at < ahead) {
        session = await patch(remote, blob, session, options.chunk, progress, ctx);
      }
      await finish(remote, blob, session, progress, ctx);
      // What went up before was told of without its end.
      if (options.begun) progress(descriptor.size);
      return;
    } catch (error) {
      const lost = session !== undefined && isLost(error);
      if (lost && (error as AnswerError).has("DIGEST_INVALID") && ++refusals > 1) throw error;
      const at = session?.at ?? 0;
      if (at - best >= gain) retrier.gained();
      best = Math.max(best, at);
      await retrier.after(lost ? new CutError((error as Error).message) : error);
      // What was lost may have been no more than the last answer.
      if (session !== undefined && (await isThere(remote, descriptor, ctx))) return;
      session = lost || session === undefined ? undefined : await stateOf(remote, session, descriptor.size, ctx);
    }
  }
}

/** True when the repository has the blob. */
export async function isThere(remote: Remote, descriptor: Descriptor, ctx: RegistryCtx): Promise<boolean> {
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
