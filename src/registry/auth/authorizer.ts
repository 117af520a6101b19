import type { HttpAnswer, HttpRequest } from "../http/exchange.ts";
import { AnswerError } from "../http/failures.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { basicHeader, type Credentials } from "./credentials.ts";
import { askToken, isRefusal, type Token } from "./token.ts";
import { unauthorized } from "./unauthorized.ts";

export interface AuthorizerOptions {
  /** The registry's address. */
  readonly registry: URL;
  /** What people log in to: `docker.io`. */
  readonly domain: string;
  /** Asked once, and again after they were refused. */
  readonly credentials: (repository: string | undefined) => Promise<Credentials | undefined>;
  /** Reaches the token service. */
  readonly send: (request: HttpRequest) => Promise<HttpAnswer>;
  /** Also ask token services for a refresh token. */
  readonly offline?: boolean | undefined;
}

/** For whom a request is: a repository and what is to be done with it. */
export interface Grant {
  readonly repository: string | undefined;
  readonly scopes: readonly string[];
}

const mostRounds = 4;

/**
 * Gives requests to one registry their Authorization. What the registry asks for is learnt from its first 401; tokens are kept until they
 * expire, one for each set of scopes, and asked for once however many requests want the same.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  /** Scopes that the registry named beyond those that were asked for. */
  readonly #demanded = new Map<string, ReadonlySet<string>>();
  #challenge: Challenge | undefined;
  /** The newest refresh token that a service gave in exchange for the one before. */
  #refresh: string | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** A refresh token, when one was asked for and the token service gives them. */
  get refreshToken(): string | undefined {
    return this.#refresh;
  }

  /** @returns undefined while nothing is known to be asked for. */
  async header(grant: Grant): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credentials = await this.#find(grant.repository);
    if (credentials?.type === "bearer") return `Bearer ${credentials.token}`;
    if (challenge.scheme === "basic") {
      if (credentials?.type === "password") return basicHeader(credentials.username, credentials.password);
      throw this.#refused("it wants a user name and a password");
    }
    return `Bearer ${(await this.#token(challenge, grant)).value}`;
  }

  /**
   * Takes note of a 401. The next header may be better.
   * @param used what the refused request had.
   * @param round how often this request was refused, from 1.
   * @throws SLIP_UNAUTHORIZED when there is no better one
   */
  async refused(answer: HttpAnswer, used: string | undefined, grant: Grant, round: number): Promise<void> {
    const offered = parseChallenges(answer.headers["www-authenticate"]);
    const challenge =
      offered.find(({ scheme }) => scheme === "bearer") ?? offered.find(({ scheme }) => scheme === "basic");
    if (challenge === undefined) throw this.#refused("it offers no way to log in that slipway knows");
    this.#challenge = challenge;
    // Nobody's request: now it is known what is asked for.
    if (used === undefined) return;
    const scope = challenge.parameters.get("scope");
    const more = scope !== undefined && this.#demand(grant, scope);
    await this.#drop(grant, used, more);
    if (more && round < mostRounds) return;
    const credentials = await this.#find(grant.repository);
    // A token may have been too old; what needs no token was not.
    if (round === 1 && challenge.scheme === "bearer" && credentials?.type !== "bearer") return;
    if (credentials === undefined) throw this.#refused("it has no such repository, or wants credentials for it");
    if (round > 2) throw this.#refused("it refuses the credentials");
    // A helper may have better ones by now: those of clouds live for an hour. Who else was refused may have asked it already.
    const basic = credentials.type === "password" && basicHeader(credentials.username, credentials.password);
    if (challenge.scheme === "bearer" || basic === used) this.#credentials.delete(grant.repository ?? "");
  }

  /** Forgets a token that was refused, but not the one that another request got since. */
  async #drop(grant: Grant, used: string, anyway: boolean): Promise<void> {
    const key = this.#key(grant);
    const current = this.#tokens.get(key);
    const token = await current?.catch(() => undefined);
    const isUsed = anyway || (token !== undefined && `Bearer ${token.value}` === used);
    if (isUsed && this.#tokens.get(key) === current) this.#tokens.delete(key);
  }

  async #token(challenge: Challenge, grant: Grant): Promise<Token> {
    const key = this.#key(grant);
    const known = this.#tokens.get(key);
    const token = known && (await known);
    if (token && token.until > performance.now()) return token;
    // Another request may have begun to ask meanwhile.
    const current = this.#tokens.get(key);
    if (current !== undefined && current !== known) return current;
    const asked = this.#ask(challenge, grant);
    this.#tokens.set(key, asked);
    asked.catch(() => {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key);
    });
    return asked;
  }

  async #ask({ parameters }: Challenge, grant: Grant): Promise<Token> {
    const realm = parameters.get("realm") ?? "";
    for (let round = 1; ; round++) {
      const credentials = await this.#find(grant.repository);
      try {
        const token = await askToken(
          {
            registry: this.#options.registry,
            realm,
            service: parameters.get("service"),
            scopes: this.#scopes(grant),
            credentials:
              credentials?.type === "identity"
                ? { ...credentials, token: this.#refresh ?? credentials.token }
                : credentials,
            offline: this.#options.offline === true,
          },
          this.#options.send,
        );
        if (token.refresh !== undefined) this.#refresh = token.refresh;
        return token;
      } catch (error) {
        if (!(error instanceof AnswerError) || !isRefusal(error)) throw error;
        if (round > 1 || credentials === undefined)
          throw this.#refused(`its token service refuses: ${error.message}`, error);
        this.#refresh = undefined;
        this.#credentials.delete(grant.repository ?? "");
      }
    }
  }

  #find(repository: string | undefined): Promise<Credentials | undefined> {
    const key = repository ?? "";
    let found = this.#credentials.get(key);
    if (!found) {
      found = this.#options.credentials(repository);
      this.#credentials.set(key, found);
    }
    return found;
  }

  #scopes(grant: Grant): readonly string[] {
    return [...new Set([...grant.scopes, ...(this.#demanded.get(this.#key(grant)) ?? [])])];
  }

  /** @returns whether the registry wants more than was asked for. */
  #demand(grant: Grant, scope: string): boolean {
    const had = this.#scopes(grant);
    // Two names for one permission are no difference.
    const wanted = scope.split(" ").filter((one) => one !== "" && !had.some((other) => covers(other, one)));
    if (wanted.length === 0) return false;
    const key = this.#key(grant);
    this.#demanded.set(key, new Set([...(this.#demanded.get(key) ?? []), ...wanted].slice(0, 8)));
    return true;
  }

  #key({ scopes }: Grant): string {
    return [...scopes].sort().join(" ");
  }

  #refused(reason: string, cause?: unknown): Error {
    const { domain } = this.#options;
    return unauthorized(
      `Cannot log in to ${domain}: ${reason}`,
      `\`slipway login ${domain}\` stores credentials; docs/registries.md tells where they are looked for`,
      cause,
    );
  }
}

/** True when scope `a` has all actions of scope `b` on the same thing. */
function covers(a: string, b: string): boolean {
  const [one, two] = [a.lastIndexOf(":"), b.lastIndexOf(":")];
  if (a.slice(0, one) !== b.slice(0, two)) return false;
  const actions = new Set(a.slice(one + 1).split(","));
  return b
    .slice(two + 1)
    .split(",")
    .every((action) => actions.has(action));
}
