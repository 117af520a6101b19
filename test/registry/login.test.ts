import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { login, logout } from "../../src/registry/index.ts";
import { quick, testCtx } from "./support/client.ts";
import { addHelper, base64, basic, bearer, lab, push, read, refreshing, users } from "./support/login-lab.ts";

describe("login", () => {
  test.each([
    ["a registry with passwords", basic],
    ["a token service", bearer],
  ])("at %s stores what docker stores", async (_name, options) => {
    const place = await lab(options);
    const { registry, env, file } = place;
    const where = await login({ domain: registry.domain, username: "anna", password: users.anna }, { env }, testCtx());
    expect(where).toBe(file);
    expect(read(file)).toEqual({ auths: { [registry.domain]: { auth: base64(`anna:${users.anna}`) } } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file))).toEqual(["config.json"]);
    await push(place);
  });

  test("stores the refresh token of a token service that gives one, and uses it", async () => {
    const place = await lab(refreshing);
    const { registry, env, file } = place;
    await login({ domain: registry.domain, username: "anna", password: users.anna }, { env }, testCtx());
    const [[token] = []] = [...(registry.tokens?.refreshTokens ?? [])];
    expect(read(file)).toEqual({ auths: { [registry.domain]: { auth: base64("anna:"), identitytoken: token } } });
    expect(readFileSync(file, "utf8")).not.toContain(base64(users.anna));
    await push(place);
    expect(registry.count(/^POST \/token/)).toBeGreaterThan(0);
  });

  test("leaves all else in the file as it is, and tightens its mode", async () => {
    const other = {
      HttpHeaders: { "X-A": "b" },
      auths: { "other.example": { auth: "eDp5", email: "x" } },
      experimental: true,
    };
    const { registry, env, file } = await lab(basic, other);
    await login({ domain: registry.domain, username: "anna", password: users.anna }, { env }, testCtx());
    const auth = base64(`anna:${users.anna}`);
    expect(read(file)).toEqual({ ...other, auths: { ...other.auths, [registry.domain]: { auth } } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("keeps a link a link", async () => {
    const { registry, env, file, folder } = await lab(basic);
    mkdirSync(dirname(file));
    writeFileSync(join(folder, "real.json"), "{}");
    symlinkSync("../real.json", file);
    await login({ domain: registry.domain, username: "anna", password: users.anna }, { env }, testCtx());
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(read(join(folder, "real.json"))).toHaveProperty("auths");
  });

  test.each([
    ["credHelpers", (domain: string) => ({ credHelpers: { [domain]: "keeper" } })],
    ["credsStore", () => ({ credsStore: "keeper" })],
  ])("gives them to the helper of %s, and asks it for them", async (_name, config) => {
    const place = await lab(basic);
    const { registry, env, file } = place;
    addHelper(place, "keeper");
    mkdirSync(dirname(file));
    const before = config(registry.domain);
    writeFileSync(file, JSON.stringify(before));
    const where = await login({ domain: registry.domain, username: "anna", password: users.anna }, { env }, testCtx());
    expect(where).toBe("docker-credential-keeper");
    expect(read(file)).toEqual({ ...before, auths: { [registry.domain]: {} } });
    await push(place);
    expect(await logout(registry.domain, { env }, testCtx())).toBe(true);
    expect(read(file)).toEqual({ ...before, auths: {} });
    await expect(push(place)).rejects.toMatchObject({ code: "SLIP_UNAUTHORIZED" });
  });

  test("stores nothing that the registry refuses, and tells no secret", async () => {
    for (const options of [basic, bearer]) {
      const { registry, env, file } = await lab(options);
      const ctx = testCtx();
      const error: unknown = await login(
        { domain: registry.domain, username: "anna", password: "topsecret" },
        { env, limits: quick },
        ctx,
      ).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "SLIP_UNAUTHORIZED", message: expect.stringContaining(registry.domain) });
      const told = JSON.stringify([error, String(error), (error as Error).stack, inspect(error), ctx.events]);
      expect(told).not.toContain("topsecret");
      expect(told).not.toContain(base64("anna:topsecret"));
      expect(existsSync(file)).toBe(false);
    }
  });

  test.each([
    ["", "x"],
    ["a:b", "x"],
    ["anna", ""],
  ])("refuses the user %j with the password %j before it asks anybody", async (username, password) => {
    const { registry, env } = await lab(basic);
    await expect(login({ domain: registry.domain, username, password }, { env }, testCtx())).rejects.toMatchObject({
      code: "SLIP_USAGE",
    });
    expect(registry.requests).toEqual([]);
  });
});

describe("logout", () => {
  test("forgets all forms of the key, and says when there was none", async () => {
    const { env, file } = await lab(basic, {
      auths: {
        "https://index.docker.io/v1/": { auth: "eDp5" },
        "docker.io": {},
        "https://a.example/v2/": {},
        "b.example": { auth: "eDp5" },
      },
    });
    expect(await logout("docker.io", { env }, testCtx())).toBe(true);
    expect(await logout("a.example", { env }, testCtx())).toBe(true);
    expect(await logout("a.example", { env }, testCtx())).toBe(false);
    expect(read(file)).toEqual({ auths: { "b.example": { auth: "eDp5" } } });
  });
});
