import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { login } from "../../src/registry/index.ts";
import { testClient, testCtx } from "./support/client.ts";
import { always, answer, fault } from "./support/faults.ts";
import { bytesOf, imageOf } from "./support/images.ts";
import { addHelper, base64, basic, lab, push, read, users } from "./support/login-lab.ts";

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
