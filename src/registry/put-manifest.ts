import { SlipwayError } from "../base/index.ts";
import type { Document } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { RegistryCtx } from "./contract.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import { manifestLimit } from "./http/limits.ts";
import { taken } from "./http/read-answer.ts";
import type { Remote } from "./remote.ts";

/**
 * Stores a manifest or index under a tag or its digest (distribution-spec, "Pushing Manifests").
 * @param condition headers of RFC 9110, 13.1; the answer's status may then be 412.
 * @throws SLIP_DIGEST_MISMATCH when the registry stored something else
 */
export async function putManifest(
  remote: Remote,
  name: string,
  { bytes, descriptor }: Pick<Document<unknown>, "bytes" | "descriptor">,
  ctx: RegistryCtx,
  condition?: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  if (bytes.byteLength > manifestLimit) {
    throw new SlipwayError({
      code: "SLIP_REGISTRY",
      message: `Cannot push a manifest of ${bytes.byteLength} bytes: registries take ${manifestLimit}`,
      hint: "its annotations are what can be shortened",
    });
  }
  const answer = await remote.request(
    {
      method: "PUT",
      to: `${remote.repository}/manifests/${name}`,
      scopes: [repositoryScope(remote.repository, "pull,push")],
      headers: { "content-type": descriptor.mediaType, ...condition },
      body: bytes,
      patient: true,
      ok: condition === undefined ? taken : [...taken, 412],
    },
    ctx,
  );
  answer.discard();
  if (answer.status === 412) return answer;
  const stored = answer.headers["docker-content-digest"];
  if (stored !== undefined && stored !== descriptor.digest) {
    throw new SlipwayError({
      code: "SLIP_DIGEST_MISMATCH",
      message: `Cannot push a manifest to ${remote.host}: it was ${descriptor.digest}, and the registry stored ${String(stored).slice(0, 100)}`,
      hint: "the registry or a proxy before it changed the manifest",
    });
  }
  return answer;
}
