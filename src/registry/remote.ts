import type { Authorizer } from "./auth/authorizer.ts";
import type { RegistryCtx, RegistryLimits } from "./contract.ts";
import { abortable } from "./http/abortable.ts";
import type { HttpAnswer, HttpRequest } from "./http/exchange.ts";
import { plainText } from "./http/failures.ts";
import type { Send } from "./http/follow.ts";
import { answerError } from "./http/read-answer.ts";
import { Retrier } from "./http/retrier.ts";

export interface RemoteRequest extends Omit<HttpRequest, "url"> {
  /** Below `/v2/`, or an address that the registry gave. */
  readonly to: string | URL;
  readonly scopes: readonly string[];
  /** The wanted statuses. */
  readonly ok: readonly number[];
}

interface RemoteParts {
  readonly base: URL;
  readonly repository: string | undefined;
  readonly authorizer: Authorizer;
  readonly send: Send;
  readonly limits: RegistryLimits;
  readonly warned: Set<string>;
}

/** One registry, or a mirror of it, as seen from one repository: requests with credentials, their answers checked. */
export class Remote {
  /** Its repository there: a mirror may have it under a prefix. */
  readonly repository: string;
  readonly base: URL;
  readonly limits: RegistryLimits;
  readonly #parts: RemoteParts;

  constructor(parts: RemoteParts) {
    this.repository = parts.repository ?? "";
    this.base = parts.base;
    this.limits = parts.limits;
    this.#parts = parts;
  }

  /** For messages. */
  get host(): string {
    return this.base.host;
  }

  retrier(ctx: RegistryCtx): Retrier {
    return new Retrier(this.host, this.limits, ctx);
  }

  /**
   * One try. Credentials go along when the address is the registry's own; a 401 is answered with better ones.
   * @throws AnswerError for an unwanted status, SLIP_UNAUTHORIZED, and what the network throws
   */
  async send(request: RemoteRequest, ctx: RegistryCtx): Promise<HttpAnswer> {
    const { to, scopes, ok, headers, ...rest } = request;
    const { authorizer, send } = this.#parts;
    const url = to instanceof URL ? to : new URL(`/v2/${to}`, this.base);
    const own = url.origin === this.base.origin;
    const grant = { repository: this.#parts.repository, scopes };
    for (let round = 1; ; round++) {
      const authorization = own ? await abortable(authorizer.header(grant), ctx.signal) : undefined;
      const answer = await send(
        { ...rest, url, headers: { ...headers, ...(authorization !== undefined && { authorization }) } },
        ctx.signal,
      );
      this.#passOnWarnings(answer, ctx);
      if (ok.includes(answer.status)) return answer;
      if (answer.status !== 401 || !own || answer.url.origin !== this.base.origin) throw await answerError(answer);
      answer.discard();
      await authorizer.refused(answer, authorization, grant, round);
    }
  }

  /** Sends, and tries again what may pass. For what can be repeated whole. */
  request(request: RemoteRequest, ctx: RegistryCtx): Promise<HttpAnswer> {
    return this.retrier(ctx).run(() => this.send(request, ctx));
  }

  #passOnWarnings(answer: HttpAnswer, { emit }: RegistryCtx): void {
    const header = answer.headers["warning"];
    for (const [, quoted] of header?.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g) ?? []) {
      const text = plainText((quoted ?? "").replace(/\\(.)/g, "$1"));
      if (this.#parts.warned.has(text) || this.#parts.warned.size > 100) continue;
      this.#parts.warned.add(text);
      emit({ type: "warning", host: this.host, text });
    }
  }
}
