import { SlipwayError } from "../base/index.ts";

/** Files of one commit of a git repository, as an address names them. */
export interface GitSource {
  /** What git is told; a password in it stays in it. */
  readonly remote: string;
  /** Branch, tag, `refs/...` or whole commit id; without it the repository's default branch. */
  readonly ref?: string | undefined;
  /** The first digits of the commit that it must be, or all of them. */
  readonly checksum?: string | undefined;
  /** A folder in the repository, without slashes around it. */
  readonly subdir?: string | undefined;
  /** What the address says of `.git`; undefined when nothing. */
  readonly keepGitDir?: boolean | undefined;
  readonly submodules: boolean;
  /** Times of the files: when they were checked out, or that of the commit. */
  readonly mtime: "checkout" | "commit";
  /** `checksum` is fetched, whatever `ref` stands for by now. */
  readonly fetchByCommit: boolean;
}

/** What follows the path of an address: `?branch=main&subdir=a`, `#REF:FOLDER`. */
interface Extras {
  readonly query: URLSearchParams;
  readonly fragment: string;
}

const schemes = new Set(["http:", "https:", "ssh:", "git:"]);
const scp = /^([\w-]+@[A-Za-z0-9-.]+:.*?)(?:\?(.*?))?(?:#(.*))?$/;
const commitId = /^(?:[a-f0-9]{40}|[a-f0-9]{64})$/;

/**
 * Reads an address of a git repository (Docker's documentation, "Build context": Git repositories, URL fragments, URL queries):
 * `ssh://` and `git://` with any path, `http(s)://` whose path ends in `.git`, and `user@host:path`.
 * @param options.context where `github.com/ORG/REPO` is one too: a build context, but not a source of ADD.
 * @returns undefined for anything else.
 * @throws SLIP_USAGE for a query, reference or folder that cannot be
 */
export function parseGitSource(text: string, options: { readonly context?: boolean } = {}): GitSource | undefined {
  if (text.startsWith("./") || text.startsWith("../")) return undefined;
  const short = options.context && text.startsWith("github.com/");
  const parts =
    short || /^[A-Za-z0-9]+:\/\//.test(text) ? urlParts(short ? `https://${text}` : text, short) : scpParts(text);
  if (!parts) return undefined;
  return checked(text, withExtras(text, parts.remote, parts));
}

/** True for the whole id of a commit, which names the same files for ever. */
export function isCommitId(ref: string): boolean {
  return commitId.test(ref);
}

/** A repository's address for messages, without user and password. */
export function shownRemote(remote: string): string {
  return remote.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1");
}

function urlParts(text: string, short = false): (Extras & { readonly remote: string }) | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!schemes.has(url.protocol)) return undefined;
  if (url.protocol.startsWith("http") && !short && !url.pathname.endsWith(".git")) return undefined;
  const { search, hash } = url;
  url.search = "";
  url.hash = "";
  return { remote: url.href, query: new URLSearchParams(search), fragment: decode(hash.slice(1)) };
}

function scpParts(text: string): (Extras & { readonly remote: string }) | undefined {
  const match = scp.exec(text);
  if (!match) return undefined;
  return { remote: match[1] as string, query: new URLSearchParams(match[2] ?? ""), fragment: match[3] ?? "" };
}

function withExtras(text: string, remote: string, { query, fragment }: Extras): GitSource {
  const colon = fragment.indexOf(":");
  const said = new Map<string, string>();
  for (const key of new Set(query.keys())) {
    const values = query.getAll(key);
    if (values.length > 1) throw wrong(text, `its query has ${key} several times`);
    said.set(key === "commit" ? "checksum" : key, values[0] as string);
  }
  const unknown = [...said.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw wrong(text, `its query has ${JSON.stringify(unknown)}`, `it may have ${known.join(", ")}`);
  const value = (key: string): string | undefined => {
    const found = said.get(key);
    if (found === "") throw wrong(text, `its query has ${key} without a value`);
    return found;
  };
  const ref = agreed(text, "reference", [
    colon < 0 ? fragment : fragment.slice(0, colon),
    value("ref"),
    prefixed("refs/tags/", value("tag")),
    prefixed("refs/heads/", value("branch")),
  ]);
  const subdir = agreed(text, "folder", [colon < 0 ? "" : fragment.slice(colon + 1), value("subdir")].map(cleanFolder));
  const mtime = value("mtime") ?? "checkout";
  if (mtime !== "checkout" && mtime !== "commit")
    throw wrong(text, `mtime cannot be ${JSON.stringify(mtime)}`, "use checkout or commit");
  return {
    remote,
    ref,
    checksum: value("checksum"),
    subdir,
    keepGitDir: flag(text, said, "keep-git-dir"),
    submodules: flag(text, said, "submodules") ?? true,
    mtime,
    fetchByCommit: flag(text, said, "fetch-by-commit") ?? false,
  };
}

const known = [
  "ref",
  "tag",
  "branch",
  "subdir",
  "checksum",
  "commit",
  "keep-git-dir",
  "submodules",
  "mtime",
  "fetch-by-commit",
];

function prefixed(prefix: string, name: string | undefined): string | undefined {
  return name === undefined || name.startsWith(prefix) ? name : prefix + name;
}

/** The one value that several places give. */
function agreed(text: string, what: string, values: readonly (string | undefined)[]): string | undefined {
  const given = [...new Set(values.filter((value) => value !== undefined && value !== ""))];
  if (given.length > 1) throw wrong(text, `it names two of a ${what}: ${given.join(", ")}`);
  return given[0];
}

function flag(text: string, said: ReadonlyMap<string, string>, key: string): boolean | undefined {
  const value = said.get(key);
  if (value === undefined) return undefined;
  if (/^(?:|1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw wrong(text, `${key} cannot be ${JSON.stringify(value)}`, "use true or false");
}

/** From the repository's root, where `..` leads nowhere. */
function cleanFolder(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const parts: string[] = [];
  for (const part of folder.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Nothing of an address may be taken for an option by git, ssh or a remote helper. */
function checked(text: string, source: GitSource): GitSource {
  const { remote, ref, checksum, fetchByCommit, subdir = "" } = source;
  const host = /^[a-z]+:\/\/(?:[^/@]*@)?([^/]*)/i.exec(remote)?.[1] ?? /@([^:]*)/.exec(remote)?.[1] ?? "";
  if (host === "" || host.startsWith("-")) throw wrong(text, "it names no host");
  if (/^[^:/]*@[^:/]*:-/.test(remote)) throw wrong(text, "its path begins with a dash");
  if (hasControl(remote) || hasControl(subdir)) throw wrong(text, "it has control characters in it");
  if (ref !== undefined && !isRef(ref)) throw wrong(text, `${JSON.stringify(ref)} is no reference of git`);
  if (checksum !== undefined && !/^[a-fA-F0-9]{1,64}$/.test(checksum))
    throw wrong(text, `${JSON.stringify(checksum)} is no commit id`, "give its first hexadecimal digits, or all");
  if (fetchByCommit && !isCommitId(ref ?? "") && !isCommitId(checksum ?? ""))
    throw wrong(text, "fetch-by-commit needs the whole id of a commit", "give it with checksum=ID");
  return source;
}

/** What git-check-ref-format(1) allows, with one part too. */
function isRef(ref: string): boolean {
  return (
    !/^[-/]|[/.]$|\.\.|\/\/|\/\.|^\.|@\{|[ ~^:?*[\\\x7f]|\.lock(?:\/|$)/.test(ref) && ref !== "@" && !hasControl(ref)
  );
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wrong(text: string, why: string, hint?: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_USAGE",
    message: `Cannot use the git address ${shownRemote(text)}: ${why}`,
    hint,
  });
}
