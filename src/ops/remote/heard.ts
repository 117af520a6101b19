import { type Digest, sha256 } from "../../base/index.ts";
import type { GitCommit } from "../../fetch/index.ts";
import type { GitOp, HttpOp } from "../../graph/index.ts";
import type { Answers } from "./answers.ts";

/** What a server is asked about a file. */
export function httpQuestion({ url, checksum }: HttpOp): string {
  return `http ${sha256(`${url}\n${checksum ?? ""}`)}`;
}

/** What a server is asked about a repository. */
export function gitQuestion({ source }: GitOp): string {
  return `git ${sha256(JSON.stringify([source.remote, source.ref, source.checksum, source.fetchByCommit]))}`;
}

/** The file that an address gave in this build; undefined while nobody asked. */
export function heardFile(op: HttpOp, answers: Answers): Digest | undefined {
  const file = answers.said()[httpQuestion(op)] as { readonly digest: Digest } | undefined;
  return file?.digest ?? op.checksum;
}

/** The commit that a repository gave in this build; undefined while nobody asked. */
export function heardCommit(op: GitOp, answers: Answers): string | undefined {
  return (answers.said()[gitQuestion(op)] as GitCommit | undefined)?.commit;
}
