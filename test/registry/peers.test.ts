import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRegistries } from "../../src/registry/index.ts";
import { testClient, testCtx } from "./support/client.ts";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "./support/docker-registry.ts";
import { bytesOf, collect, imageOf } from "./support/images.ts";

const noSkopeo = spawnSync("skopeo", ["--version"]).status === 0 ? undefined : "no program skopeo";
const why = whyNoDockerRegistry ?? noSkopeo;

describe.skipIf(why !== undefined)(`skopeo agrees${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-skopeo-"));
  const image = imageOf([bytesOf("one", 100_000), bytesOf("two", 2_000_000)]);
  let registry: DockerRegistry;
  const skopeo = (...args: readonly string[]): string => execFileSync("skopeo", args, { encoding: "utf8" });

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    using client = openRegistries({ env: {} });
    await client.push({ domain: registry.domain, path: "ours/image", tag: "one" }, image.content, testCtx());
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test("about what was pushed", () => {
    const shown = skopeo("inspect", "--raw", "--tls-verify=false", `docker://${registry.domain}/ours/image:one`);
    expect(shown).toBe(Buffer.from(image.manifest.bytes).toString());
    skopeo("copy", "--src-tls-verify=false", `docker://${registry.domain}/ours/image:one`, `dir:${folder}`);
    for (const [i, { descriptor }] of image.content.blobs.slice(0, 2).entries()) {
      expect(readFileSync(join(folder, descriptor.digest.slice(7))).equals(image.layers[i]!)).toBe(true);
    }
  });

  test("and what it pushed is pulled", async () => {
    const to = `docker://${registry.domain}/theirs/image:two`;
    skopeo(
      "copy",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      "--format=v2s2",
      `docker://${registry.domain}/ours/image:one`,
      to,
    );
    const at = { domain: registry.domain, path: "theirs/image", tag: "two" };
    const pulled = await testClient().image(at, { os: "linux", architecture: "amd64" }, testCtx());
    const layers = pulled.manifest.value.layers.map((layer) => testClient().blob(at, layer, collect, testCtx()));
    expect(await Promise.all(layers)).toHaveLength(2);
    expect(JSON.parse(Buffer.from(pulled.config.bytes).toString())).toEqual(
      JSON.parse(Buffer.from(image.config).toString()),
    );
  });
});
