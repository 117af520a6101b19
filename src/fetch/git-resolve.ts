import { explained, type GitAccess, gitError, runGit } from "./git-program.ts";
import { type GitSource, isCommitId } from "./git-source.ts";

/** What an address stands for now. */
export interface GitCommit {
  /** The whole id of the commit. */
  readonly commit: string;
  /** What the reference names: the commit, or a tag's own object that names it. */
  readonly object: string;
  /** The reference's whole name; undefined for a commit that was asked for by its id. */
  readonly ref: string | undefined;
}

/**
 * Finds the commit of an address. A whole commit id is taken at its word and needs no network: whoever fetches it verifies it.
 * A branch goes before a tag of the same name, as for git checkout.
 * @throws SLIP_GIT, SLIP_CANCELLED
 */
export async function resolveCommit(source: GitSource, access: GitAccess): Promise<GitCommit> {
  const { remote, ref, checksum, fetchByCommit } = source;
  if (ref !== undefined && isCommitId(ref)) {
    const found = { commit: ref, object: ref, ref: undefined };
    verify(source, found);
    return found;
  }
  if (fetchByCommit && checksum !== undefined && isCommitId(checksum)) {
    const name = ref === undefined || ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
    return { commit: checksum, object: checksum, ref: name };
  }
  let listed: string;
  try {
    const wanted = ref === undefined ? ["--symref", "origin", "HEAD"] : ["origin", ref, `${ref}^{}`];
    listed = await runGit(["ls-remote", ...wanted], { remote }, access);
  } catch (error) {
    throw explained(remote, error);
  }
  const found = ref === undefined ? headOf(listed) : refOf(listed, ref);
  if (!found) throw noSuchRef(remote, ref);
  verify(source, found);
  return found;
}

function headOf(listed: string): GitCommit | undefined {
  const ref = /^ref: (refs\/\S+)\tHEAD$/m.exec(listed)?.[1];
  const commit = /^([a-f0-9]+)\tHEAD$/m.exec(listed)?.[1];
  return commit !== undefined && isCommitId(commit) ? { commit, object: commit, ref: ref ?? "HEAD" } : undefined;
}

function refOf(listed: string, ref: string): GitCommit | undefined {
  const lines = new Map(
    listed.split("\n").map((line) => {
      const [id = "", name = ""] = line.split("\t");
      return [name, id] as const;
    }),
  );
  const bare = ref.replace(/^refs\//, "");
  for (const name of [`refs/${bare}`, `refs/heads/${ref}`, `refs/tags/${ref}`]) {
    const object = lines.get(name);
    if (object !== undefined && isCommitId(object))
      return { commit: lines.get(`${name}^{}`) ?? object, object, ref: name };
  }
  return undefined;
}

function verify({ remote, checksum }: GitSource, { commit, object }: GitCommit): void {
  if (checksum === undefined || commit.startsWith(checksum) || object.startsWith(checksum)) return;
  const got = commit === object ? commit : `${object} or ${commit}`;
  throw gitError(
    remote,
    `expected the commit ${checksum}, got ${got}`,
    "it was moved on, or the checksum is of another",
  );
}

function noSuchRef(remote: string, ref: string | undefined): Error {
  if (ref === undefined) return gitError(remote, "it has no default branch", "name a branch, tag or commit: #NAME");
  const short = /^[a-f0-9]{4,39}$/.test(ref)
    ? "a commit is named by its whole id (40 digits)"
    : "name a branch, tag or whole commit id";
  return gitError(remote, `it has no reference ${JSON.stringify(ref)}`, short);
}
