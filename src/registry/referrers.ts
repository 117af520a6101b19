import { setTimeout as pause } from "node:timers/promises";
import { type Digest, SlipwayError } from "../base/index.ts";
import { makeIndex, mediaTypes, parseIndex } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { Referrer, RegistryCtx } from "./contract.ts";
import { AnswerError } from "./http/failures.ts";
import { manifestLimit } from "./http/limits.ts";
import { notToSpec, readWhole } from "./http/read-answer.ts";
import { mediaTypeOf, readManifest } from "./manifests.ts";
import { pagesOf } from "./pages.ts";
import { putManifest } from "./put-manifest.ts";
import type { Remote } from "./remote.ts";

/** Manifests that refer to one; nobody means more. */
const most = 10_000;

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
    if (found.length > most) throw notToSpec(remote.host, "sends a list of referrers without end");
  }
  return found;
}

async function byTag(remote: Remote, subject: Digest, ctx: RegistryCtx): Promise<readonly Referrer[]> {
  return (await readTag(remote, subject, ctx)).manifests;
}

/** Enters a referrer where the registry itself does not. */
export async function addToReferrersTag(
  remote: Remote,
  subject: Digest,
  referrer: Referrer,
  ctx: RegistryCtx,
): Promise<void> {
  await changeTag(remote, subject, ctx, (there) =>
    there.some(({ digest }) => digest === referrer.digest) ? undefined : [...there, referrer],
  );
}

/** Takes a referrer out where the registry itself does not. */
export async function takeFromReferrersTag(
  remote: Remote,
  subject: Digest,
  referrer: Digest,
  ctx: RegistryCtx,
): Promise<void> {
  if ((await byApi(remote, subject, ctx, undefined)) !== undefined) return;
  await changeTag(remote, subject, ctx, (there) => {
    const left = there.filter(({ digest }) => digest !== referrer);
    return left.length === there.length ? undefined : left;
  });
}

/** Rounds in which others may have been first. */
const rounds = 10;
/** The longest of the pauses between them (milliseconds); they differ, so that two who meet once do not meet again. */
const longestPause = 200;
/** After a list was written, until it is looked at (milliseconds). */
const settling = 100;

/**
 * Changes the list behind the tag, which others may change at the same time: on the condition that it is what was read, where the registry
 * knows conditions (distribution-spec, "Referrers Tag Schema"), and looked at afterwards, where it does not. Who overwrites it later without
 * having read it can still take something out.
 * @param change gives the new list; undefined where there is nothing to change.
 */
async function changeTag(
  remote: Remote,
  subject: Digest,
  ctx: RegistryCtx,
  change: (there: readonly Referrer[]) => readonly Referrer[] | undefined,
): Promise<void> {
  for (let round = 1; ; round++) {
    const { manifests, etag } = await readTag(remote, subject, ctx);
    const changed = change(manifests);
    if (changed === undefined) return;
    if (round > rounds) {
      throw new SlipwayError({
        code: "SLIP_REGISTRY",
        message: `Cannot enter a referrer at ${remote.host}: others change the list of ${subject} all the time`,
        hint: "push again when they are done, or one after the other",
      });
    }
    const condition: Record<string, string> = etag === undefined ? { "if-none-match": "*" } : { "if-match": etag };
    const index = makeIndex({ manifests: [...changed] });
    // A list without a validator cannot be named in a condition.
    const { status } = await putManifest(
      remote,
      referrersTag(subject),
      index,
      ctx,
      manifests.length > 0 && etag === undefined ? undefined : condition,
    );
    // Longer than others take from reading to writing, if they go by what they read before this was written.
    await pause((status === 412 ? 0 : settling) + Math.random() * longestPause, undefined, { signal: ctx.signal });
  }
}

interface TagList {
  /** Empty when there is no such tag. */
  readonly manifests: readonly Referrer[];
  /** What the registry tells this state of it by. */
  readonly etag: string | undefined;
}

async function readTag(remote: Remote, subject: Digest, ctx: RegistryCtx): Promise<TagList> {
  const reference = { domain: remote.host, path: remote.repository, tag: referrersTag(subject) };
  let etag: string | undefined;
  try {
    const { value } = await readManifest(remote, reference, ctx, undefined, (headers) => {
      const header = headers["etag"];
      etag = typeof header === "string" && header !== "" && !header.startsWith("W/") ? header : undefined;
    });
    return { manifests: "manifests" in value ? value.manifests : [], etag };
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return { manifests: [], etag: undefined };
    throw error;
  }
}

/** distribution-spec, "Referrers Tag Schema". */
function referrersTag(subject: Digest): string {
  return subject.replace(":", "-");
}
