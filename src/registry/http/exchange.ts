import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Bytes } from "../../base/index.ts";
import type { RegistryLimits } from "../contract.ts";
import type { Origin } from "./connections.ts";
import { TimeoutError } from "./failures.ts";
import { pump } from "./pump.ts";
import { watched } from "./watched.ts";

/** A body that is read while it is sent; `open` is called once a try. */
export interface StreamedBody {
  /** Bytes; without it they go in pieces of their own lengths (RFC 9112, 7.1), for nobody knows how many will come. */
  readonly size?: number | undefined;
  open(): Bytes;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | StreamedBody | undefined;
  /** The answer may take long: the registry has work to do before it. */
  readonly patient?: boolean | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What answered, after redirects. */
  readonly url: URL;
  /** Read at most once. */
  readonly body: Bytes;
  /** To be called when the body is not read. */
  discard(): void;
}

const maxHeaderSize = 64 * 1024;
const drainLimit = 64 * 1024;

/** One request and its answer, over one connection that is held until the body is read or discarded. Every phase has its own time. */
export async function exchange(
  request: HttpRequest,
  { agent, slots }: Origin,
  limits: RegistryLimits,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const release = await slots.take(signal);
  try {
    const response = await send(request, agent, limits, signal);
    return answerOf(response, request.url, limits, release);
  } catch (error) {
    release();
    throw error;
  }
}

function send(
  { method, url, headers, body, patient }: HttpRequest,
  agent: Origin["agent"],
  limits: RegistryLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const size = body instanceof Uint8Array ? body.byteLength : body?.size;
    const outgoing = start(url, {
      method,
      agent,
      signal,
      maxHeaderSize,
      // What nobody listens for once there is a connection; before that, it is what ends a tunnel that a proxy never opens.
      timeout: limits.connect,
      headers: {
        "user-agent": "slipway",
        // A body that were compressed on the way would not have the promised digest.
        "accept-encoding": "identity",
        ...(size !== undefined
          ? { "content-length": size }
          : body === undefined && (method === "POST" || method === "PUT")
            ? { "content-length": 0 }
            : {}),
        ...headers,
      },
    });
    let settled = false;
    // Without a connection yet, a request that is destroyed tells nobody.
    const fail = (error: Error): void => {
      settled = true;
      signal.removeEventListener("abort", leave);
      clock.clear();
      outgoing.destroy(error);
      reject(error);
    };
    const leave = (): void => fail(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
    const clock = timer(fail);
    const waitForAnswer = (): void => {
      if (!settled) clock.set(limits.headers * (patient === true ? 5 : 1), `no answer from ${url.host}`);
    };
    outgoing.on("response", (response) => {
      settled = true;
      clock.clear();
      signal.removeEventListener("abort", leave);
      // Answered before all was sent: nobody would ever use the rest of this connection.
      response.once("close", () => {
        if (!outgoing.writableFinished) outgoing.destroy();
      });
      resolve(response);
    });
    outgoing.on("error", fail);
    outgoing.on("close", () => clock.clear());
    clock.set(limits.connect, `no connection to ${url.host}`);
    onConnected(outgoing, () => {
      if (body === undefined || body instanceof Uint8Array) return waitForAnswer();
      clock.clear();
      pump(outgoing, body, (waiting) =>
        waiting ? clock.set(limits.stall, `${url.host} takes no bytes`) : clock.clear(),
      ).then(waitForAnswer, fail);
    });
    if (body === undefined) outgoing.end();
    else if (body instanceof Uint8Array) outgoing.end(body);
    else outgoing.flushHeaders();
  });
}

/** A socket that was used before, or leads through a tunnel, is connected when it is given. */
function onConnected(outgoing: ClientRequest, then: () => void): void {
  outgoing.on("socket", (socket) => {
    const { encrypted, secureConnecting } = socket as Partial<TLSSocket> & { readonly secureConnecting?: boolean };
    if (encrypted === true && secureConnecting === true) socket.once("secureConnect", then);
    else if (socket.connecting) socket.once("connect", then);
    else then();
  });
}

interface Timer {
  set(milliseconds: number, what: string): void;
  clear(): void;
}

function timer(fail: (error: Error) => void): Timer {
  let running: NodeJS.Timeout | undefined;
  return {
    set: (milliseconds, what) => {
      clearTimeout(running);
      running = setTimeout(() => fail(new TimeoutError(`${what} for ${milliseconds / 1000} s`)), milliseconds);
    },
    clear: () => clearTimeout(running),
  };
}

function answerOf(response: IncomingMessage, url: URL, limits: RegistryLimits, release: () => void): HttpAnswer {
  // What nobody reads any more may still fail, and must not be an uncaught error then.
  response.on("error", () => undefined);
  response.once("close", release);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    url,
    body: watched(response, limits, url.host),
    discard: () => {
      let left = drainLimit;
      response.on("data", (chunk: Uint8Array) => {
        left -= chunk.byteLength;
        if (left < 0) response.destroy();
      });
      const late = setTimeout(() => response.destroy(), 5000);
      late.unref();
      response.once("close", () => clearTimeout(late));
    },
  };
}
