import { isValidTag } from "../oci/index.ts";
import { repositoryScope } from "./auth/token.ts";
import type { RegistryCtx } from "./contract.ts";
import { answerLimit } from "./http/limits.ts";
import { notToSpec, readObject } from "./http/read-answer.ts";
import { pagesOf } from "./pages.ts";
import type { Remote } from "./remote.ts";

const pageSize = 1000;

/** The tags of a repository, a page at a time (distribution-spec, "Listing Tags"). */
export async function* listTags(open: () => Promise<Remote>, ctx: RegistryCtx): AsyncGenerator<readonly string[]> {
  const remote = await open();
  const { repository, host } = remote;
  const scopes = [repositoryScope(repository, "pull")];
  for await (const answer of pagesOf(remote, `${repository}/tags/list?n=${pageSize}`, scopes, [200], ctx)) {
    const { tags } = await readObject(answer, answerLimit);
    // Go writes an empty list as null.
    if (tags === null || tags === undefined) continue;
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && isValidTag(tag))) {
      throw notToSpec(host, "lists what are no tags");
    }
    yield tags as readonly string[];
  }
}
