import { execFile, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import {
  type DockerRegistry,
  startDockerRegistry,
  user,
  whyNoDockerRegistry,
} from "../registry/support/docker-registry.ts";
import { startFaultProxy } from "../registry/support/fault-proxy.ts";
import { always, fault, late, status } from "../registry/support/faults.ts";
import { bytesOf } from "../registry/support/images.ts";
import { openLab, whyNoLab } from "./support/lab.ts";
import type { Ended } from "./support/slipway.ts";

const why = whyNoLab ?? whyNoDockerRegistry;
const because = why === undefined ? "" : ` (skipped: ${why})`;
const hasSkopeo = spawnSync("skopeo", ["--version"]).status === 0;

const auth = Buffer.from(`${user.username}:${user.password}`).toString("base64");

/** Keeps credentials in a file beside it, and writes down what it is asked. */
const helper = `#!/bin/sh
here=$(dirname "$0")
input=$(cat)
echo "$1 $input" >> "$here/asked"
case $1 in
store) echo "$input" > "$here/kept" ;;
get) cat "$here/kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$here/kept" ;;
esac
`;

/** What takes long to compress. */
function letters(size: number): Buffer {
  const bytes = bytesOf("letters", size);
  for (let at = 0; at < size; at++) bytes[at] = 97 + ((bytes[at] as number) & 15);
  return bytes;
}

describe.skipIf(why !== undefined)(`a registry with TLS and a token service${because}`, () => {
  const lab = openLab();
  const home = join(lab.folder, "home");
  const docker = join(home, ".docker/config.json");
  const certs = (): string => join(home, ".config/containers/certs.d", registry.domain);
  let registry: DockerRegistry;
  let name: string;

  const slipway = (args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin?: string) =>
    lab.slipway(args, { env: { HOME: home, ...env }, stdin });
  const config = (settings: object): Readonly<Record<string, string>> => {
    const file = join(lab.folder, "config.json");
    writeFileSync(file, JSON.stringify({ registries: { [registry.domain]: settings } }));
    return { SLIPWAY_CONFIG: file };
  };
  const trusted = (): Readonly<Record<string, string>> => ({ SSL_CERT_FILE: registry.authority });
  const login = (env: Readonly<Record<string, string>>): Promise<Ended> => {
    const file = join(lab.folder, "password");
    writeFileSync(file, `${user.password}\n`);
    return slipway(["login", "-u", user.username, "--password-stdin", registry.domain], env, file);
  };
  const stored = (): unknown => JSON.parse(readFileSync(docker, "utf8"));
  const store = (value: object): void => writeFileSync(docker, JSON.stringify(value));

  beforeAll(async () => {
    registry = await startDockerRegistry("token", true);
    name = `${registry.domain}/team/base:1`;
    await lab.slipway(["tag", "base", name]);
  });
  beforeEach(() => {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(join(home, ".docker"), { recursive: true });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("is not trusted by itself, and says what to do", async () => {
    const { code, stderr } = await slipway(["push", name]);
    expect([code, stderr.match(/^ERROR: .*/gm)]).toEqual([6, [expect.stringContaining("(SLIP_NETWORK)")]]);
    expect(stderr).toMatch(/hint: trust its authority with SSL_CERT_FILE.*`ca`/);
  });

  test.each<[string, () => Readonly<Record<string, string>>]>([
    ["SSL_CERT_FILE", trusted],
    ["NODE_EXTRA_CA_CERTS", () => ({ NODE_EXTRA_CA_CERTS: registry.authority })],
    ["`ca` of the configuration", () => config({ ca: registry.authority })],
    ["`insecure` of the configuration", () => config({ insecure: true })],
    [
      "certs.d",
      () => {
        mkdirSync(certs(), { recursive: true });
        copyFileSync(registry.authority, join(certs(), "ca.crt"));
        return {};
      },
    ],
  ])("is trusted by %s; without credentials it gives nothing", async (_how, env) => {
    const { code, stderr } = await slipway(["push", name], env());
    expect([code, stderr]).toEqual([6, expect.stringContaining("(SLIP_UNAUTHORIZED)")]);
    expect(stderr).toContain(`hint: \`slipway login ${registry.domain}\``);
  });

  test.each([0, 1])(
    "says who may not push before a large layer is compressed, with %d outputs beside",
    async (beside) => {
      const context = lab.context({ Dockerfile: "FROM scratch\nCOPY large /large\n", large: letters(64 << 20) });
      const others = Array.from({ length: beside }, (_, at) => ["-o", `type=oci,dest=${lab.folder}/denied-${at}.tar`]);
      const args = ["build", "--push", "-t", `${registry.domain}/team/denied:1`, ...others.flat(), context];
      const root = join(lab.folder, `denied-${beside}`);
      const { code, stderr } = await lab.slipway(args, { store: root, env: { HOME: home, ...trusted() } });
      expect([code, stderr]).toEqual([6, expect.stringContaining("(SLIP_UNAUTHORIZED)")]);
      using opened = openStore(root);
      expect(await Array.fromAsync(opened.blobs.list())).toEqual([]);
    },
  );

  test("takes what login stored, as docker stores it, and no more after logout", async () => {
    store({ detachKeys: "ctrl-e,e", auths: { "other.example": { auth: "eDp5" } } });
    const done = await login(trusted());
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining(docker)]);
    const auths = { "other.example": { auth: "eDp5" }, [registry.domain]: { auth } };
    const text = JSON.stringify({ detachKeys: "ctrl-e,e", auths }, undefined, "\t");
    expect(readFileSync(docker, "utf8")).toBe(text);
    expect((await slipway(["push", "-q", name], trusted())).code).toBe(0);
    const other = { store: join(lab.folder, "other"), env: { HOME: home, ...trusted() } };
    expect((await lab.slipway(["pull", "-q", name], other)).code).toBe(0);
    expect((await slipway(["logout", registry.domain])).code).toBe(0);
    expect(stored()).toEqual({ detachKeys: "ctrl-e,e", auths: { "other.example": { auth: "eDp5" } } });
    const { code, stderr } = await lab.slipway(["pull", name], other);
    expect([code, stderr]).toEqual([6, expect.stringContaining("(SLIP_UNAUTHORIZED)")]);
    expect(stderr).not.toContain(user.password);
  });

  test.skipIf(!hasSkopeo)("what skopeo's login stored is taken, and skopeo takes ours", async () => {
    // Its token service is in this process.
    const skopeo = async (...args: readonly string[]): Promise<string> =>
      (await promisify(execFile)("skopeo", args, { env: { ...process.env, HOME: home, ...trusted() } })).stdout;
    await skopeo("login", "--authfile", docker, "-u", user.username, "-p", user.password, registry.domain);
    expect(stored()).toEqual({ auths: { [registry.domain]: { auth } } });
    const theirs = readFileSync(docker, "utf8");
    expect((await slipway(["push", "-q", name], trusted())).code).toBe(0);
    rmSync(docker);
    expect((await login(trusted())).code).toBe(0);
    expect(readFileSync(docker, "utf8")).toBe(theirs);
    expect(await skopeo("inspect", "--authfile", docker, `docker://${name}`)).toContain("sha256:");
  });

  describe("with a credential helper", () => {
    const bin = join(lab.folder, "bin");
    const asked = (): string => readFileSync(join(bin, "asked"), "utf8");
    const env = (): Readonly<Record<string, string>> => ({
      ...trusted(),
      PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    });
    const kept = (): string =>
      JSON.stringify({ ServerURL: registry.domain, Username: user.username, Secret: user.password });

    beforeEach(() => {
      rmSync(bin, { recursive: true, force: true });
      mkdirSync(bin);
      writeFileSync(join(bin, "docker-credential-test"), helper);
      chmodSync(join(bin, "docker-credential-test"), 0o755);
    });

    test.each([
      ["credHelpers", (domain: string) => ({ credHelpers: { [domain]: "test" }, credsStore: "missing" })],
      ["credsStore", () => ({ credsStore: "test" })],
    ])("of %s, pull asks it", async (_where, file) => {
      store(file(registry.domain));
      writeFileSync(join(bin, "kept"), kept());
      await slipway(["push", "-q", name], env());
      rmSync(join(bin, "asked"));
      const other = { store: join(lab.folder, `other-${_where}`), env: { HOME: home, ...env() } };
      expect((await lab.slipway(["pull", "-q", name], other)).code).toBe(0);
      expect(new Set(asked().trim().split("\n"))).toEqual(new Set([`get ${registry.domain}`]));
    });

    test("login and logout leave the password to it", async () => {
      store({ credsStore: "test" });
      expect((await login(env())).stderr).toContain("docker-credential-test");
      expect(JSON.parse(readFileSync(join(bin, "kept"), "utf8"))).toEqual(JSON.parse(kept()));
      expect(stored()).toEqual({ credsStore: "test", auths: { [registry.domain]: {} } });
      expect((await slipway(["push", "-q", name], env())).code).toBe(0);
      expect((await slipway(["logout", registry.domain], env())).code).toBe(0);
      expect(asked().trim().split("\n").at(-1)).toBe(`erase ${registry.domain}`);
      expect(stored()).toEqual({ credsStore: "test", auths: {} });
    });

    test.each([
      ["is not there", "none", "no such program in PATH"],
      ["has nothing", "test", "SLIP_UNAUTHORIZED"],
    ])("that %s is told", async (_what, credsStore, text) => {
      store({ credsStore });
      const { code, stderr } = await slipway(["push", name], env());
      expect([code, stderr.match(/^ERROR: .*/gm)]).toEqual([6, [expect.stringContaining(text)]]);
    });
  });
});

describe.skipIf(why !== undefined)("a registry whose tokens end soon", () => {
  const lab = openLab();
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry("token", false, 2);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("is asked for others in the middle of a push and of a pull", async () => {
    const env = { HOME: lab.folder };
    mkdirSync(join(lab.folder, ".docker"));
    await using proxy = await startFaultProxy(registry.domain, [
      fault(/^PATCH /, late(2700)),
      fault(/^GET .*\/blobs\//, late(2700)),
    ]);
    writeFileSync(join(lab.folder, ".docker/config.json"), JSON.stringify({ auths: { [proxy.domain]: { auth } } }));
    const name = `${proxy.domain}/team/base:1`;
    await lab.slipway(["tag", "base", name]);
    const push = await lab.slipway(["push", name], { env });
    expect([push.code, push.stderr]).toEqual([0, expect.any(String)]);
    const before = registry.tokens();
    expect(before).toBeGreaterThan(1);
    const pull = await lab.slipway(["pull", name], { env, store: join(lab.folder, "other") });
    expect([pull.code, pull.stderr]).toEqual([0, expect.any(String)]);
    expect(registry.tokens()).toBeGreaterThan(before + 1);
  });
});

describe.skipIf(why !== undefined)("a registry that is reached another way", () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    await lab.slipway(["tag", "base", `${registry.domain}/library/app:1`]);
    await lab.slipway(["push", "-q", `${registry.domain}/library/app:1`]);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  const configured = (settings: object): Readonly<Record<string, string>> => {
    const file = join(lab.folder, "config.json");
    writeFileSync(file, JSON.stringify({ registries: settings }));
    return { ...env, SLIPWAY_CONFIG: file };
  };

  test("by plain HTTP, where the configuration says so, and by a proxy", async () => {
    // No name of this machine, as far as anybody can see by it.
    const elsewhere = registry.domain.replace("127.0.0.1", "0.0.0.0");
    const pull = (given: Readonly<Record<string, string>>): Promise<Ended> =>
      lab.slipway(["pull", `${elsewhere}/library/app:1`], { env: given, store: join(lab.folder, "plain") });
    const without = await pull(env);
    expect([without.code, without.stderr]).toEqual([6, expect.stringContaining("needs `http: true`")]);
    const plain = configured({ [elsewhere]: { http: true } });
    expect((await pull(plain)).code).toBe(0);
    await using proxy = await startFaultProxy(registry.domain, []);
    const proxied = await lab.slipway(["pull", `${elsewhere}/library/app:1`], {
      env: { ...plain, HTTP_PROXY: `http://${proxy.domain}` },
      store: join(lab.folder, "proxied"),
    });
    expect([proxied.code, proxied.stderr]).toEqual([0, expect.any(String)]);
    expect(proxy.requests).toContain(`HEAD http://${elsewhere}/v2/library/app/manifests/1`);
  });

  test("through the second mirror of Docker Hub, a pull-through cache, when the first fails", async () => {
    await using broken = await startFaultProxy(registry.domain, [fault(/./, status(500), always)]);
    await using cache = await startDockerRegistry("none", false, undefined, `http://${registry.domain}`);
    await using good = await startFaultProxy(cache.domain, []);
    const mirrors = [`http://${broken.domain}`, `http://${good.domain}`];
    const store = join(lab.folder, "mirrored");
    const pull = await lab.slipway(["pull", "app:1"], { env: configured({ "docker.io": { mirrors } }), store });
    expect([pull.code, pull.stdout]).toEqual([0, "docker.io/library/app:1\n"]);
    expect(pull.stderr).toContain(`WARNING: The mirror ${broken.domain} is passed over`);
    expect(good.requests.length).toBeGreaterThan(2);
    expect(await lab.verify(store)).toEqual([]);
  });

  test("over no more connections than it may have, also where another source is asked in passing", async () => {
    const debian = `${registry.domain}/library/debian:bookworm`;
    await lab.slipway(["tag", "base", debian]);
    await lab.slipway(["push", "-q", debian]);
    await using mirror = await startFaultProxy(registry.domain, []);
    const settings = { "docker.io": { mirrors: [`http://${mirror.domain}`] }, [mirror.domain]: { connections: 1 } };
    const context = lab.context({ Dockerfile: "FROM debian:bookworm AS app\nFROM app\nCOPY --from=app /etc /etc\n" });
    const store = join(lab.folder, "passing");
    const built = await lab.slipway(["build", "--progress=plain", context], { env: configured(settings), store });
    expect([built.code, built.stderr]).toEqual([0, expect.any(String)]);
    expect([mirror.requests.length > 3, mirror.mostConnections()]).toEqual([true, 1]);
  });
});
