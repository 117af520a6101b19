import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request as forward, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { inspect } from "node:util";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RegistryOptions, RegistrySettings } from "../../src/registry/index.ts";
import { type Authority, makeAuthority, whyNoOpenssl } from "./support/certificates.ts";
import { testClient, testCtx } from "./support/client.ts";
import { type FakeOptions, fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import { always, fault, redirect, redirectTo } from "./support/faults.ts";
import { bytesOf, imageOf } from "./support/images.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-tls-"));
let authority: Authority;
let pair: { readonly key: string; readonly cert: string };
let tls: { readonly key: string; readonly cert: string };
beforeAll(() => {
  if (whyNoOpenssl !== undefined) return;
  authority = makeAuthority(folder);
  pair = authority.issue("127.0.0.1");
  tls = { key: readFileSync(pair.key, "utf8"), cert: readFileSync(pair.cert, "utf8") };
});
afterAll(() => rmSync(folder, { recursive: true }));
const because = whyNoOpenssl === undefined ? "" : ` (skipped: ${whyNoOpenssl})`;
const skip = whyNoOpenssl !== undefined;
const image = imageOf([bytesOf("x", 1_500_000)]);

async function push(registry: FakeRegistry, options: RegistryOptions = {}, domain = registry.domain): Promise<void> {
  await testClient(options).push({ domain, path: "a/b", tag: "one" }, image.content, testCtx());
  expect(registry.repository("a/b").tags.size).toBe(1);
}

const withSettings = (registry: FakeRegistry, settings: RegistrySettings): RegistryOptions => ({
  config: new Map([[registry.domain, settings]]),
});

/** An empty home for the files that are looked for there. */
function home(): string {
  const made = mkdtempSync(join(folder, "home-"));
  return made;
}

describe.skipIf(skip)(`trust${because}`, () => {
  test.each([
    ["SSL_CERT_FILE", () => ({ env: { SSL_CERT_FILE: authority.cert } })],
    ["NODE_EXTRA_CA_CERTS", () => ({ env: { NODE_EXTRA_CA_CERTS: authority.cert } })],
    [
      "SSL_CERT_DIR",
      () => {
        const certs = home();
        cpSync(authority.cert, join(certs, "mine.pem"));
        return { env: { SSL_CERT_DIR: `/nowhere:${certs}` } };
      },
    ],
    [
      "certs.d",
      ({ domain }: FakeRegistry) => {
        const HOME = home();
        mkdirSync(join(HOME, ".config/containers/certs.d", domain), { recursive: true });
        cpSync(authority.cert, join(HOME, ".config/containers/certs.d", domain, "ca.crt"));
        return { env: { HOME } };
      },
    ],
    ["the configuration", ({ domain }: FakeRegistry) => ({ config: new Map([[domain, { ca: [authority.cert] }]]) })],
    [
      "nobody, where that is asked for",
      ({ domain }: FakeRegistry) => ({ config: new Map([[domain, { insecure: true }]]) }),
    ],
  ] as const)("comes from %s", async (_name, options) => {
    const registry = await fakeRegistry({ tls });
    const { env, ...rest }: RegistryOptions = options(registry);
    await push(registry, { ...rest, env: { HOME: home(), ...env } });
  });

  test("without any is an error that tells the remedy", async () => {
    const registry = await fakeRegistry({ tls });
    await expect(push(registry)).rejects.toMatchObject({
      code: "SLIP_NETWORK",
      message: expect.stringMatching(/certificate/),
      hint: expect.stringContaining("SSL_CERT_FILE"),
    });
    expect(registry.requests).toEqual([]);
  });

  test("a client's certificate is shown where there is one", async () => {
    const registry = await fakeRegistry({
      tls: { ...tls, ca: readFileSync(authority.cert, "utf8"), requestCert: true, rejectUnauthorized: true },
    });
    const settings = { ca: [authority.cert] };
    await expect(push(registry, withSettings(registry, settings))).rejects.toMatchObject({ code: "SLIP_NETWORK" });
    await push(registry, withSettings(registry, { ...settings, ...pair }));
  });

  test.each([
    ["missing", "/nowhere/ca.pem"],
    ["no certificate", import.meta.filename],
  ])("a file that is %s is an error", async (name, file) => {
    const registry = await fakeRegistry({ tls });
    const pushing = push(registry, withSettings(registry, { ca: [file] }));
    if (name === "missing")
      await expect(pushing).rejects.toMatchObject({ code: "SLIP_CONFIG", message: expect.stringContaining(file) });
    else await expect(pushing).rejects.toMatchObject({ name: "SlipwayError" });
  });
});

describe.skipIf(skip)(`http or https${because}`, () => {
  const plain: FakeOptions = {};

  test("localhost is reached by whichever it speaks", async () => {
    const registry = await fakeRegistry(plain);
    await push(registry, {}, `localhost:${registry.port}`);
    const secure = await fakeRegistry({ tls });
    await push(secure, { env: { SSL_CERT_FILE: authority.cert } }, `localhost:${secure.port}`);
  });

  test("what is configured is not tried otherwise", async () => {
    const registry = await fakeRegistry(plain);
    await push(registry, withSettings(registry, { http: true }));
    const other = await fakeRegistry(plain);
    await expect(push(other, withSettings(other, { http: false }))).rejects.toMatchObject({
      code: "SLIP_NETWORK",
      hint: expect.stringContaining("http: true"),
    });
  });

  test("a redirect from https to http elsewhere is not followed, one that forgot its s is mended", async () => {
    const registry = await fakeRegistry({ tls });
    const options = { env: { SSL_CERT_FILE: authority.cert } };
    await push(registry, options);
    const at = { domain: registry.domain, path: "a/b", tag: "one" };
    registry.faults = [fault(/^HEAD/, redirect("http://elsewhere.example/x"), always)];
    await expect(testClient(options).resolve(at, testCtx())).rejects.toMatchObject({
      code: "SLIP_REGISTRY",
      message: expect.stringContaining("from HTTPS to plain HTTP at elsewhere.example"),
    });
    registry.faults = [
      fault(
        /^HEAD .*one$/,
        redirectTo((path) => `http://${registry.domain}${path}?again`),
        1,
      ),
    ];
    expect((await testClient(options).resolve(at, testCtx())).digest).toBe(image.manifest.descriptor.digest);
  });

  test("a token service by http is not given a password of a registry by https", async () => {
    const registry = await fakeRegistry({ tls, auth: { type: "bearer", realm: "http://elsewhere.example/token" } });
    await expect(push(registry, { env: { SSL_CERT_FILE: authority.cert } })).rejects.toMatchObject({
      code: "SLIP_UNAUTHORIZED",
      message: expect.stringContaining("token service elsewhere.example is not reached by HTTPS"),
    });
  });
});

/** A proxy that sends everything for any host to that registry. */
async function proxy(
  registry: FakeRegistry,
  password?: string,
): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const refused = (request: IncomingMessage): boolean =>
    password !== undefined &&
    request.headers["proxy-authorization"] !== `Basic ${Buffer.from(password).toString("base64")}`;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`);
    if (refused(request)) return void response.writeHead(407).end();
    const { pathname, search } = new URL(request.url ?? "");
    const onward = forward({
      port: registry.port,
      host: "127.0.0.1",
      method: request.method,
      path: pathname + search,
      headers: request.headers,
    });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (refused(request)) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const onward = connect(registry.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => server.close().closeAllConnections());
  return {
    url: `http://${password === undefined ? "" : `${password}@`}127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
  };
}

describe.skipIf(skip)(`proxies${because}`, () => {
  test.each([undefined, "me:hidden"])("lead to a registry by http, with the password %s", async (password) => {
    const registry = await fakeRegistry();
    const { url, seen } = await proxy(registry, password);
    const config = new Map([["registry.example", { http: true }]]);
    await push(registry, { config, env: { HTTP_PROXY: url } }, "registry.example");
    expect(seen[0]).toMatch(/^HEAD http:\/\/registry.example\/v2\/a\/b\/blobs/);
  });

  test.each([undefined, "me:hidden"])(
    "lead to a registry by https, through a tunnel, with the password %s",
    async (password) => {
      const certificate = authority.issue("registry.example");
      const own = { key: readFileSync(certificate.key, "utf8"), cert: readFileSync(certificate.cert, "utf8") };
      const registry = await fakeRegistry({ tls: own });
      const { url, seen } = await proxy(registry, password);
      await push(registry, { env: { https_proxy: url, SSL_CERT_FILE: authority.cert } }, "registry.example");
      expect(new Set(seen)).toEqual(new Set(["CONNECT registry.example:443"]));
      // The certificate is the registry's, not the proxy's.
      await expect(
        push(registry, { env: { https_proxy: url, SSL_CERT_FILE: authority.cert } }, "other.example"),
      ).rejects.toMatchObject({
        code: "SLIP_NETWORK",
      });
    },
  );

  test("are left out where no_proxy says so, and for this machine", async () => {
    const registry = await fakeRegistry();
    const { url, seen } = await proxy(registry);
    await push(registry, { env: { HTTP_PROXY: url, HTTPS_PROXY: url } });
    expect(seen).toEqual([]);
    const config = new Map([["registry.invalid", { http: true }]]);
    const env = { HTTP_PROXY: url, NO_PROXY: "registry.invalid" };
    await expect(push(registry, { config, env }, "registry.invalid")).rejects.toMatchObject({ code: "SLIP_NETWORK" });
    expect(seen).toEqual([]);
  });

  test.each(["http", "https"])("that refuse are an error without their password, by %s", async (scheme) => {
    const registry = await fakeRegistry();
    const { url } = await proxy(registry, "me:right");
    const wrong = url.replace("me:right", "me:hidden");
    const config = new Map([["registry.example", { http: scheme === "http" }]]);
    const ctx = testCtx();
    const client = testClient({ config, env: { HTTP_PROXY: wrong, HTTPS_PROXY: wrong } });
    const error: unknown = await client
      .resolve({ domain: "registry.example", path: "a", tag: "b" }, ctx)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "SlipwayError", message: expect.stringContaining("407") });
    expect(JSON.stringify([error, (error as Error).stack, inspect(error), ctx.events])).not.toContain("hidden");
  });

  test("that never answer are given up", async () => {
    const silent = createNetServer(() => undefined);
    await new Promise<void>((ready) => silent.listen(0, "127.0.0.1", ready));
    onTestFinished(() => void silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = testClient({ env: { HTTPS_PROXY: url }, limits: { connect: 200, attempts: 2 } });
    const resolving = client.resolve({ domain: "registry.example", path: "a", tag: "b" }, testCtx());
    await expect(resolving).rejects.toMatchObject({
      code: "SLIP_NETWORK",
      message: expect.stringContaining("no connection"),
    });
  });

  test("of a kind that is not spoken are an error", async () => {
    const client = testClient({ env: { HTTPS_PROXY: "socks5://127.0.0.1:1" } });
    const resolving = client.resolve({ domain: "registry.example", path: "a", tag: "b" }, testCtx());
    await expect(resolving).rejects.toMatchObject({ name: "SlipwayError" });
  });
});

test("docker.io is asked at its own address, with the key that docker stores it under", async () => {
  const registry = await fakeRegistry({ auth: { type: "basic", users: { anna: "x" } } });
  const { url, seen } = await proxy(registry);
  const DOCKER_CONFIG = home();
  const auth = Buffer.from("anna:x").toString("base64");
  writeFileSync(
    join(DOCKER_CONFIG, "config.json"),
    JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }),
  );
  const config = new Map([["docker.io", { http: true }]]);
  await push(registry, { config, env: { HTTP_PROXY: url, DOCKER_CONFIG } }, "docker.io");
  expect(seen[0]).toMatch(/^HEAD http:\/\/registry-1\.docker\.io\/v2\/a\/b\//);
});
