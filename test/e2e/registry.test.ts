import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DockerRegistry,
  startDockerRegistry,
  user,
  whyNoDockerRegistry,
} from "../registry/support/docker-registry.ts";
import { errorCodes } from "../../src/base/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { readTree } from "./support/tar-tree.ts";

const noSkopeo = spawnSync("skopeo", ["--version"]).status === 0 ? undefined : "no program skopeo";
const why = whyNoLab ?? whyNoDockerRegistry ?? noSkopeo;

describe.skipIf(why !== undefined)(`registries${why === whyNoLab ? because : ` (skipped: ${why})`}`, () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  let registry: DockerRegistry;
  /** Another machine: a store of its own. */
  const other = { store: join(lab.folder, "other"), env };
  const skopeo = (...args: readonly string[]): string => execFileSync("skopeo", args, { encoding: "utf8" });
  const at = (name: string): string => `${registry.domain}/${name}`;

  const rawDigest = (name: string): string =>
    `sha256:${createHash("sha256")
      .update(skopeo("inspect", "--raw", "--tls-verify=false", `docker://${name}`))
      .digest("hex")}`;

  /** Builds an image of two layers and has skopeo push it. */
  const pushed = async (name: string, content: string): Promise<string> => {
    const archive = join(lab.folder, `${content}.tar`);
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY a /a\nCOPY b /b\n", a: content, b: "same in all\n" });
    await lab.build(context, "-o", `type=oci,dest=${archive}`);
    skopeo("copy", "-q", "--dest-tls-verify=false", `oci-archive:${archive}`, `docker://${at(name)}`);
    return skopeo("inspect", "--raw", "--tls-verify=false", `docker://${at(name)}`);
  };

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("an image is pulled, and then only looked at", async () => {
    await pushed("team/one:1", "one");
    const first = await lab.slipway(["pull", at("team/one:1")], other);
    expect([first.code, first.stdout, first.stderr.includes("up to date")]).toEqual([
      0,
      `${at("team/one:1")}\n`,
      false,
    ]);
    expect((await lab.slipway(["pull", at("team/one:1")], other)).stderr).toContain("up to date");
    expect((await lab.slipway(["images", "-q", at("team/one:1")], other)).stdout).toMatch(/^[0-9a-f]{12}\n$/);
    const quiet = await lab.slipway(["pull", "-q", "--all-tags", at("team/one")], other);
    expect([quiet.stdout, quiet.stderr]).toEqual([`${at("team/one:1")}\n`, ""]);
    expect(await lab.verify(other.store)).toEqual([]);
  });

  test("slipway lock has the digest that skopeo tells, and --locked builds from it when the tag has moved on", async () => {
    await pushed("team/locked:1", "locked");
    const digest = rawDigest(at("team/locked:1"));
    const context = lab.context({ Dockerfile: `FROM ${at("team/locked:1")}\n` });
    expect((await lab.slipway(["lock", context], { env })).stdout).toContain(digest);
    expect(readFileSync(join(context, "slipway.lock"), "utf8")).toContain(`digest = "${digest}"`);
    await pushed("team/locked:1", "moved");
    expect(rawDigest(at("team/locked:1"))).not.toBe(digest);
    const tar = join(lab.folder, "locked.tar");
    const { code, stderr } = await lab.slipway(["build", "--locked", "-o", `type=tar,dest=${tar}`, context], other);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(readTree(tar).get("a")?.content).toBe("locked");
    const moved = await lab.slipway(["lock", "--check", context], { env });
    expect([moved.code, moved.stdout]).toEqual([1, expect.stringContaining(`${digest} -> sha256:`)]);
  });

  test("FROM and COPY --from take images of a registry, --pull what the tag means now", async () => {
    await pushed("team/base:1", "first");
    const context = lab.context({
      Dockerfile: `FROM scratch\nCOPY --from=${at("team/base:1")} /a /copied\nFROM ${at("team/base:1")}\nCOPY --from=0 /copied /copied\n`,
    });
    const tar = join(lab.folder, "from.tar");
    const build = async (...args: readonly string[]): Promise<string> => {
      const { code, stderr } = await lab.slipway(
        ["build", "--progress=plain", ...args, "-o", `type=tar,dest=${tar}`, context],
        other,
      );
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      return stderr;
    };
    const contents = (): readonly (string | undefined)[] => {
      const files = readTree(tar);
      return ["a", "copied"].map((path) => files.get(path)?.content?.toString());
    };
    expect(await build()).toContain(`from the registry ${registry.domain} sha256:`);
    expect(contents()).toEqual(["first", "first"]);
    await pushed("team/base:1", "second");
    expect(await build()).toContain(`from the store (registry ${registry.domain}`);
    expect(contents()).toEqual(["first", "first"]);
    await build("--pull");
    expect(contents()).toEqual(["second", "second"]);
  });

  test("a base that stands under its name alone is taken for any platform, with a warning; it runs only where it can", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY a /a\nENV A=1\n", a: "foreign\n" });
    const name = at("team/foreign:1");
    await lab.build(context, "--platform=linux/vax", "-t", name);
    expect(await lab.slipway(["push", name], { env })).toMatchObject({ code: 0 });
    const machine = { store: join(lab.folder, "foreign-machine"), env };
    const tar = join(lab.folder, "foreign.tar");
    const takes = lab.context({ Dockerfile: `FROM ${name}\nCOPY b /b\n`, b: "b" });
    const build = (...args: readonly string[]) => lab.slipway(["build", "--progress=plain", ...args], machine);
    const first = await build("-o", `type=tar,dest=${tar}`, takes);
    const warning = `InvalidBaseImagePlatform: The base ${name} is for linux/vax, and `;
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining(warning)]);
    expect([...readTree(tar).keys()]).toEqual(["a", "b"]);
    expect((await lab.slipway(["plan", takes], machine)).stdout).toContain("1 step cached");
    const runs = lab.context({ Dockerfile: `FROM ${name}\nRUN ["/a"]\n` });
    const refused = await build(runs);
    expect([refused.code, refused.stderr]).toEqual([
      errorCodes.SLIP_EMULATION,
      expect.stringContaining("Cannot run programs for linux/vax"),
    ]);
    const asked = await build("--pull", "--platform=linux/s390x", takes);
    expect([asked.code, asked.stderr]).toEqual([0, expect.stringContaining("linux/s390x is built for")]);
    // The store has what the name stands for: no registry is asked.
    const domain = { ...machine, env: { ...env, HTTP_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" } };
    const offline = await lab.slipway(["build", "--platform=linux/s390x", takes], domain);
    expect(offline.code).toBe(0);
    const lock = await lab.slipway(["lock", takes], { ...machine, store: join(lab.folder, "foreign-lock") });
    expect([lock.code, lock.stdout]).toEqual([0, expect.stringContaining(`added ${name}`)]);
  });

  test("what a registry lacks, and a registry that is not there, are told", async () => {
    const lacks = await lab.slipway(["pull", at("team/one:none")], other);
    expect([lacks.code, lacks.stderr]).toEqual([5, expect.stringContaining("answered 404 (SLIP_IMAGE_UNKNOWN)")]);
    // Also of an image that the store has.
    const foreign = await lab.slipway(["pull", "--platform=linux/s390x", at("team/one:1")], other);
    expect([foreign.code, foreign.stderr]).toEqual([5, expect.stringContaining("has no image for linux/s390x")]);
    const gone = lab.context({ Dockerfile: "FROM 127.0.0.1:1/team/one\n" });
    const refused = await lab.slipway(["build", "--base-images=registry", gone], other);
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("ECONNREFUSED")]);
    const archive = await lab.slipway(["build", "--base-images=archive", gone], other);
    expect(archive.stderr).toContain("no registry was asked");
  });

  test("the configuration says how a registry is spoken to", async () => {
    const file = join(lab.folder, "config.json");
    const mirrors = [`http://${registry.domain}/team`];
    writeFileSync(file, JSON.stringify({ registries: { "registry.invalid": { mirrors } } }));
    const given = { ...other, env: { ...env, SLIPWAY_CONFIG: file } };
    const mirrored = await lab.slipway(["pull", "-q", "registry.invalid/one:1"], given);
    // The registry itself is asked only where its mirrors fail.
    expect([mirrored.code, mirrored.stdout]).toEqual([0, "registry.invalid/one:1\n"]);
    const named = await lab.slipway(["pull", "x"], { ...other, env: { ...env, SLIPWAY_CONFIG: "/nonexistent" } });
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining("SLIPWAY_CONFIG names it")]);
  });

  test("what is pushed here is the same bytes there, in another store, and from there again", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nCOPY a /a\nENV A=1\n", a: "pushed\n" });
    const [one, two] = [at("ours/app:1"), at("ours/app:2")];
    await lab.build(context, "-t", one, "-t", two);
    const first = await lab.slipway(["push", one, two], { env });
    const digest = /@(sha256:[0-9a-f]{64})\n/.exec(first.stdout)?.[1] as string;
    expect([first.code, first.stdout]).toEqual([0, `${one}@${digest}\n${two}@${digest}\n`]);
    expect(rawDigest(one)).toBe(digest);
    const layout = join(lab.folder, "copied");
    skopeo("copy", "-q", "--src-tls-verify=false", `docker://${one}`, `oci:${layout}:x`);

    const pulled = await lab.slipway(["pull", "-q", one], other);
    expect(pulled.code).toBe(0);
    const elsewhere = at("elsewhere/app:1");
    await lab.slipway(["tag", one, elsewhere], other);
    const again = await lab.slipway(["push", elsewhere], other);
    expect(again.stdout).toBe(`${elsewhere}@${digest}\n`);
    // The registry has the layers in the repository that they were pulled from.
    expect(again.stderr).toContain("is shared with ours/app");
    expect(rawDigest(elsewhere)).toBe(digest);

    await lab.slipway(["rmi", "-f", one, two]);
    expect((await lab.slipway(["images", "-q", "ours/app"])).stdout).toBe("");
    const from = lab.context({ Dockerfile: `FROM ${one}@${digest}\nCOPY b /b\n`, b: "more\n" });
    const files = await lab.tree(from, "--progress=plain");
    expect(["a", "b"].map((path) => files.get(path)?.content?.toString())).toEqual(["pushed\n", "more\n"]);
    expect(await lab.verify(other.store)).toEqual([]);
  });

  test("a build pushes, for several platforms behind an index", async () => {
    const context = lab.context({
      Dockerfile: "ARG TARGETARCH\nFROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /a\n",
      amd64: "x\n",
      arm64: "y\n",
    });
    const name = at("ours/both:1");
    const built = await lab.slipway([
      "build",
      "--progress=plain",
      "--platform=linux/amd64,linux/arm64",
      "--push",
      "-t",
      name,
      context,
    ]);
    expect([built.code, built.stderr]).toEqual([0, expect.stringContaining(`registry  ${name}  sha256:`)]);
    const index = JSON.parse(skopeo("inspect", "--raw", "--tls-verify=false", `docker://${name}`));
    const platforms = index.manifests.map(
      ({ platform }: { readonly platform: { readonly architecture: string } }) => platform.architecture,
    );
    expect(platforms).toEqual(["amd64", "arm64"]);
    // All of it is in the cache now, and goes out all the same.
    const cached = await lab.slipway([
      "build",
      "-q",
      "-o",
      `type=registry,name=${at("ours/both:2")}`,
      "--platform=linux/amd64,linux/arm64",
      context,
    ]);
    expect(cached.code).toBe(0);
    expect(rawDigest(at("ours/both:2"))).toBe(rawDigest(name));
    const arm = await lab.slipway(["pull", "--platform=linux/arm64", name], other);
    expect(arm.code).toBe(0);
    const inspected = JSON.parse((await lab.slipway(["inspect", "--platform=linux/arm64", name], other)).stdout);
    expect(inspected[0].Architecture).toBe("arm64");
    const unnamed = await lab.slipway(["build", "--push", context]);
    expect([unnamed.code, unnamed.stderr]).toEqual([8, expect.stringContaining("without a name")]);
  });

  test("what is not in the store is not pushed, and where no registry is nothing is", async () => {
    const unknown = await lab.slipway(["push", at("no/such")]);
    expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining("no image in the store has that name")]);
    await lab.slipway(["tag", "base", "127.0.0.1:1/base"]);
    const gone = await lab.slipway(["push", "127.0.0.1:1/base"]);
    expect([gone.code, gone.stderr]).toEqual([6, expect.stringContaining("ECONNREFUSED")]);
  });
});

describe.skipIf(why !== undefined)("a registry that wants credentials", () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  let registry: DockerRegistry;

  beforeAll(async () => {
    registry = await startDockerRegistry("htpasswd", false);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("gets them from login, and no more after logout", async () => {
    const name = `${registry.domain}/private/base:1`;
    const [right, wrong] = ["right", "wrong"].map((file) => join(lab.folder, file)) as [string, string];
    writeFileSync(right, `${user.password}\n`);
    writeFileSync(wrong, "another\n");
    const login = (stdin: string) =>
      lab.slipway(["login", "-u", user.username, "--password-stdin", registry.domain], { env, stdin });
    const push = () => lab.slipway(["push", "-q", name], { env });
    await lab.slipway(["tag", "base", name]);
    expect([(await push()).code, (await login(wrong)).code]).toEqual([6, 6]);
    const stored = await login(right);
    expect([stored.code, stored.stderr]).toEqual([0, expect.stringContaining(join(lab.folder, ".docker/config.json"))]);
    expect((await push()).code).toBe(0);
    const other = { store: join(lab.folder, "other"), env };
    expect((await lab.slipway(["pull", "-q", name], other)).code).toBe(0);
    expect((await lab.slipway(["logout", registry.domain], { env })).code).toBe(0);
    const refused = await lab.slipway(["pull", name], other);
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("(SLIP_UNAUTHORIZED)")]);
    expect(refused.stderr).not.toContain(user.password);
  });
});
