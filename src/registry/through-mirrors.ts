import type { Reference } from "../oci/index.ts";
import type { RegistryCtx } from "./contract.ts";
import type { Endpoints } from "./endpoints.ts";
import { isNetworkFailure, reasonOf } from "./http/failures.ts";
import type { Remote } from "./remote.ts";
import { ConsumerError } from "./use-blob.ts";

/** Runs a reading action on the first mirror that can serve it, else on the registry. */
export async function throughMirrors<T>(
  endpoints: Endpoints,
  reference: Reference,
  ctx: RegistryCtx,
  action: (remote: Remote) => Promise<T>,
): Promise<T> {
  for (const mirror of await endpoints.mirrors(reference, ctx)) {
    try {
      return await action(mirror);
    } catch (error) {
      if (ctx.signal.aborted || error instanceof ConsumerError) throw error;
      if (isNetworkFailure(error)) endpoints.rest(mirror);
      ctx.emit({ type: "mirror-failed", mirror: mirror.host, reason: reasonOf(error) });
    }
  }
  return action(await endpoints.origin(reference.domain, reference.path, ctx));
}
