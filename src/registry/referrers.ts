import type { Digest } from "../base/index.ts";
import { type Document, type Index, makeIndex, mediaTypes, parseIndex } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { Referrer, RegistryCtx } from "./contract.ts";
import { AnswerError } from "./http/failures.ts";
import { manifestLimit } from "./http/limits.ts";
import { readWhole } from "./http/read-answer.ts";
import { mediaTypeOf, readManifest } from "./manifests.ts";
import { pagesOf } from "./pages.ts";
import { putManifest } from "./put-manifest.ts";
import type { Remote } from "./remote.ts";

/** What refers to a manifest (distribution-spec, "Listing Referrers", and "Unavailable Referrers API"). */
export async function listReferrers(
  remote: Remote,
  subject: Digest,
  ctx: RegistryCtx,
  artifactType?: string,
): Promise<readonly Referrer[]> {
  const all = (await byApi(remote, subject, ctx, artifactType)) ?? (await byTag(remote, subject, ctx));
  // A registry may do that, and need not.
  return artifactType === undefined ? all : all.filter((referrer) => referrer.artifactType === artifactType);
}

/** @returns undefined where the registry has no such API. */
async function byApi(
  remote: Remote,
  subject: Digest,
  ctx: RegistryCtx,
  artifactType: string | undefined,
): Promise<readonly Referrer[] | undefined> {
  const { repository } = remote;
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const found: Referrer[] = [];
  const pages = pagesOf(
    remote,
    `${repository}/referrers/${subject}${filter}`,
    [repositoryScope(repository, "pull")],
    [200, 400, 404, 405],
    ctx,
  );
  for await (const answer of pages) {
    if (answer.status !== 200 || mediaTypeOf(answer.headers["content-type"]) !== mediaTypes.oci.index) {
      answer.discard();
      return undefined;
    }
    found.push(...parseIndex(await readWhole(answer, manifestLimit)).manifests);
  }
  return found;
}

async function byTag(remote: Remote, subject: Digest, ctx: RegistryCtx): Promise<readonly Referrer[]> {
  return (await readTag(remote, subject, ctx))?.value.manifests ?? [];
}

/** Enters a referrer where the registry itself does not. Two who do it at once may lose one: the specification has no remedy. */
export async function addToReferrersTag(
  remote: Remote,
  subject: Digest,
  referrer: Referrer,
  ctx: RegistryCtx,
): Promise<void> {
  const there = await byTag(remote, subject, ctx);
  if (there.some(({ digest }) => digest === referrer.digest)) return;
  await putManifest(remote, referrersTag(subject), makeIndex({ manifests: [...there, referrer] }), ctx);
}

/** Takes a referrer out where the registry itself does not. */
export async function takeFromReferrersTag(
  remote: Remote,
  subject: Digest,
  referrer: Digest,
  ctx: RegistryCtx,
): Promise<void> {
  if ((await byApi(remote, subject, ctx, undefined)) !== undefined) return;
  const there = await byTag(remote, subject, ctx);
  const left = there.filter(({ digest }) => digest !== referrer);
  if (left.length === there.length) return;
  await putManifest(remote, referrersTag(subject), makeIndex({ manifests: left }), ctx);
}

async function readTag(remote: Remote, subject: Digest, ctx: RegistryCtx): Promise<Document<Index> | undefined> {
  const reference = { domain: remote.host, path: remote.repository, tag: referrersTag(subject) };
  try {
    const document = await readManifest(remote, reference, ctx);
    return "manifests" in document.value ? (document as Document<Index>) : undefined;
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return undefined;
    throw error;
  }
}

/** distribution-spec, "Referrers Tag Schema". */
function referrersTag(subject: Digest): string {
  return subject.replace(":", "-");
}
