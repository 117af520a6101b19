import { type Digest, SlipwayError, isDigest, isSha512 } from "../base/index.ts";

/** A name of an image with everything implied spelled out. */
export interface Reference {
  /** Host of the registry with its port: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** Repository below it: `library/debian`. */
  readonly path: string;
  /** At least one of tag and digest is there. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

const hub = "docker.io";
const separator = "(?:\\.|_{1,2}|-+)";
const component = `[a-z0-9]+(?:${separator}[a-z0-9]+)*`;
const pathPattern = new RegExp(`^${component}(?:/${component})*$`);
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const domainPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** True for a tag that the distribution-spec allows ("Pulling manifests"). */
export function isValidTag(text: string): boolean {
  return tagPattern.test(text);
}

/**
 * Reads a name as `docker pull` does: a first part without dot, colon or capital and other than `localhost` belongs to Docker Hub's
 * repository, a single part to its `library/`, and without tag and digest the tag is `latest`.
 * @throws SLIP_REFERENCE
 * @example parseReference("debian") // { domain: "docker.io", path: "library/debian", tag: "latest" }
 */
export function parseReference(text: string): Reference {
  if (text.length > 1024) throw bad(`${text.slice(0, 60)}...`, "it is longer than 1024 characters");
  if (text === "") throw bad(text, "it is empty");
  if (/^[a-f0-9]{64}$/.test(text)) throw bad(text, "64 hexadecimal digits are an image id, not a name");
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    const other = isSha512(digest) ? "a sha512 digest names it, and slipway reads sha256 alone" : undefined;
    throw bad(text, other ?? `"${digest}" is not a sha256 digest`);
  }
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !isValidTag(tag)) throw bad(text, `"${tag}" is not a tag`);
  const { domain, path } = splitDomain(hasTag ? named.slice(0, colon) : named);
  if (!domainPattern.test(domain)) throw bad(text, `"${domain}" is not a registry`);
  if (!pathPattern.test(path)) {
    throw bad(text, path === path.toLowerCase() ? `"${path}" is not a repository` : "a repository is lower case");
  }
  if (domain.length + path.length + 1 > 255) throw bad(text, "registry and repository are longer than 255 characters");
  return {
    domain,
    path,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: "latest" } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The whole name: `docker.io/library/debian:latest`. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** The name as people write it: `debian:latest`. */
export function familiarName(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== hub) return formatReference(reference);
  const short = path.startsWith("library/") && !path.slice(8).includes("/") ? path.slice(8) : path;
  // "a.b/c" alone would be the registry a.b
  return splitDomain(short).domain === hub ? `${short}${suffix(reference)}` : formatReference(reference);
}

function suffix(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}

function splitDomain(name: string): { readonly domain: string; readonly path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isDomain = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = isDomain ? (first === "index.docker.io" ? hub : first) : hub;
  const path = isDomain ? name.slice(slash + 1) : name;
  return { domain, path: domain === hub && !path.includes("/") ? `library/${path}` : path };
}

function bad(text: string, reason: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_REFERENCE",
    message: `Cannot read image name "${text}": ${reason}`,
    hint: "a name is [registry[:port]/]repository[:tag][@sha256:digest], for example debian:bookworm",
  });
}
