import { setTimeout as sleep } from "node:timers/promises";
import { type Exchange, problem } from "./fake-registry.ts";
import type { Change, ProxyExchange } from "./fault-proxy.ts";

type Act<E = Exchange> = (exchange: E) => void | boolean | Promise<void | boolean>;

/** Acts on requests whose `METHOD /path` matches, so many times. What returns false leaves the request to the registry. */
export function fault<E extends Exchange = Exchange>(
  match: RegExp,
  act: Act<E>,
  times = 1,
): (exchange: E) => Promise<boolean> {
  let left = times;
  return async (exchange) => {
    if (left <= 0 || !match.test(`${exchange.method} ${exchange.path}`)) return false;
    left--;
    return (await act(exchange)) !== false;
  };
}

export const always = Number.POSITIVE_INFINITY;

export const status =
  (code: number, headers: Record<string, string> = {}): Act =>
  ({ request, response }) => {
    request.resume();
    problem(response, code, "TESTED", headers);
  };

/** The connection is gone before an answer. */
export const reset: Act = ({ request }) => void request.socket.destroy();

export const late =
  (milliseconds: number): Act =>
  async () => {
    await sleep(milliseconds);
    return false;
  };

/** Never answers. */
export const silence: Act = () => true;

/** Sends these bytes of a body that is announced as long as `announced`, then cuts the connection. */
export const cutAfter =
  (bytes: Uint8Array, announced: number | undefined): Act =>
  ({ response }) => {
    response.writeHead(200, announced === undefined ? {} : { "content-length": announced });
    response.write(bytes, () => setTimeout(() => response.destroy(), 20));
  };

export const answer =
  (bytes: Uint8Array | string, headers: Record<string, string> = {}, code = 200): Act =>
  ({ response }) => {
    response.writeHead(code, { "content-length": String(Buffer.byteLength(bytes)), ...headers }).end(bytes);
  };

export const redirect =
  (location: string, code = 307): Act =>
  ({ response }) => {
    response.writeHead(code, { location, "content-length": 0 }).end();
  };

/** Bytes without end. */
export const endless: Act = ({ response }) => {
  response.writeHead(200);
  const piece = Buffer.alloc(65_536, 1);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more);
  more();
};

/** A byte now and then. */
export const trickle =
  (announced: number): Act =>
  ({ response }) => {
    response.writeHead(200, { "content-length": announced });
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  };

export const redirectTo =
  (where: (path: string) => string): Act =>
  (exchange) =>
    redirect(where(exchange.path))(exchange);

/** Only of a proxy: the registry's own answer, changed on its way. */
export const passing =
  (change: Change): Act<ProxyExchange> =>
  ({ forward }) =>
    void forward(change);

/** Only of a proxy: one bit of the answer's body is another. */
export const flipped = (where: number): Act<ProxyExchange> =>
  passing({
    piece: (piece, at) => {
      const copy = Buffer.from(piece);
      if (at <= where && where < at + piece.length) copy[where - at]! ^= 1;
      return copy;
    },
  });
