import type { Agent, IncomingMessage } from "node:http";
import { type Bytes, Limiter, SlipwayError } from "../base/index.ts";
import { paced } from "./paced.ts";

export interface HttpOptions {
  readonly signal: AbortSignal;
  /** Requests at once. Default 8. */
  readonly parallel?: number | undefined;
  /** Tries of one request. Default 4. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second try, doubled each time. Default 300. */
  readonly backoff?: number | undefined;
  /** Milliseconds without a byte after which a try is given up. Default 30 s. */
  readonly timeout?: number | undefined;
  /** Proxy variables; the process's environment by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What to do when a host cannot be reached. */
  readonly hint?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Bytes;
}

/** A server's final answer that is not the wanted document. */
export class HttpStatusError extends Error {
  readonly status: number;
  readonly retryAfter: number | undefined;

  constructor(url: string, status: number, text: string | undefined, retryAfter: number | undefined) {
    super(`${url} answered ${status}${text ? ` ${text}` : ""}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const retriedStatus = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Failures that trying again in a moment cannot mend: names that nobody knows, certificates that nobody vouches for. */
const finalErrno = /^(?:ENOTFOUND|ERR_INVALID_URL)$|CERT|^UNABLE_TO_/;

/**
 * Fetches documents over HTTP(S): connections kept alive, a bounded number at once, repeated with growing pauses when a server is busy,
 * breaks off, or stalls. Proxies as http_proxy, https_proxy and no_proxy say.
 *
 * It stands on node:http, not on fetch: only there proxies can be set for one client instead of for the whole process that uses slipway.
 */
export class HttpClient implements Disposable {
  readonly #options: HttpOptions;
  readonly #limiter: Limiter;
  readonly #agents = new Map<string, Agent>();

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.parallel ?? 8);
  }

  /**
   * Fetches and hands the answer (status 2xx or 304) to `use`, which reads the whole body. When the body breaks off, all of it is done
   * again: `use` may be called several times.
   * @throws HttpStatusError for any other status, SLIP_CANCELLED, SLIP_NETWORK when no answer could be had.
   */
  async get<T>(
    url: string,
    use: (answer: HttpAnswer) => Promise<T>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const attempts = this.#options.attempts ?? 4;
    return this.#limiter.run(async () => {
      for (let attempt = 1; ; attempt++) {
        this.#checkCancelled();
        try {
          return await this.#once(url, use, headers);
        } catch (error) {
          this.#checkCancelled(error);
          if (attempt >= attempts || !mayRetry(error, attempt))
            throw asNetworkError(url, error, attempt, this.#options.hint);
          const asked = error instanceof HttpStatusError ? error.retryAfter : undefined;
          const pause = (this.#options.backoff ?? 300) * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
          await this.#wait(Math.min(Math.max(asked ?? 0, pause), 15_000));
        }
      }
    });
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #once<T>(
    url: string,
    use: (answer: HttpAnswer) => Promise<T>,
    headers: Readonly<Record<string, string>>,
  ): Promise<T> {
    let at = new URL(url);
    let allowed = headers;
    for (let redirects = 0; ; redirects++) {
      const response = await this.#request(at, allowed);
      try {
        const status = response.statusCode ?? 0;
        const { location } = response.headers;
        if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
          if (redirects >= 8) throw new HttpStatusError(withoutPassword(url), status, "too many redirects", undefined);
          const next = redirected(location, at, this.#options.hint);
          // What one host may know is not for another.
          if (next.host !== at.host || next.protocol !== at.protocol) allowed = withoutCredentials(allowed);
          at = next;
          response.resume();
          continue;
        }
        if (status !== 304 && (status < 200 || status >= 300)) {
          const seconds = Number(response.headers["retry-after"]);
          throw new HttpStatusError(
            withoutPassword(at),
            status,
            response.statusMessage,
            Number.isFinite(seconds) ? seconds * 1000 : undefined,
          );
        }
        const body = paced(response as AsyncIterable<Uint8Array>, slowest, tooSlow);
        return await use({ status, headers: response.headers, body });
      } finally {
        if (!response.complete || !response.readableEnded) response.destroy();
      }
    }
  }

  async #request(url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      throw new SlipwayError({
        code: "SLIP_NETWORK",
        message: `Cannot fetch ${withoutPassword(url)}: only http and https are spoken`,
        hint: this.#options.hint,
      });
    }
    const secure = url.protocol === "https:";
    const http = secure ? await import("node:https") : await import("node:http");
    let agent = this.#agents.get(url.protocol);
    if (!agent) {
      const common = { keepAlive: true, scheduling: "lifo", proxyEnv: this.#options.env ?? process.env } as const;
      agent = secure ? new http.Agent({ ...common, ca: await trusted() }) : new http.Agent(common);
      this.#agents.set(url.protocol, agent);
    }
    const timeout = this.#options.timeout ?? 30_000;
    return new Promise((resolve, reject) => {
      const request = http.get(
        url,
        { agent, signal: this.#options.signal, timeout, headers: { "user-agent": "slipway", ...headers } },
        (response) => {
          clearTimeout(deadline);
          resolve(response);
        },
      );
      // Headers that trickle start the socket's own timer anew as well.
      const late = (): void => void request.destroy(new StalledError(`no whole answer for ${(timeout * 2) / 1000} s`));
      const deadline = setTimeout(late, timeout * 2);
      // The socket's own timer starts anew with every byte, also while the body is read.
      request.on("timeout", () => request.destroy(new StalledError(`no answer for ${timeout / 1000} s`)));
      request.on("error", (error) => {
        clearTimeout(deadline);
        reject(error);
      });
    });
  }

  #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(cancelled());
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #checkCancelled(cause?: unknown): void {
    if (this.#options.signal.aborted) throw cancelled(cause);
  }
}

/** Who may vouch for a server: those that Node brings and NODE_EXTRA_CA_CERTS names, and those that this machine trusts. */
async function trusted(): Promise<string[]> {
  const { getCACertificates } = await import("node:tls");
  return [...getCACertificates("default"), ...getCACertificates("system")];
}

/** Throws SLIP_NETWORK for an address that is none. */
function redirected(location: string, from: URL, hint: string | undefined): URL {
  if (URL.canParse(location, from.href)) return new URL(location, from);
  throw new SlipwayError({
    code: "SLIP_NETWORK",
    message: `Cannot fetch ${withoutPassword(from)}: it redirects to what is no address`,
    hint: hint ?? "whoever runs that server has to mend it",
  });
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)));
}

/** The address without user and password, for messages and images. */
export function withoutPassword(url: URL | string): string {
  const clean = new URL(url);
  clean.username = "";
  clean.password = "";
  return clean.href;
}

class StalledError extends Error {
  readonly code = "ETIMEDOUT";
}

/** A server that sends less would keep a build waiting for hours: 1 KiB a second, over a minute. */
const slowest = { window: 60_000, bytes: 60 << 10 };

function tooSlow(bytes: number): Error {
  return new StalledError(`no more than ${bytes} bytes in ${slowest.window / 1000} s`);
}

function cancelled(cause?: unknown): SlipwayError {
  return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause });
}

/** What a consumer throws as a SlipwayError (a full disk) is final, but for wrong bytes, once; what the network throws is not. */
function mayRetry(error: unknown, attempt: number): boolean {
  if (error instanceof HttpStatusError) return retriedStatus.has(error.status);
  if (error instanceof SlipwayError) return error.code === "SLIP_DIGEST_MISMATCH" && attempt === 1;
  const code = errno(error);
  return code !== undefined && isNetworkErrno(code) && !finalErrno.test(code);
}

function isNetworkErrno(code: string): boolean {
  return /^E(CONN|AI_|TIMEDOUT|PIPE|HOST|NET|NOTFOUND|ADDR)|^HPE_|^ERR_(STREAM_PREMATURE|SSL|TLS|INVALID_URL|PROXY|HTTP)|^UNABLE_TO_|CERT/.test(
    code,
  );
}

function errno(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

function asNetworkError(url: string, error: unknown, attempts: number, hint: string | undefined): unknown {
  if (error instanceof HttpStatusError || error instanceof SlipwayError) return error;
  const code = errno(error);
  if (code === undefined || !isNetworkErrno(code)) return error;
  const host = new URL(url).host;
  const times = attempts > 1 ? ` (tried ${attempts} times)` : "";
  const untrusted = finalErrno.test(code) && /CERT|UNABLE_TO_/.test(code);
  const said = (error as Error).message.replace(/; if the root CA is installed locally.*$/s, "") || code;
  return new SlipwayError({
    code: "SLIP_NETWORK",
    message: `Cannot reach ${host}: ${said}${times}`,
    hint: untrusted
      ? "have the machine trust who signed it, or name a file of certificates in NODE_EXTRA_CA_CERTS"
      : (hint ?? "check the address, the network and the proxy variables"),
    cause: error,
  });
}
