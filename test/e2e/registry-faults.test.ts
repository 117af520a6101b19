import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRegistries } from "../../src/registry/index.ts";
import { testCtx } from "../registry/support/client.ts";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { type FaultProxy, startFaultProxy } from "../registry/support/fault-proxy.ts";
import {
  always,
  answer,
  endless,
  fault,
  flipped,
  late,
  passing,
  redirectTo,
  reset,
  status,
} from "../registry/support/faults.ts";
import { imageOf } from "../registry/support/images.ts";
import { layerOf } from "../registry/support/layers.ts";
import { openLab, whyNoLab } from "./support/lab.ts";
import { type Ended, killGroup, type Running, start, until } from "./support/slipway.ts";

const why = whyNoLab ?? whyNoDockerRegistry;
const because = why === undefined ? "" : ` (skipped: ${why})`;

const image = imageOf([layerOf("large", "large", 3_000_000), layerOf("small", "small", 1000)]);
const [large, , config] = image.content.blobs.map(({ descriptor }) => descriptor.digest.slice(7));
const another = `sha256:${"a".repeat(64)}`;

const blob = (digest: string | undefined): RegExp => new RegExp(`^GET .*/blobs/sha256:${digest}`);
const getBlob = blob(large);
const getManifest = /^GET .*\/manifests\//;
const anyManifest = /^(?:GET|HEAD) .*\/manifests\//;
const upload = /^PATCH .*\/blobs\/uploads\//;
const finish = /^PUT .*\/blobs\/uploads\//;
const putManifest = /^PUT .*\/manifests\//;

type Faults = Parameters<typeof startFaultProxy>[1];
/** What goes wrong, and what the command makes of it: nothing, or an exit code and what is told. */
type Row = readonly [name: string, faults: Faults, wanted: "done" | readonly [number, ...string[]]];

// Those that take longest come first: many wait at once.
const pulls: readonly Row[] = [
  ["a blob that breaks off each time", [fault(getBlob, reset, always)], [6, "SLIP_NETWORK", "check the network"]],
  ["500 each time", [fault(getBlob, status(500), always)], [6, "SLIP_REGISTRY", "500", "try again later"]],
  ["answers that come late", [fault(/./, late(150), always)], "done"],
  ["connections that are reset before an answer", [fault(/GET|HEAD/, reset, 2)], "done"],
  ["cuts in the middle of a blob", [fault(getBlob, passing({ cutAnswer: 1_000_000 }), 2)], "done"],
  [
    "a blob that ends too soon, as if that were all",
    [
      fault(
        getBlob,
        passing({
          headers: { "content-length": undefined },
          piece: (piece, at) => piece.subarray(0, Math.max(0, 500_000 - at)),
        }),
      ),
    ],
    "done",
  ],
  ["429 with Retry-After", [fault(getBlob, status(429, { "retry-after": "1" }))], "done"],
  ["500 and 503, each once", [fault(anyManifest, status(500)), fault(blob(config), status(503))], "done"],
  ["a bit that is another, once", [fault(getBlob, flipped(700_000))], "done"],
  ["a bit of the manifest that is another, once", [fault(getManifest, flipped(40))], "done"],
  ["a bit that is another each time", [fault(getBlob, flipped(1), always)], [6, "SLIP_DIGEST_MISMATCH", "team/app"]],
  [
    "429 until tomorrow",
    [fault(anyManifest, status(429, { "retry-after": "86400" }), always)],
    [6, "SLIP_REGISTRY", "429", "86400 s"],
  ],
  ["403", [fault(getBlob, status(403), always)], [6, "SLIP_UNAUTHORIZED", "403"]],
  [
    "a blob that is gone",
    [fault(getBlob, status(404), always)],
    [5, "SLIP_IMAGE_UNKNOWN", "404", "hint: the registry has the image's manifest"],
  ],
  ["a manifest with other bytes", [fault(getManifest, flipped(40), always)], [6, "SLIP_DIGEST_MISMATCH", "team/app"]],
  [
    "a blob of another length",
    [fault(getBlob, passing({ headers: { "content-length": "100" }, cutAnswer: 100 }), always)],
    [6, "SLIP_DIGEST_MISMATCH", "expected 3001856 bytes"],
  ],
  ["a blob without end", [fault(getBlob, endless, always)], [6, "SLIP_DIGEST_MISMATCH", "got more"]],
  ["a manifest without end", [fault(getManifest, endless, always)], [6, "SLIP_REGISTRY", "more than"]],
  [
    "a redirect loop",
    [
      fault(
        getBlob,
        redirectTo((path) => path),
        always,
      ),
    ],
    [6, "SLIP_REGISTRY", "loop"],
  ],
  [
    "a page for people in a manifest's place",
    [fault(anyManifest, answer("<html>Log in</html>", { "content-type": "text/html" }), always)],
    [6, "SLIP_REGISTRY", "text/html", "A proxy"],
  ],
];

const pushes: readonly Row[] = [
  ["an upload that breaks off each time", [fault(upload, passing({ cutRequest: 1 }), always)], [6, "SLIP_NETWORK"]],
  ["500 each time", [fault(putManifest, status(500), always)], [6, "SLIP_REGISTRY", "500"]],
  ["answers that come late", [fault(/./, late(150), always)], "done"],
  ["cuts in the middle of an upload", [fault(upload, passing({ cutRequest: 1_000_000 }), 2)], "done"],
  ["the last answer to a blob that is lost", [fault(finish, passing({ loseAnswer: true }))], "done"],
  ["the answer to the manifest that is lost", [fault(putManifest, passing({ loseAnswer: true }))], "done"],
  ["500 and 503, each once", [fault(/^POST/, status(500)), fault(upload, status(503))], "done"],
  ["429 with Retry-After", [fault(upload, status(429, { "retry-after": "1" }))], "done"],
  ["an upload that is forgotten", [fault(finish, status(404))], "done"],
  [
    "401 in the middle",
    [fault(putManifest, status(401, { "www-authenticate": "Basic" }), always)],
    [6, "SLIP_UNAUTHORIZED"],
  ],
  ["403 to everything that is sent", [fault(/^P/, status(403), always)], [6, "SLIP_UNAUTHORIZED", "403"]],
  [
    "a blob that is stored as another",
    [fault(finish, passing({ headers: { "docker-content-digest": another } }), always)],
    [6, "SLIP_REGISTRY", "as another"],
  ],
  [
    "redirects of uploads in a circle",
    [
      fault(
        /^POST/,
        redirectTo((path) => path),
        always,
      ),
    ],
    [6, "SLIP_REGISTRY", "loop"],
  ],
];

const builds: readonly Row[] = [
  [
    "a cut, a 500 and a lost answer",
    [
      fault(getBlob, passing({ cutAnswer: 1_000_000 })),
      fault(/^POST/, status(500)),
      fault(upload, passing({ cutRequest: 1_000_000 })),
      fault(finish, passing({ loseAnswer: true })),
    ],
    "done",
  ],
  ["a layer with other bytes", [fault(getBlob, flipped(1), always)], [6, "SLIP_DIGEST_MISMATCH"]],
  ["a registry that takes nothing", [fault(/^POST/, status(403), always)], [6, "SLIP_UNAUTHORIZED"]],
];

describe.skipIf(why !== undefined)(`a registry in trouble${because}`, () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  const source = join(lab.folder, "source");
  let registry: DockerRegistry;
  let count = 0;

  const slipway = (store: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    start(args, { store, env: { ...env, ...more } }).ended;

  const tagIn = async (name: string): Promise<string | null> => {
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const url = `http://${registry.domain}/v2/${name}/manifests/1`;
    return (await fetch(url, { method: "HEAD", headers: { accept } })).headers.get("docker-content-digest");
  };

  const expectTold = ({ code, stderr }: Ended, wanted: Row[2]): void => {
    const errors = stderr.match(/^ERROR: .*/gm) ?? [];
    if (wanted === "done") return expect([code, errors]).toEqual([0, []]);
    const [exit, ...texts] = wanted;
    expect([code, errors]).toEqual([exit, [expect.any(String)]]);
    for (const text of texts) expect(stderr).toContain(text);
    // One line says it all.
    expect(errors[0]!.length).toBeLessThan(400);
  };

  const expectFew = (proxy: FaultProxy, connections: number): void =>
    expect(proxy.mostConnections()).toBeLessThanOrEqual(connections);

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    using client = openRegistries({ env: {} });
    await client.push({ domain: registry.domain, path: "team/app", tag: "1" }, image.content, testCtx());
    await slipway(source, ["pull", `${registry.domain}/team/app:1`]);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  describe.concurrent("with all that goes wrong", () => {
    test.each(pulls)("is pulled from: %s", async (_name, faults, wanted) => {
      const store = join(lab.folder, `pull-${count++}`);
      await using proxy = await startFaultProxy(registry.domain, faults);
      expectTold(await slipway(store, ["pull", `${proxy.domain}/team/app:1`]), wanted);
      expectFew(proxy, 6);
      expect(await lab.verify(store)).toEqual([]);
    });

    test.each(pushes)("is pushed to: %s", async (_name, faults, wanted) => {
      const path = `pushed/number-${count++}`;
      await using proxy = await startFaultProxy(registry.domain, faults);
      const name = `${proxy.domain}/${path}:1`;
      await slipway(source, ["tag", `${registry.domain}/team/app:1`, name]);
      expectTold(await slipway(source, ["push", name]), wanted);
      expectFew(proxy, 6);
      // What was not all pushed has no tag.
      expect(await tagIn(path)).toBe(wanted === "done" ? image.manifest.descriptor.digest : null);
    });

    test.each(builds)("is built from and pushed to, over two connections: %s", async (_name, faults, wanted) => {
      const [store, path] = [join(lab.folder, `build-${count++}`), `built/number-${count}`];
      await using proxy = await startFaultProxy(registry.domain, faults);
      const config = join(lab.folder, `${count}.json`);
      writeFileSync(config, JSON.stringify({ registries: { [proxy.domain]: { connections: 2 } } }));
      const app = `${proxy.domain}/team/app:1`;
      const context = lab.context({
        Dockerfile: `FROM scratch\nCOPY --from=${app} /large /copy\nCOPY --from=${app} /small /\n`,
      });
      const args = ["build", "--progress=plain", "--push", "-t", `${proxy.domain}/${path}:1`, context];
      expectTold(await slipway(store, args, { SLIPWAY_CONFIG: config }), wanted);
      expectFew(proxy, 2);
      expect(await lab.verify(store)).toEqual([]);
      expect((await tagIn(path)) !== null).toBe(wanted === "done");
    });
  });

  test("a pull and a push that are killed while bytes go leave a store that goes on", async () => {
    let running: Running | undefined;
    const kill = (): false => {
      if (running) killGroup(running.child);
      return false;
    };
    await using proxy = await startFaultProxy(registry.domain, [
      fault(getBlob, kill, always),
      fault(upload, kill, always),
    ]);
    const [name, other] = [`${proxy.domain}/team/app:1`, `${proxy.domain}/killed/app:1`];
    const pulled = join(lab.folder, "killed");
    await slipway(source, ["tag", `${registry.domain}/team/app:1`, other]);
    for (const [store, args] of [
      [pulled, ["pull", name]],
      [source, ["push", other]],
    ] as const) {
      running = start(args, { store, env });
      expect((await running.ended).code).toBe(null);
      running = undefined;
      expect([await lab.verify(store), await tagIn("killed/app")]).toEqual([[], null]);
      expect((await slipway(store, args)).code).toBe(0);
    }
    expect(await tagIn("killed/app")).toBe(image.manifest.descriptor.digest);
  });

  test("two pulls at once bring each blob once; one that is interrupted says so", async () => {
    const store = join(lab.folder, "two");
    await using slow = await startFaultProxy(registry.domain, [fault(getBlob, late(700), always)]);
    const name = `${slow.domain}/team/app:1`;
    const both = await Promise.all([slipway(store, ["pull", "-q", name]), slipway(store, ["pull", "-q", name])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(slow.requests.filter((line) => getBlob.test(line))).toHaveLength(1);
    const running = start(["pull", name], { store: join(lab.folder, "interrupted"), env });
    await until(() => slow.requests.filter((line) => getBlob.test(line)).length > 1);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, expect.stringMatching(/cancel/i)]);
    expect(await lab.verify(join(lab.folder, "interrupted"))).toEqual([]);
  });

  test("what was left behind by all that is in order", async () => {
    expect(await lab.verify(source)).toEqual([]);
    const pulled = join(lab.folder, "pull-0");
    expect((await slipway(pulled, ["pull", `${registry.domain}/team/app:1`])).code).toBe(0);
    expect((await slipway(pulled, ["du"])).code).toBe(0);
    expect((await slipway(pulled, ["rmi", `${registry.domain}/team/app:1`])).code).toBe(0);
    expect((await slipway(pulled, ["prune", "--all", "--force"])).code).toBe(0);
    expect((await slipway(pulled, ["images", "-q"])).stdout).toBe("");
    expect(await lab.verify(pulled)).toEqual([]);
  });
});
