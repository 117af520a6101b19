import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
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

  test("what a registry lacks, and a registry that is not there, are told", async () => {
    const lacks = await lab.slipway(["pull", at("team/one:none")], other);
    expect([lacks.code, lacks.stderr]).toEqual([5, expect.stringContaining("answered 404 (SLIP_IMAGE_UNKNOWN)")]);
    const gone = lab.context({ Dockerfile: "FROM 127.0.0.1:1/team/one\n" });
    const refused = await lab.slipway(["build", "--base-images=registry", gone], other);
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("ECONNREFUSED")]);
    const archive = await lab.slipway(["build", "--base-images=archive", gone], other);
    expect(archive.stderr).toContain("no registry was asked");
  });

  test("the configuration says how a registry is spoken to", async () => {
    const file = join(lab.folder, "config.json");
    const pull = (config: unknown, name: string) => {
      writeFileSync(file, JSON.stringify(config));
      return lab.slipway(["pull", "-q", name], { ...other, env: { ...env, SLIPWAY_CONFIG: file } });
    };
    const mirrors = [`http://${registry.domain}/team`];
    const mirrored = await pull({ registries: { "registry.invalid": { mirrors } } }, "registry.invalid/one:1");
    // The registry itself is asked only where its mirrors fail.
    expect([mirrored.code, mirrored.stdout]).toEqual([0, "registry.invalid/one:1\n"]);
    expect((await pull({ registries: { x: 1 } }, at("team/one:1"))).stderr).toContain("(SLIP_CONFIG)");
    expect((await pull({ registrys: {} }, at("team/one:1"))).stderr).toContain('did you mean "registries"?');
    const named = await lab.slipway(["pull", "x"], { ...other, env: { ...env, SLIPWAY_CONFIG: "/nonexistent" } });
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining("SLIPWAY_CONFIG names it")]);
    expect(readFileSync(file, "utf8")).toContain("registrys");
  });
});
