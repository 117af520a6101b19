import { type Digest, Limiter, SlipwayError } from "../base/index.ts";
import { familiarName, type Reference } from "../oci/index.ts";
import type { GrowingBlob, PushBlob, PushContent, RegistryCtx } from "./contract.ts";
import type { Endpoints } from "./endpoints.ts";
import { AnswerError } from "./http/failures.ts";
import { pushBlob } from "./push-blob.ts";
import { pushGrowing } from "./push-growing.ts";
import { putManifest } from "./put-manifest.ts";
import { addToReferrersTag } from "./referrers.ts";
import type { Remote } from "./remote.ts";
import { subjectOf } from "./subject.ts";

/** Pushes images, and remembers which blobs a repository has got: the next tag asks for none of them again. */
export class Pusher {
  readonly #endpoints: Endpoints;
  readonly #known = new Map<string, Set<Digest>>();

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  async push(reference: Reference, content: PushContent, ctx: RegistryCtx): Promise<void> {
    checkRoot(reference, content);
    const remote = await this.#endpoints.origin(reference.domain, reference.path, ctx);
    const remembered = this.#of(reference).size > 0;
    await this.#pushBlobs(reference, remote, content.blobs, ctx);
    try {
      await this.#pushDocuments(reference, remote, content, ctx);
    } catch (error) {
      // What was remembered is no more: the registry cleaned up between two pushes.
      if (!remembered || !(error instanceof AnswerError) || !isBlobUnknown(error)) throw error;
      this.forget(reference);
      await this.#pushBlobs(reference, remote, content.blobs, ctx);
      await this.#pushDocuments(reference, remote, content, ctx);
    }
  }

  /** Blobs ahead of the push that will name them. */
  async pushBlobs(reference: Reference, blobs: readonly PushBlob[], ctx: RegistryCtx): Promise<void> {
    const remote = await this.#endpoints.origin(reference.domain, reference.path, ctx);
    await this.#pushBlobs(reference, remote, blobs, ctx);
  }

  /** A blob ahead of the push that will name it, and before it is whole. */
  async pushGrowing(reference: Reference, blob: GrowingBlob, ctx: RegistryCtx): Promise<void> {
    const remote = await this.#endpoints.origin(reference.domain, reference.path, ctx);
    const { digest } = await pushGrowing(remote, blob, this.#endpoints.chunkOf(reference.domain), ctx);
    this.#of(reference).add(digest);
  }

  /** Something was deleted there. */
  forget(reference: Reference): void {
    this.#known.delete(keyOf(reference));
  }

  /** The first failure ends the others. */
  async #pushBlobs(reference: Reference, remote: Remote, blobs: readonly PushBlob[], ctx: RegistryCtx): Promise<void> {
    const known = this.#of(reference);
    const missing = [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()].filter(
      ({ descriptor }) => !known.has(descriptor.digest),
    );
    const limiter = new Limiter(this.#endpoints.connectionsOf(reference.domain));
    const stop = new AbortController();
    const part = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
    const chunk = this.#endpoints.chunkOf(reference.domain);
    const all = missing.map((blob) =>
      limiter.run(async () => {
        try {
          await pushBlob(remote, blob, { chunk, mountFrom: mountable(blob, reference) }, part);
          known.add(blob.descriptor.digest);
        } catch (error) {
          stop.abort(error);
          throw error;
        }
      }),
    );
    const failed = (await Promise.allSettled(all)).some(({ status }) => status === "rejected");
    if (failed) throw stop.signal.reason;
  }

  async #pushDocuments(
    reference: Reference,
    remote: Remote,
    { documents }: PushContent,
    ctx: RegistryCtx,
  ): Promise<void> {
    for (const [i, document] of documents.entries()) {
      const { digest } = document.descriptor;
      const name = i === documents.length - 1 ? (reference.tag ?? digest) : digest;
      const answer = await putManifest(remote, name, document, ctx);
      const subject = subjectOf(document.bytes, document.descriptor);
      // A registry that lists referrers says so.
      if (subject === undefined || answer.headers["oci-subject"] !== undefined) continue;
      await addToReferrersTag(remote, subject.digest, subject.referrer, ctx);
    }
  }

  #of(reference: Reference): Set<Digest> {
    const key = keyOf(reference);
    const known = this.#known.get(key) ?? new Set();
    this.#known.set(key, known);
    return known;
  }
}

function keyOf({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

/** Other repositories of the same registry that the blob may be taken from. */
function mountable({ origins }: PushBlob, { domain, path }: Reference): readonly string[] {
  const there = (origins ?? []).filter((origin) => origin.domain === domain && origin.path !== path);
  return [...new Set(there.map((origin) => origin.path))].slice(0, 3);
}

function isBlobUnknown(error: AnswerError): boolean {
  return error.has("MANIFEST_BLOB_UNKNOWN") || error.has("BLOB_UNKNOWN");
}

function checkRoot(reference: Reference, { documents }: PushContent): void {
  const root = documents.at(-1)?.descriptor.digest;
  if (root !== undefined && (reference.digest === undefined || reference.digest === root)) return;
  throw new SlipwayError({
    code: "SLIP_REFERENCE",
    message: `Cannot push ${familiarName(reference)}: ${root === undefined ? "there is no manifest to push" : `the image is ${root}`}`,
    hint: "name it by a tag alone",
  });
}
