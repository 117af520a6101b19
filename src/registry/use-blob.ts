import { type Bytes, isSlipwayError, SlipwayError } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { RegistryCtx } from "./contract.ts";
import { type Reading, readBlob } from "./read-blob.ts";
import type { Remote } from "./remote.ts";

/** Marks what the consumer of a blob threw: no other registry can mend that. */
export class ConsumerError extends Error {}

/**
 * Has `use` read a blob. When its bytes are not the promised ones, once more: damage on the way is rarely the same twice.
 * @throws ConsumerError around what `use` threw for reasons of its own
 */
export async function useBlob<T>(
  remote: Remote,
  descriptor: Descriptor,
  use: (bytes: Bytes) => Promise<T>,
  ctx: RegistryCtx,
): Promise<T> {
  for (let round = 1; ; round++) {
    const reading: Reading = { verified: false };
    let result: { readonly value: T } | undefined;
    let thrown: unknown;
    try {
      result = { value: await use(readBlob(remote, descriptor, reading, ctx)) };
    } catch (error) {
      thrown = error;
    }
    const { failure, verified } = reading;
    if (failure === undefined && result && verified) return result.value;
    if (failure === undefined && !result) throw new ConsumerError("", { cause: thrown });
    if (failure === undefined) throw new ConsumerError("", { cause: leftEarly(descriptor) });
    const damaged = isSlipwayError(failure) && failure.code === "SLIP_DIGEST_MISMATCH";
    if (!damaged || round > 1) throw failure;
    ctx.emit({ type: "retry", host: remote.host, reason: failure.message, wait: 0 });
  }
}

/** Nothing verified what it took. */
function leftEarly({ digest }: Descriptor): SlipwayError {
  return new SlipwayError({
    code: "SLIP_INTERNAL",
    message: `Cannot use the blob ${digest}: its reader left before its end`,
    hint: "report it with the output of the same command with --debug",
  });
}
