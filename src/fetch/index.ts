/** Floor 1: what lies on servers: files over HTTP, commits of git repositories. Knows no store. */
export { HttpClient, HttpStatusError, type HttpAnswer, withoutPassword } from "./http-client.ts";
export { type FileAnswer, type FileRequest, openFile } from "./open-file.ts";
export { type GitSource, parseGitSource, shownRemote } from "./git-source.ts";
export type { GitAccess } from "./git-program.ts";
export { type GitCommit, resolveCommit } from "./git-resolve.ts";
export { checkOutCommit } from "./git-checkout.ts";
