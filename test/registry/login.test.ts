/** Over 400 lines: every place where credentials may lie, one after the other, over one registry and one folder of stand-in helpers. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { login, logout } from "../../src/registry/index.ts";
import { quick, testClient, testCtx } from "./support/client.ts";
import { type FakeOptions, fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import { always, answer, fault } from "./support/faults.ts";
import { bytesOf, imageOf } from "./support/images.ts";

const users = { anna: "se:cret ü" };
const basic: FakeOptions = { auth: { type: "basic", users } };
const bearer: FakeOptions = { auth: { type: "bearer", users } };
const refreshing: FakeOptions = { auth: { type: "bearer", users, refresh: true } };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

interface Lab {
  readonly folder: string;
  /** docker's file. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly registry: FakeRegistry;
}

async function lab(options: FakeOptions, config?: object): Promise<Lab> {
  const registry = await fakeRegistry(options);
  const folder = mkdtempSync(join(tmpdir(), "slipway-login-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = {
    DOCKER_CONFIG: join(folder, "docker"),
    HOME: folder,
    PATH: process.env["PATH"],
    STORE: join(folder, "secrets"),
  };
  const file = join(folder, "docker/config.json");
  if (config) {
    mkdirSync(dirname(file));
    writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
  }
  return { folder, file, env, registry };
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** A helper program that keeps secrets in a folder, a file a registry. */
function addHelper({ folder, env }: Lab, name: string, script = keeper): void {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(env["STORE"] ?? "", { recursive: true });
  writeFileSync(join(bin, `docker-credential-${name}`), script);
  chmodSync(join(bin, `docker-credential-${name}`), 0o755);
  env["PATH"] = `${bin}:${process.env["PATH"]}`;
}

const keeper = `#!/bin/sh
echo "$1" >> "$STORE/calls"
input=$(cat)
key() { printf %s "$1" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/' | tr -c 'A-Za-z0-9' '_'; }
case $1 in
store) printf %s "$input" > "$STORE/$(key "$input")" ;;
get) cat "$STORE/$(key "$input")" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$STORE/$(key "$input")" ;;
esac
`;

const push = ({ registry, env }: Lab, ctx = testCtx()): Promise<void> =>
  testClient({ env }).push(registry.reference("a/b"), imageOf([bytesOf("x", 10)]).content, ctx);

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

describe("credentials are found", () => {
  const auth = base64(`anna:${users.anna}`);

  test.each([
    ["under the registry's name", (domain: string) => ({ auths: { [domain]: { auth } } })],
    [
      "under an address, as older dockers wrote it",
      (domain: string) => ({ auths: { [`https://${domain}/v1/`]: { auth } } }),
    ],
    [
      "as user name and password",
      (domain: string) => ({ auths: { [domain]: { username: "anna", password: users.anna } } }),
    ],
    [
      "under the repository, before the registry",
      (domain: string) => ({ auths: { [domain]: { auth: base64("x:y") }, [`${domain}/a`]: { auth } } }),
    ],
  ])("%s", async (_name, config) => {
    const place = await lab(basic);
    mkdirSync(dirname(place.file));
    writeFileSync(place.file, JSON.stringify(config(place.registry.domain)));
    await push(place);
  });

  test("in DOCKER_AUTH_CONFIG, before the file", async () => {
    const place = await lab(basic);
    place.env["DOCKER_AUTH_CONFIG"] = JSON.stringify({ auths: { [place.registry.domain]: { auth } } });
    await push(place);
  });

  test("in podman's file, where docker has none", async () => {
    const place = await lab(basic);
    place.env["XDG_RUNTIME_DIR"] = join(place.folder, "run");
    mkdirSync(join(place.folder, "run/containers"), { recursive: true });
    writeFileSync(
      join(place.folder, "run/containers/auth.json"),
      JSON.stringify({ auths: { [place.registry.domain]: { auth } } }),
    );
    await push(place);
  });

  test("in REGISTRY_AUTH_FILE, which stands for all others", async () => {
    const place = await lab(basic, { auths: { "x.example": {} } });
    place.env["REGISTRY_AUTH_FILE"] = join(place.folder, "mine.json");
    await login(
      { domain: place.registry.domain, username: "anna", password: users.anna },
      { env: place.env },
      testCtx(),
    );
    expect(read(join(place.folder, "mine.json"))).toHaveProperty("auths");
    await push(place);
  });

  test("as a token that goes to the registry as it is", async () => {
    const place = await lab({});
    mkdirSync(dirname(place.file));
    writeFileSync(place.file, JSON.stringify({ auths: { [place.registry.domain]: { registrytoken: "as-it-is" } } }));
    const seen: (string | undefined)[] = [];
    place.registry.faults = [
      fault(
        /./,
        (exchange) => {
          seen.push(exchange.request.headers.authorization);
          if (exchange.request.headers.authorization === "Bearer as-it-is") return false;
          return answer("", { "www-authenticate": `Bearer realm="${place.registry.url}/token"` }, 401)(exchange);
        },
        always,
      ),
    ];
    await push(place);
    expect(seen).toContain("Bearer as-it-is");
  });

  test("again from the helper when they were refused in a long push", async () => {
    const place = await lab(basic, { credsStore: "cloud" });
    addHelper(
      place,
      "cloud",
      `#!/bin/sh
n=$(cat "$STORE/n" 2>/dev/null || echo 0); echo $((n+1)) > "$STORE/n"
if [ $n = 0 ]; then secret=old; else secret='se:cret ü'; fi
printf '{"Username":"anna","Secret":"%s"}' "$secret"
`,
    );
    await push(place);
    expect(readFileSync(join(place.env["STORE"] ?? "", "n"), "utf8").trim()).toBe("2");
  });

  test.each([
    ["that is not there", "nobody", undefined, /there is no such program/],
    ["with a path in its name", "../../bin/sh", undefined, /no name of a helper/],
    ["that fails", "bad", "#!/bin/sh\necho 'the keychain is locked'\nexit 1\n", /the keychain is locked/],
    ["that prints no JSON", "bad", "#!/bin/sh\necho hello\n", /is not JSON/],
    ["that prints no credentials", "bad", "#!/bin/sh\necho '{\"Username\":1}'\n", /printed no credentials/],
    ["that prints without end", "bad", "#!/bin/sh\nexec yes\n", /was ended/],
  ])("a helper %s is an error", async (_name, helper, script, message) => {
    const place = await lab(basic, { credsStore: helper });
    if (script !== undefined) addHelper(place, helper, script);
    await expect(push(place)).rejects.toMatchObject({
      code: "SLIP_UNAUTHORIZED",
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ["no JSON", "{ secret", /is not JSON/],
    ["no object", "[]", /is no JSON object/],
    ["auths that are none", `{"auths":[]}`, /auths must be an object/],
    ["an entry that is none", `{"auths":{"a":"b"}}`, /auths must be an object of objects/],
    ["a helper that is no name", `{"credsStore":1}`, /credsStore must be a string/],
  ])("a file with %s is an error that names it", async (_name, text, message) => {
    const place = await lab(basic, {});
    writeFileSync(place.file, text);
    const error: unknown = await push(place).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SLIP_CONFIG", message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(place.file);
    expect((error as Error).message).not.toContain("secret");
  });
});

describe("tokens", () => {
  test("are asked for once, however many requests want the same", async () => {
    const { registry } = await lab({ auth: { type: "bearer" } });
    const client = testClient();
    await client.push(
      registry.reference("a/b"),
      imageOf([1, 2, 3, 4, 5].map((i) => bytesOf(`${i}`, 10))).content,
      testCtx(),
    );
    expect(registry.tokens?.given).toBe(1);
  });

  test("that expire are asked for before they do", async () => {
    const { registry } = await lab({ auth: { type: "bearer", lifetime: 0.05 } });
    const client = testClient();
    const at = registry.reference("a/b");
    await client.push(at, imageOf([bytesOf("x", 10)]).content, testCtx());
    const given = registry.tokens?.given ?? 0;
    await new Promise((wait) => setTimeout(wait, 60));
    await client.resolve(at, testCtx());
    expect(registry.tokens?.given).toBeGreaterThan(given);
  });

  test("of nobody in particular are enough to pull where the registry says so", async () => {
    const place = await lab({ auth: { type: "bearer", users, anonymous: ["repository:a/b:pull"] } });
    const env = {
      ...place.env,
      DOCKER_AUTH_CONFIG: JSON.stringify({
        auths: { [place.registry.domain]: { auth: base64(`anna:${users.anna}`) } },
      }),
    };
    await push({ ...place, env });
    const at = place.registry.reference("a/b");
    expect((await testClient({ env: place.env }).resolve(at, testCtx())).size).toBeGreaterThan(0);
    await expect(push(place)).rejects.toMatchObject({
      code: "SLIP_UNAUTHORIZED",
      message: expect.stringContaining("it has no such repository, or wants credentials for it"),
    });
  });

  test.each([
    ["a service without an address", `Bearer service="x"`, "SLIP_REGISTRY", /names a token service without an address/],
    [
      "a service that is no web address",
      `Bearer realm="file:///etc/passwd"`,
      "SLIP_UNAUTHORIZED",
      /not reached by HTTPS/,
    ],
    ["a way that nobody knows", `Negotiate`, "SLIP_UNAUTHORIZED", /no way to log in that slipway knows/],
    ["no way at all", ``, "SLIP_UNAUTHORIZED", /no way to log in/],
    ["a password that there is none of", `Basic realm="x"`, "SLIP_UNAUTHORIZED", /wants a user name and a password/],
  ])("are not had from %s", async (_name, challenge, code, message) => {
    const { registry, env } = await lab({});
    registry.faults = [fault(/./, answer("", challenge === "" ? {} : { "www-authenticate": challenge }, 401), always)];
    const at = registry.reference("a/b");
    await expect(testClient({ env }).resolve(at, testCtx())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ["no token", `{}`],
    ["a token with a line end", `{"token":"a\\r\\nx-y: z"}`],
    ["a token that is too long", JSON.stringify({ token: "x".repeat(100_000) })],
    ["no JSON", `<html>`],
  ])("that are %s are refused", async (_name, text) => {
    const { registry, env } = await lab({ auth: { type: "bearer" } });
    registry.faults = [fault(/\/token/, answer(text), always)];
    await expect(testClient({ env }).resolve(registry.reference("a/b"), testCtx())).rejects.toMatchObject({
      code: "SLIP_REGISTRY",
    });
  });

  test("a registry that never has enough is given up", async () => {
    const { registry, env } = await lab({ auth: { type: "bearer" } });
    let n = 0;
    registry.faults = [
      fault(
        /\/v2\//,
        (exchange) => {
          const challenge = `Bearer realm="${registry.url}/token",scope="repository:x${n++}:pull"`;
          return answer("", { "www-authenticate": challenge }, 401)(exchange);
        },
        always,
      ),
    ];
    await expect(testClient({ env }).resolve(registry.reference("a/b"), testCtx())).rejects.toMatchObject({
      code: "SLIP_UNAUTHORIZED",
    });
    expect(n).toBeLessThan(10);
  });
});
