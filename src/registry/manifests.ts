import { type Digest, isDigest, SlipwayError } from "../base/index.ts";
import {
  describe,
  type Descriptor,
  type Document,
  type Index,
  type Manifest,
  mediaTypes,
  parseManifestOrIndex,
  type Reference,
} from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { RegistryCtx } from "./contract.ts";
import { AnswerError } from "./http/failures.ts";
import { manifestLimit } from "./http/limits.ts";
import { notToSpec, readWhole } from "./http/read-answer.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import type { Remote, RemoteRequest } from "./remote.ts";

const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:prettyjws|json)$/;
/** What is for people to read: portals that want a password answer so, with status 200. */
const pages = /^text\/x?html$/;
/** distribution-spec, "Pulling manifests". */
const accept = [
  mediaTypes.oci.index,
  mediaTypes.docker.index,
  mediaTypes.oci.manifest,
  mediaTypes.docker.manifest,
].join(", ");

/** What a tag names, or what is known of a digest, by HEAD; by GET where HEAD tells too little. */
export async function resolveManifest(remote: Remote, reference: Reference, ctx: RegistryCtx): Promise<Descriptor> {
  const head = await headOf(remote, reference, ctx);
  if (head === undefined) return (await readManifest(remote, reference, ctx)).descriptor;
  if (reference.digest !== undefined && reference.digest !== head.digest) {
    throw mismatch(reference, `it was asked for ${reference.digest}, and answered ${head.digest}`);
  }
  return head;
}

async function headOf(remote: Remote, reference: Reference, ctx: RegistryCtx): Promise<Descriptor | undefined> {
  let answer;
  try {
    answer = await remote.request({ ...manifestRequest(remote, reference), method: "HEAD" }, ctx);
  } catch (error) {
    if (error instanceof AnswerError && (error.status === 405 || error.status === 400)) return undefined;
    throw error;
  }
  answer.discard();
  const digest = textOf(answer.headers["docker-content-digest"]);
  const size = Number(answer.headers["content-length"] ?? Number.NaN);
  const mediaType = mediaTypeOf(answer.headers["content-type"]);
  if (schema1.test(mediaType)) throw oldSchema(reference);
  if (digest === undefined || !isDigest(digest) || !(Number.isSafeInteger(size) && size > 0) || mediaType === "")
    return undefined;
  return { mediaType, digest, size };
}

/**
 * A manifest or index with its bytes. Its digest is that of the reference, or the one that the registry promises for the tag.
 * @param expected what is known of it from an index
 * @param heard gets the headers of each answer
 * @throws SLIP_DIGEST_MISMATCH, SLIP_OCI_INVALID, SLIP_UNSUPPORTED for schema 1
 */
export async function readManifest(
  remote: Remote,
  reference: Reference,
  ctx: RegistryCtx,
  expected?: Descriptor,
  heard?: (headers: HttpAnswer["headers"]) => void,
): Promise<Document<Manifest | Index>> {
  const retrier = remote.retrier(ctx);
  for (let round = 1; ; round++) {
    try {
      return await retrier.run(() => readOnce(remote, reference, ctx, expected, heard));
    } catch (error) {
      // Damaged on the way, once; twice is no accident.
      if (!(error instanceof SlipwayError) || error.code !== "SLIP_DIGEST_MISMATCH" || round > 1) throw error;
    }
  }
}

async function readOnce(
  remote: Remote,
  reference: Reference,
  ctx: RegistryCtx,
  expected: Descriptor | undefined,
  heard: ((headers: HttpAnswer["headers"]) => void) | undefined,
): Promise<Document<Manifest | Index>> {
  const answer = await remote.send(manifestRequest(remote, reference), ctx);
  heard?.(answer.headers);
  const contentType = mediaTypeOf(answer.headers["content-type"]);
  const promised = textOf(answer.headers["docker-content-digest"]);
  if (pages.test(contentType)) {
    answer.discard();
    throw notToSpec(remote.host, `answered ${contentType} where it was asked for a manifest`);
  }
  const bytes = await readWhole(answer, manifestLimit);
  const found = describe(bytes, contentType);
  const wanted: Digest | undefined =
    reference.digest ?? expected?.digest ?? (promised !== undefined && isDigest(promised) ? promised : undefined);
  if (isSchema1(bytes)) throw oldSchema(reference);
  if (wanted !== undefined && wanted !== found.digest) {
    throw mismatch(reference, `expected ${wanted}, got ${found.digest}`);
  }
  if (expected !== undefined && expected.size !== found.size) {
    throw mismatch(reference, `expected ${expected.size} bytes, got ${found.size}`);
  }
  const value = parseManifestOrIndex(bytes);
  if (isDocumentType(contentType) && contentType !== value.mediaType) {
    throw invalid(reference, `it was sent as ${contentType}, and is ${value.mediaType}`);
  }
  if (expected !== undefined && isDocumentType(expected.mediaType) && expected.mediaType !== value.mediaType) {
    throw invalid(reference, `its index has it as ${expected.mediaType}, and it is ${value.mediaType}`);
  }
  return { value, bytes, descriptor: { ...found, mediaType: value.mediaType } };
}

function manifestRequest(remote: Remote, { tag, digest }: Reference): RemoteRequest {
  return {
    method: "GET",
    to: `${remote.repository}/manifests/${digest ?? tag ?? "latest"}`,
    scopes: [repositoryScope(remote.repository, "pull")],
    headers: { accept },
    ok: [200],
  };
}

function isDocumentType(mediaType: string): boolean {
  return accept.split(", ").includes(mediaType);
}

/** Without parameters (RFC 9110, 8.3.1). */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? "").replace(/;.*/s, "").trim().toLowerCase();
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

function isSchema1(bytes: Uint8Array): boolean {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as { readonly schemaVersion?: unknown } | null;
    return value?.schemaVersion === 1;
  } catch {
    return false;
  }
}

function oldSchema({ domain, path, tag, digest }: Reference): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot pull ${domain}/${path}${digest === undefined ? `:${tag}` : `@${digest}`}: it has an image manifest of schema 1`,
    hint: "docker stopped making these in 2019; whoever has the image can push it again with a builder of today",
  });
}

function mismatch({ path }: Reference, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot use the manifest of ${path}: ${problem}`,
    hint: "the registry, a mirror or a proxy between changed it; nothing of it was used",
  });
}

function invalid({ path }: Reference, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_OCI_INVALID",
    message: `Cannot use the manifest of ${path}: ${problem}`,
    hint: "the two kinds of document could be taken for one another; whoever made the image has to mend it",
  });
}
