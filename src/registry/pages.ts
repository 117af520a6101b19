import type { RegistryCtx } from "./contract.ts";
import type { HttpAnswer } from "./http/exchange.ts";
import { resolveLocation } from "./http/follow.ts";
import { notToSpec } from "./http/read-answer.ts";
import type { Remote } from "./remote.ts";

/** Pages of one list; more than that is no list. */
const most = 10_000;

/** The answers that a list is spread over, by their Link to the next (distribution-spec, "Listing Tags"; RFC 8288). */
export async function* pagesOf(
  remote: Remote,
  first: string,
  scopes: readonly string[],
  ok: readonly number[],
  ctx: RegistryCtx,
): AsyncGenerator<HttpAnswer> {
  const seen = new Set<string>();
  let to: string | URL | undefined = first;
  while (to !== undefined) {
    const answer: HttpAnswer = await remote.request({ method: "GET", to, scopes, ok }, ctx);
    const next = nextLink(answer.headers["link"]);
    yield answer;
    to = next === undefined ? undefined : resolveLocation(next, answer.url);
    if (to === undefined) return;
    if (to.origin !== remote.base.origin) throw notToSpec(remote.host, `continues its list at ${to.host}`);
    if (seen.has(to.href) || seen.size >= most) throw notToSpec(remote.host, "sends a list without end");
    seen.add(to.href);
  }
}

/** The target with `rel="next"`. */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === "string" ? header : (header ?? []).join(", ");
  for (const [, target, parameters] of text.matchAll(/<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s,;"]*))*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters ?? "")) return target;
  }
  return undefined;
}
