import { type Bytes, Hasher, SlipwayError } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { RegistryCtx } from "./contract.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import { CutError, isNetworkFailure } from "./http/failures.ts";
import { progressOf } from "./progress.ts";
import type { Remote } from "./remote.ts";

/** How far a reading came; shared with whoever consumes it, because a consumer may swallow what it is thrown. */
export interface Reading {
  /** All bytes were given, and are the promised ones. */
  verified: boolean;
  failure?: Error;
}

/** Bytes between two cuts that count as progress: fewer, and the next cut counts like the first. */
const gain = 1024 * 1024;

/**
 * A blob's bytes, verified while they pass (distribution-spec, "Pulling blobs"). After a cut it goes on where it was, by Range; never more than the
 * promised bytes are given.
 * @throws SLIP_DIGEST_MISMATCH at the end of bytes that are not the promised ones
 */
export async function* readBlob(remote: Remote, descriptor: Descriptor, reading: Reading, ctx: RegistryCtx): Bytes {
  const { digest, size } = descriptor;
  const hasher = new Hasher();
  const retrier = remote.retrier(ctx);
  const progress = progressOf("download", descriptor.digest, descriptor.size, ctx);
  let [at, before] = [0, 0];
  try {
    for (;;) {
      try {
        const answer = await remote.send(
          {
            method: "GET",
            to: `${remote.repository}/blobs/${digest}`,
            scopes: [repositoryScope(remote.repository, "pull")],
            ...(at > 0 && { headers: { range: `bytes=${at}-` } }),
            ok: at > 0 ? [200, 206, 416] : [200],
          },
          ctx,
        );
        // Registries without ranges send it all again: what is known already is dropped.
        let known = firstByte(remote, answer, at, descriptor) === 0 ? at : 0;
        for await (const chunk of answer.body) {
          const fresh = chunk.subarray(Math.min(known, chunk.byteLength));
          known -= chunk.byteLength - fresh.byteLength;
          if (fresh.byteLength === 0) continue;
          if (at + fresh.byteLength > size) throw mismatch(remote, descriptor, `expected ${size} bytes, got more`);
          hasher.update(fresh);
          at += fresh.byteLength;
          progress(at);
          yield fresh;
        }
        if (at < size) throw new CutError(`${remote.host} sent ${at} of ${size} bytes`);
        break;
      } catch (error) {
        // All is there, whatever became of the connection; the digest decides.
        if (at === size && size > 0 && isNetworkFailure(error)) break;
        if (at - before >= gain) retrier.gained();
        before = at;
        await retrier.after(error);
      }
    }
    const got = hasher.digest();
    if (got !== digest) throw mismatch(remote, descriptor, `its bytes have the digest ${got}`);
    reading.verified = true;
  } catch (error) {
    reading.failure = error as Error;
    throw error;
  }
}

/** The offset that the answer's body begins at; throws when it is not a part of this blob. */
function firstByte(remote: Remote, answer: HttpAnswer, asked: number, descriptor: Descriptor): number {
  const { size } = descriptor;
  const { status, headers } = answer;
  const wrong = (problem: string): SlipwayError => {
    answer.discard();
    return mismatch(remote, descriptor, problem);
  };
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    throw wrong(`it was compressed on the way (${headers["content-encoding"].slice(0, 20)})`);
  }
  if (status === 416) throw wrong(`it has no more than ${asked} of ${size} bytes`);
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
    const total = range?.[2];
    if (Number(range?.[1]) !== asked || (total !== "*" && Number(total) !== size)) {
      throw wrong("the registry sent another range than the one that it was asked for");
    }
    return asked;
  }
  const length = headers["content-length"];
  if (length !== undefined && Number(length) !== size)
    throw wrong(`expected ${size} bytes, the registry has ${length}`);
  return 0;
}

function mismatch({ host, repository }: Remote, { digest }: Descriptor, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot use the blob ${digest} of ${host}/${repository}: ${problem}`,
    hint: "the registry, a mirror or a proxy between changed it; nothing of it was kept",
  });
}
