// Stands before a real registry, lets everything through, and breaks what it is told to.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { Exchange } from "./fake-registry.ts";

/** What becomes of an answer of the registry on its way, or of what is sent to it. */
export interface Change {
  /** Of the answer; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Replaces a piece of the answer's body. @param at its offset. */
  readonly piece?: ((piece: Buffer, at: number) => Buffer) | undefined;
  /** The connection ends after so many bytes of the answer's body. */
  readonly cutAnswer?: number | undefined;
  /** The connection ends after so many bytes of the request's body. */
  readonly cutRequest?: number | undefined;
  /** The registry gets the request, and its answer is lost. */
  readonly loseAnswer?: boolean | undefined;
}

export interface ProxyExchange extends Exchange {
  readonly forward: (change: Change) => Promise<void>;
}

type ProxyFault = (exchange: ProxyExchange) => boolean | Promise<boolean>;

export interface FaultProxy extends AsyncDisposable {
  /** As names of images have it. */
  readonly domain: string;
  /** `GET /v2/...`, in the order of their arrival. */
  readonly requests: string[];
  /** The most connections that were open at once. */
  readonly mostConnections: () => number;
}

/** Starts a proxy before the registry of that domain, which speaks plain HTTP. */
export async function startFaultProxy(registry: string, faults: readonly ProxyFault[]): Promise<FaultProxy> {
  const [requests, port] = [[] as string[], Number(registry.split(":")[1])];
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    const [method, path] = [request.method ?? "", request.url ?? ""];
    requests.push(`${method} ${path}`);
    request.on("error", () => undefined);
    const forward = (change: Change): Promise<void> => pass({ request, response, method, path }, port, change);
    const exchange: ProxyExchange = { request, response, method, path, forward };
    void (async () => {
      for (const fault of faults) if (await fault(exchange)) return;
      await forward({});
    })();
  });
  server.on("connection", (socket) => {
    most = Math.max(most, ++open);
    socket.on("close", () => open--);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    domain: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    mostConnections: () => most,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Passes an exchange on; never rejects: what breaks in between breaks for the client too. */
async function pass({ request, response, method, path }: Exchange, port: number, change: Change): Promise<void> {
  // The registry sees the name that the client used, and names places for uploads by it.
  const outgoing = httpRequest({ host: "127.0.0.1", port, method, path, headers: request.headers });
  const cut = (): void => {
    outgoing.destroy();
    request.socket.destroy();
  };
  outgoing.on("error", cut);
  response.on("close", () => outgoing.destroy());
  const answered = new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
  let sent = 0;
  request.on("data", (piece: Buffer) => {
    sent += piece.length;
    if (sent > (change.cutRequest ?? Number.POSITIVE_INFINITY)) return cut();
    if (outgoing.write(piece)) return;
    request.pause();
    outgoing.once("drain", () => request.resume());
  });
  request.on("end", () => outgoing.end());
  const answer = await answered;
  if (change.loseAnswer === true) return cut();
  response.writeHead(answer.statusCode ?? 500, changed(answer.headers, change.headers));
  let at = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      const left = (change.cutAnswer ?? Number.POSITIVE_INFINITY) - at;
      response.write((change.piece?.(piece, at) ?? piece).subarray(0, left));
      at += piece.length;
      // What was written must have left, or it is the cut that comes first.
      if (left <= piece.length) return void setTimeout(cut, 20);
    }
    response.end();
  } catch {
    cut();
  }
}

function changed(headers: IncomingHttpHeaders, change: Change["headers"]): Record<string, string | string[]> {
  const all = { ...headers, ...change };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
