import { SlipwayError } from "../../base/index.ts";
import type { RegistryLimits } from "../contract.ts";
import type { Connections } from "./connections.ts";
import { exchange, type HttpAnswer, type HttpRequest } from "./exchange.ts";

const redirects = new Set([301, 302, 303, 307, 308]);

/** Sends a request over the way to its origin. */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;

/**
 * Sends requests and follows redirects: those of GET and HEAD, and 307 and 308 of bodies that can be sent again. Credentials stay with the
 * origin that they are for; from HTTPS nothing leads to plain HTTP.
 */
export function follower(connections: Connections, limits: RegistryLimits): Send {
  return async (first, signal) => {
    const seen = new Set<string>();
    let request = first;
    let left = false;
    for (;;) {
      seen.add(request.url.href);
      const answer = await exchange(request, await connections.to(request.url), limits, signal);
      const { location } = answer.headers;
      if (!redirects.has(answer.status) || location === undefined || !mayFollow(request, answer.status)) return answer;
      answer.discard();
      const url = resolveLocation(location, request.url);
      if (seen.has(url.href)) throw wrongRedirect(first.url, "its redirects form a loop");
      if (seen.size > limits.redirects)
        throw wrongRedirect(first.url, `it redirects more than ${limits.redirects} times`);
      // Once elsewhere, the way back is not the registry's own.
      left ||= url.origin !== first.url.origin;
      request = { ...first, url, headers: left ? withoutCredentials(first.headers) : first.headers };
    }
  };
}

/**
 * The address that a Location names (RFC 9110, 10.2.2). A registry behind what ends its TLS may think that it is plain HTTP: under its own
 * name that is HTTPS still.
 * @throws SLIP_REGISTRY for what is no such address, or leads from HTTPS to plain HTTP elsewhere
 */
export function resolveLocation(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw wrongRedirect(from, "it redirects to what is no address");
  const url = new URL(location, from);
  url.username = "";
  url.password = "";
  url.hash = "";
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw wrongRedirect(from, `it redirects to ${url.protocol}, which no registry is reached by`);
  }
  if (from.protocol === "https:" && url.protocol === "http:") {
    if (url.hostname !== from.hostname)
      throw wrongRedirect(from, `it redirects from HTTPS to plain HTTP at ${url.host}`);
    url.protocol = "https:";
    url.port = from.port;
  }
  return url;
}

function mayFollow({ method, body }: HttpRequest, status: number): boolean {
  if (method === "GET" || method === "HEAD") return true;
  return (status === 307 || status === 308) && (body === undefined || body instanceof Uint8Array);
}

function withoutCredentials(headers: HttpRequest["headers"]): HttpRequest["headers"] {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== "authorization"));
}

function wrongRedirect(from: URL, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_REGISTRY",
    message: `Cannot use an answer of ${from.host}: ${problem}`,
    hint: "whoever runs the registry or its mirror has to mend it",
  });
}
