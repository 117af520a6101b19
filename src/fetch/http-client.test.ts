import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HttpClient, type HttpOptions, HttpStatusError, withoutPassword } from "./http-client.ts";

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer(listener).on("connection", () => connections++);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

function client(more: Partial<HttpOptions> = {}): HttpClient {
  const made = new HttpClient({ signal: new AbortController().signal, backoff: 5, env: {}, ...more });
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

const text = (http: HttpClient, url: string): Promise<string> =>
  http.get(url, async ({ body }) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  });

test("one connection serves requests one after another", async () => {
  const { url, connections } = await serve((request, response) => response.end(request.url));
  const http = client();
  for (const path of ["/a", "/b", "/c"]) expect(await text(http, url + path)).toBe(path);
  expect(connections()).toBe(1);
});

test("no more requests at once than allowed", async () => {
  let [now, most] = [0, 0];
  const { url } = await serve((_request, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.end("x");
    }, 20);
  });
  const http = client({ parallel: 3 });
  await Promise.all(Array.from({ length: 10 }, () => text(http, url)));
  expect(most).toBe(3);
});

test("redirects are followed, an endless one is not", async () => {
  const { url } = await serve((request, response) => {
    if (request.url === "/end") response.end("there");
    else response.writeHead(302, { location: request.url === "/from" ? "/end" : "/round" }).end();
  });
  expect(await text(client(), `${url}/from`)).toBe("there");
  const withPassword = `${url.replace("//", "//me:secret@")}/round`;
  await expect(text(client(), withPassword)).rejects.toThrow(/^(?!.*secret).*too many redirects/);
});

test("a final status is told at once, without a second try", async () => {
  let requests = 0;
  const { url } = await serve((_request, response) => {
    requests++;
    response.writeHead(404).end("gone");
  });
  const error = await text(client(), `${url}/x`).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HttpStatusError);
  expect([(error as HttpStatusError).status, requests]).toEqual([404, 1]);
});

test.each([
  ["429 with a time to wait", 429],
  ["503", 503],
])("%s is tried again", async (_what, status) => {
  let requests = 0;
  const { url } = await serve((_request, response) => {
    if (++requests < 3) response.writeHead(status, { "retry-after": "0" }).end();
    else response.end("at last");
  });
  expect(await text(client(), url)).toBe("at last");
});

test("a server that goes silent is given up and tried again", async () => {
  let requests = 0;
  const { url } = await serve((_request, response) => {
    if (++requests > 1) return response.end("whole");
    response.writeHead(200, { "content-length": "100" });
    return response.write("part");
  });
  expect(await text(client({ timeout: 100 }), url)).toBe("whole");
});

test("what cannot be reached is one error that names the host", async () => {
  const { url } = await serve((_request, response) => response.destroy());
  await expect(text(client({ attempts: 2 }), url)).rejects.toMatchObject({
    code: "SLIP_NETWORK",
    message: expect.stringMatching(/^Cannot reach 127\.0\.0\.1:\d+: .*\(tried 2 times\)$/),
  });
});

test("an error of the reader is passed on as it is", async () => {
  const { url } = await serve((_request, response) => response.end("x"));
  const reading = client().get(url, () => Promise.reject(new RangeError("my own")));
  await expect(reading).rejects.toThrow(new RangeError("my own"));
});

test("cancelling ends a wait between tries", async () => {
  const { url } = await serve((_request, response) => response.writeHead(503).end());
  const stop = new AbortController();
  const started = text(client({ signal: stop.signal, backoff: 60_000 }), url);
  setTimeout(() => stop.abort(), 50);
  await expect(started).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
});

test("proxies are used as the variables say", async () => {
  const asked: string[] = [];
  const proxy = await serve((request, response) => {
    asked.push(request.url ?? "");
    response.end("by proxy");
  });
  const direct = await serve((_request, response) => response.end("direct"));
  const env = { http_proxy: proxy.url, no_proxy: "127.0.0.1" };
  expect(await text(client({ env }), "http://deb.example/debian/x")).toBe("by proxy");
  expect(asked).toEqual(["http://deb.example/debian/x"]);
  expect(await text(client({ env }), direct.url)).toBe("direct");
});

test("addresses are shown without passwords", () => {
  expect(withoutPassword("http://user:secret@deb.example/debian")).toBe("http://deb.example/debian");
});

test("a server whose headers trickle is given up", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const got = text(client({ timeout: 200, attempts: 1 }), url);
  await expect(got).rejects.toMatchObject({
    code: "SLIP_NETWORK",
    message: expect.stringContaining("no whole answer"),
  });
});
