import { SlipwayError } from "../base/index.ts";
import { formatReference, type Reference } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { RegistryCtx } from "./contract.ts";
import { AnswerError } from "./http/failures.ts";
import { readManifest } from "./manifests.ts";
import { takeFromReferrersTag } from "./referrers.ts";
import type { Remote } from "./remote.ts";
import { subjectOf } from "./subject.ts";

/** Deletes a manifest by its digest, else a tag (distribution-spec, "Content Management"). */
export async function removeManifest(remote: Remote, reference: Reference, ctx: RegistryCtx): Promise<void> {
  const { repository } = remote;
  const { digest, tag } = reference;
  const subject = digest === undefined ? undefined : await subjectBefore(remote, reference, ctx);
  try {
    const answer = await remote.request(
      {
        method: "DELETE",
        to: `${repository}/manifests/${digest ?? tag ?? "latest"}`,
        scopes: [repositoryScope(repository, "pull,push"), repositoryScope(repository, "delete")],
        ok: [200, 202],
      },
      ctx,
    );
    answer.discard();
  } catch (error) {
    if (error instanceof AnswerError && isUnable(error, digest === undefined)) throw unable(reference, error);
    throw error;
  }
  if (subject !== undefined && digest !== undefined) await takeFromReferrersTag(remote, subject, digest, ctx);
}

async function subjectBefore(
  remote: Remote,
  reference: Reference,
  ctx: RegistryCtx,
): Promise<NonNullable<Reference["digest"]> | undefined> {
  const { bytes, descriptor } = await readManifest(remote, reference, ctx);
  return subjectOf(bytes, descriptor)?.digest;
}

/** Registries say in several ways that they do not delete, or no tags alone. */
function isUnable(error: AnswerError, isTag: boolean): boolean {
  return error.status === 405 || error.has("UNSUPPORTED") || (isTag && error.status === 400);
}

function unable(reference: Reference, cause: AnswerError): SlipwayError {
  const byTag = reference.digest === undefined;
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot remove ${formatReference(reference)}: ${reference.domain} ${byTag ? "deletes no tags alone" : "deletes no manifests"}`,
    hint: byTag
      ? "name the manifest by its digest, NAME@sha256:DIGEST: that takes all its tags"
      : "its configuration forbids it, or it can only be done in its own user interface",
    cause,
  });
}
