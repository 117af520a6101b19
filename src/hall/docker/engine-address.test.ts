import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engineAddress } from "./engine-address.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-docker-"));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { DOCKER_CONFIG: folder };
const socket = (path: string): object => ({ name: `unix://${path}`, to: { socketPath: path } });

function writeContext(name: string, endpoint: object): string {
  const id = createHash("sha256").update(name).digest("hex");
  mkdirSync(join(folder, "contexts/meta", id), { recursive: true });
  writeFileSync(
    join(folder, "contexts/meta", id, "meta.json"),
    JSON.stringify({ Name: name, Endpoints: { docker: endpoint } }),
  );
  return id;
}

test("is the usual socket, or what DOCKER_HOST says", () => {
  expect(engineAddress(env)).toEqual(socket("/var/run/docker.sock"));
  expect(engineAddress({ ...env, DOCKER_HOST: "unix:///run/user/1/docker.sock" })).toEqual(
    socket("/run/user/1/docker.sock"),
  );
  expect(engineAddress({ ...env, DOCKER_HOST: "tcp://h" })).toMatchObject({
    to: { host: "h", port: 2375, tls: undefined },
  });
  expect(engineAddress({ ...env, DOCKER_HOST: "tcp://[::1]:99" })).toMatchObject({ to: { host: "::1", port: 99 } });
});

test("has TLS with the certificates of docker's client", () => {
  writeFileSync(join(folder, "ca.pem"), "ca");
  const given = { ...env, DOCKER_HOST: "tcp://h", DOCKER_CERT_PATH: folder };
  expect(engineAddress({ ...given, DOCKER_TLS_VERIFY: "1" }).to).toEqual({
    host: "h",
    port: 2376,
    tls: { ca: Buffer.from("ca"), cert: undefined, key: undefined, verify: true },
  });
  expect(engineAddress({ ...given, DOCKER_TLS: "1" }).to).toMatchObject({ tls: { verify: false } });
});

test("is that of a context, before the one in use, which DOCKER_HOST overrides", () => {
  writeContext("used", { Host: "unix:///used.sock" });
  const id = writeContext("far", { Host: "tcp://far:1", SkipTLSVerify: true });
  mkdirSync(join(folder, "contexts/tls", id, "docker"), { recursive: true });
  writeFileSync(join(folder, "contexts/tls", id, "docker/cert.pem"), "cert");
  writeFileSync(join(folder, "config.json"), '{"currentContext":"used"}');
  expect(engineAddress(env)).toEqual(socket("/used.sock"));
  expect(engineAddress({ ...env, DOCKER_HOST: "unix:///h" })).toEqual(socket("/h"));
  expect(engineAddress({ ...env, DOCKER_CONTEXT: "default" })).toEqual(socket("/var/run/docker.sock"));
  expect(engineAddress({ ...env, DOCKER_HOST: "unix:///h" }, "far").to).toMatchObject({
    host: "far",
    port: 1,
    tls: { cert: Buffer.from("cert"), verify: false },
  });
});

test.each([
  [{ DOCKER_HOST: "ssh://me@host" }, undefined, "SLIP_UNSUPPORTED"],
  [{ DOCKER_HOST: "nonsense" }, undefined, "SLIP_UNSUPPORTED"],
  [{}, "none", "SLIP_CONFIG"],
])("refuses %j and the context %s", (given, context, code) => {
  expect(() => engineAddress({ ...env, ...given }, context)).toThrow(expect.objectContaining({ code }));
});
