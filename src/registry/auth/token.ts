import { isLoopback } from "../http/connections.ts";
import type { HttpAnswer, HttpRequest } from "../http/exchange.ts";
import { type AnswerError } from "../http/failures.ts";
import { answerLimit } from "../http/limits.ts";
import { answerError, notToSpec, readObject } from "../http/read-answer.ts";
import { basicHeader, type Credentials } from "./credentials.ts";
import { unauthorized } from "./unauthorized.ts";

export interface Token {
  readonly value: string;
  /** Milliseconds of performance.now() after which it is not used. */
  readonly until: number;
  /** What may be exchanged for tokens later. */
  readonly refresh?: string | undefined;
}

export interface TokenQuery {
  /** The registry that asks for the token. */
  readonly registry: URL;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  /** Also ask for a refresh token. */
  readonly offline: boolean;
}

const clientId = "slipway";
/** What a token service that does not say how long a token is good means (docker's token specification). */
const shortestLife = 60;

/**
 * Asks a token service for a token (docker's token authentication specification; with an identity token its OAuth 2 form).
 * @throws AnswerError when the service refuses, SLIP_REGISTRY when it answers what is no token
 */
export async function askToken(query: TokenQuery, send: (request: HttpRequest) => Promise<HttpAnswer>): Promise<Token> {
  const realm = realmOf(query);
  const answer = await send(
    query.credentials?.type === "identity" ? byOauth(realm, query, query.credentials) : byGet(realm, query),
  );
  if (answer.status !== 200) throw await answerError(answer);
  const asked = performance.now();
  const {
    token,
    access_token: access,
    expires_in: expires,
    refresh_token: refresh,
  } = await readObject(answer, answerLimit);
  const value = typeof token === "string" && token !== "" ? token : access;
  // It becomes part of a header.
  if (typeof value !== "string" || !/^[\x21-\x7e]{1,65536}$/.test(value)) throw notToSpec(realm.host, "gave no token");
  const life = typeof expires === "number" && expires > 0 ? expires : shortestLife;
  return {
    value,
    // Early enough that the registry still takes it when it gets there.
    until: asked + life * 1000 - Math.min(10_000, life * 100),
    ...(typeof refresh === "string" && refresh !== "" && { refresh }),
  };
}

/** True when the token service knows these credentials no longer. */
export function isRefusal(error: AnswerError): boolean {
  return error.status === 400 || error.status === 401 || error.status === 403;
}

function byGet(realm: URL, { service, scopes, credentials, offline }: TokenQuery): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (offline) {
    url.searchParams.set("offline_token", "true");
    url.searchParams.set("client_id", clientId);
  }
  if (credentials?.type !== "password") return { method: "GET", url };
  url.searchParams.set("account", credentials.username);
  return { method: "GET", url, headers: { authorization: basicHeader(credentials.username, credentials.password) } };
}

function byOauth(url: URL, { service, scopes }: TokenQuery, { token }: { readonly token: string }): HttpRequest {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: clientId, refresh_token: token });
  if (service !== undefined) form.set("service", service);
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  return {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
  };
}

/** A registry names its token service itself; one reached by HTTPS cannot have passwords sent in the clear. */
function realmOf({ registry, realm }: TokenQuery): URL {
  if (!URL.canParse(realm)) throw notToSpec(registry.host, "names a token service without an address");
  const url = new URL(realm);
  url.username = "";
  url.password = "";
  const plain = url.protocol === "http:" && (registry.protocol === "http:" || isLoopback(url.hostname));
  if (url.protocol !== "https:" && !plain) {
    throw unauthorized(
      `Cannot log in to ${registry.host}: its token service ${url.host} is not reached by HTTPS`,
      "nothing was sent there; whoever runs the registry has to mend its address",
    );
  }
  return url;
}

/** Scopes of a repository (docker's token scope documentation). */
export function repositoryScope(repository: string, actions: "pull" | "pull,push" | "delete"): string {
  return `repository:${repository}:${actions}`;
}
