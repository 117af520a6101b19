import {
  appendFileSync,
  type Dirent,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { explained, type GitAccess, type GitCall, GitFailure, gitError, runGit } from "./git-program.ts";
import type { GitCommit } from "./git-resolve.ts";
import { type GitSource, shownRemote } from "./git-source.ts";

export interface CheckOut {
  readonly source: GitSource;
  readonly commit: GitCommit;
  /** Of the whole repository; never of one of its folders. */
  readonly keepGitDir: boolean;
  /** An empty folder that gets the files. */
  readonly into: string;
  /** Another one on the same disk, for what is not kept. */
  readonly scratch: string;
}

/**
 * Fetches one commit, as shallow as the server lets, and checks its files out: folders and programs 0755, other files 0644, all of this user.
 * @returns when it was committed, in seconds since the epoch.
 * @throws SLIP_GIT, SLIP_CANCELLED; what was made until then stays
 */
export async function checkOutCommit(how: CheckOut, access: GitAccess): Promise<{ readonly time: number }> {
  const { source, into, scratch } = how;
  try {
    const keep = how.keepGitDir && !source.subdir;
    const workTree = source.subdir ? join(scratch, "tree") : into;
    if (source.subdir) mkdirSync(workTree, { mode: 0o755 });
    const gitDir = keep ? join(into, ".git") : join(scratch, "repository");
    const call: GitCall = { remote: source.remote, gitDir, workTree };
    const repository = keep ? into : gitDir;
    await fetchCommit(how, repository, { remote: source.remote, gitDir }, access, !keep);
    await runGit(["checkout", "--quiet", "--force", "--detach", how.commit.commit], call, access);
    if (source.submodules && isFile(join(workTree, ".gitmodules"))) await addSubmodules(call, access);
    const time = await commitTime(how, call, access);
    if (keep) await tidy(call, source, access);
    else removeGitFiles(workTree);
    if (source.subdir) moveFolder(source, workTree, into);
    if (source.mtime === "commit") setTimes(into, time);
    return { time };
  } catch (error) {
    throw explained(source.remote, error);
  }
}

/** Fetches what the reference names under its own name, and the commit by its id where that is gone or was never asked for. */
async function fetchCommit(
  { source, commit }: CheckOut,
  repository: string,
  call: GitCall,
  access: GitAccess,
  bare: boolean,
): Promise<void> {
  const { object, ref } = commit;
  const format = object.length === 64 ? ["--object-format=sha256"] : [];
  await runGit(
    ["init", "--quiet", ...(bare ? ["--bare"] : []), ...format, "--", repository],
    { remote: call.remote },
    access,
  );
  if (ref !== undefined && !source.fetchByCommit) {
    // A HEAD that is no branch has no name to keep.
    const into = ref === "HEAD" ? "refs/slipway/head" : ref;
    await shallow([`+${ref}:${into}`], call, access);
    if ((await runGit(["rev-parse", "--verify", into], call, access)).trim() === object) return;
  }
  try {
    await shallow([object], call, access);
  } catch (error) {
    // The server gives only what references name: then it is among all that they lead to, or nowhere.
    if (!(error instanceof GitFailure) || !notGiven.test(error.said)) throw error;
    await runGit([...fetch, "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"], call, access);
  }
  await runGit(["cat-file", "-e", `${object}^{commit}`], call, access).catch((error: unknown) => {
    if (!(error instanceof GitFailure)) throw error;
    throw gitError(call.remote, `it does not have the commit ${object}`, "nothing that it names leads there", error);
  });
  if (source.fetchByCommit && ref !== undefined) await runGit(["update-ref", ref, object], call, access);
}

const fetch = ["fetch", "--no-tags", "--no-recurse-submodules", "--update-head-ok", "--progress"] as const;
const notGiven = /not our ref|unadvertised|not advertised|couldn't find remote ref|does not allow request/i;

async function shallow(refs: readonly string[], call: GitCall, access: GitAccess): Promise<void> {
  try {
    await runGit([...fetch, "--depth=1", "origin", ...refs], call, access);
  } catch (error) {
    if (!(error instanceof GitFailure) || !/shallow|--depth/.test(error.said)) throw error;
    await runGit([...fetch, "origin", ...refs], call, access);
  }
}

/** Submodules find relative addresses by that of the repository, which has to be in its own settings for them. */
async function addSubmodules(call: GitCall, access: GitAccess): Promise<void> {
  const escaped = call.remote.replace(/["\\]/g, "\\$&");
  appendFileSync(join(call.gitDir ?? "", "config"), `[remote "origin"]\n\turl = "${escaped}"\n`);
  const update = ["submodule", "--quiet", "update", "--init", "--recursive", "--progress"];
  const inRepository = { ...call, remoteInConfig: true };
  try {
    await runGit([...update, "--depth=1"], inRepository, access);
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    await runGit(update, inRepository, access);
  }
}

async function commitTime({ commit }: CheckOut, call: GitCall, access: GitAccess): Promise<number> {
  const text = await runGit(["show", "--no-patch", "--format=%ct", `${commit.commit}^{commit}`], call, access);
  return Number(text.trim());
}

/** What a clone would have: the address without passwords, no traces of how it was made. */
async function tidy(call: GitCall, source: GitSource, access: GitAccess): Promise<void> {
  const inRepository = { ...call, remoteInConfig: true };
  await runGit(["config", "--replace-all", "remote.origin.url", shownRemote(source.remote)], inRepository, access);
  await runGit(["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"], inRepository, access);
  await runGit(["reflog", "expire", "--all", "--expire=now"], inRepository, access);
  for (const name of ["FETCH_HEAD", "ORIG_HEAD"]) rmSync(join(call.gitDir ?? "", name), { force: true });
  tidyModules(join(call.gitDir ?? "", "modules"));
  hidePasswords(call.gitDir ?? "", source.remote);
}

/** Submodules' repositories, at any depth: how they were cloned is told in their logs. */
function tidyModules(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.name === "logs" || entry.name === "FETCH_HEAD") rmSync(path, { recursive: true });
    else if (entry.isDirectory() && entry.name !== "objects") tidyModules(path);
  }
}

/** A submodule with a relative address has that of its repository in its settings, with all that is in it. */
function hidePasswords(folder: string, remote: string): void {
  const [, scheme, secret] = /^([a-z]+:\/\/)([^/@]*@)/i.exec(remote) ?? [];
  if (scheme === undefined || secret === undefined) return;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "objects") hidePasswords(path, remote);
    else if (entry.name === "config") {
      writeFileSync(path, readFileSync(path, "utf8").replaceAll(scheme + secret, scheme));
    }
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}

/** The files in submodules that name a repository which does not stay. */
function removeGitFiles(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name === ".git") rmSync(path, { recursive: true, force: true });
    else if (entry.isDirectory()) removeGitFiles(path);
  }
}

/** What is in a folder of the repository, and only if it is one: no link may lead out. */
function moveFolder({ remote, subdir = "" }: GitSource, workTree: string, into: string): void {
  let at = workTree;
  for (const part of subdir.split("/")) {
    at = join(at, part);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory()) continue;
    const why = stat ? "is no folder" : "is not in it";
    throw gitError(
      remote,
      `the folder ${JSON.stringify(subdir)} ${why}`,
      "name a folder of the repository, links are not followed",
    );
  }
  for (const name of readdirSync(at)) renameSync(join(at, name), join(into, name));
}

function setTimes(path: string, time: number): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), time);
  lutimesSync(path, time, time);
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
