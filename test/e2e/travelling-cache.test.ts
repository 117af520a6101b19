import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { type FaultProxy, startFaultProxy } from "../registry/support/fault-proxy.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf, stepsOf } from "./support/slipway.ts";
import { readTree } from "./support/tar-tree.ts";

const accept = "application/vnd.oci.image.manifest.v1+json";
const why = whyNoLab ?? whyNoDockerRegistry;

describe.skipIf(why !== undefined)(`a cache that travels${why === whyNoLab ? because : ` (skipped: ${why})`}`, () => {
  const lab = openLab();
  let registry: DockerRegistry;
  let proxy: FaultProxy;
  let refusing: ((request: string) => boolean) | undefined;
  const env = { HOME: lab.folder, SLIPWAY_CONFIG: "" };
  const at = (name: string): string => `${proxy.domain}/${name}`;

  /** Another machine: its own store, empty but for the OCI runtime, which would have to be brought each time. */
  const machine = (name: string) => {
    const [store, runtime] = [join(lab.folder, name), join(lab.store, "runtime")];
    mkdirSync(store);
    if (existsSync(runtime)) execFileSync("cp", ["-a", runtime, store]);
    return { store, env };
  };
  type Machine = ReturnType<typeof machine>;

  const build = async (on: Machine, context: string, ...args: readonly string[]) => {
    proxy.requests.length = 0;
    const ended = await lab.slipway(["build", "--progress=json", ...args, context], on);
    if (ended.code !== 0) throw new Error(ended.stderr);
    const events = eventsOf(ended.stderr);
    const steps = stepsOf(ended.stderr);
    return {
      ...ended,
      id: events.findLast(({ imageId }) => imageId !== undefined)?.imageId,
      ran: Object.keys(steps).filter((text) => steps[text] === "ran" && /^(RUN|COPY|WORKDIR)/.test(text)),
      cached: Object.keys(steps).filter((text) => steps[text] === "cached" && /^(RUN|COPY|WORKDIR)/.test(text)),
      from: new Set(events.flatMap((event) => ("from" in event ? [event.from] : []))),
      warnings: events.flatMap(({ type, message }) => (type === "warning" && message !== undefined ? [message] : [])),
      whys: events.flatMap(({ type, text }) => (type === "step-why" && text !== undefined ? [text] : [])),
      /** Digests of blobs that were fetched. */
      fetched: proxy.requests.flatMap((request) => /^GET .*\/blobs\/(sha256:[0-9a-f]{64})/.exec(request)?.[1] ?? []),
    };
  };

  const files = (change: Readonly<Record<string, string>> = {}) => ({
    Dockerfile: `
      FROM ${at("team/base:1")} AS tools
      COPY tool /tool
      RUN cat /tool > /made && cat /proc/sys/kernel/random/uuid > /tools-id
      FROM ${at("team/base:1")} AS build
      ARG TOKEN FLAVOUR=plain
      COPY --from=tools /made /made
      COPY src /src
      RUN --mount=type=bind,from=tools,source=/made,target=/t cat /t /src/* > /app && echo $FLAVOUR >> /app
      FROM ${at("team/base:1")}
      COPY --from=build /app /app
      COPY --link conf /conf
      RUN cat /conf /app > /done
    `.replaceAll(/^ +/gm, ""),
    tool: "tool\n",
    "src/a": "a\n",
    "src/b": "b\n",
    conf: "conf\n",
    ...change,
  });
  const all = 8;
  let baseLayers = 0;

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    proxy = await startFaultProxy(registry.domain, [
      ({ method, path, response }) => {
        if (!refusing?.(`${method} ${path}`)) return false;
        // Not 500, which is tried again and again.
        response.writeHead(400).end();
        return true;
      },
    ]);
    await lab.slipway(["tag", "base", at("team/base:1")]);
    const inspected = await lab.slipway(["inspect", "base"]);
    baseLayers = (JSON.parse(inspected.stdout) as [{ RootFS: { Layers: string[] } }])[0].RootFS.Layers.length;
    const { code, stderr } = await lab.slipway(["push", at("team/base:1")], { env });
    if (code !== 0) throw new Error(stderr);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  test("through a registry: all is hit, no layer is fetched; what changed fetches what it stands on", async () => {
    const ref = at("team/app:cache");
    const [one, two] = [machine("registry-1"), machine("registry-2")];
    const context = lab.context(files());
    const secret = "--build-arg=TOKEN=hunter2";
    const first = await build(
      one,
      context,
      secret,
      "--build-arg=FLAVOUR=sweet",
      "--cache-to",
      `type=registry,ref=${ref},mode=max`,
    );
    expect(first.ran).toHaveLength(all);
    const said = await (
      await fetch(`http://${registry.domain}/v2/team/app/manifests/cache`, { headers: { accept } })
    ).text();
    const { config } = JSON.parse(said) as { readonly config: { readonly digest: string } };
    const written = await (await fetch(`http://${registry.domain}/v2/team/app/blobs/${config.digest}`)).text();
    expect(written).toContain("RUN --mount=type=bind");
    expect(written).not.toMatch(/hunter2|sweet/);

    const plan = (on: Machine, ...args: readonly string[]) =>
      lab.slipway(["plan", secret, "--build-arg=FLAVOUR=sweet", ...args, context], on);
    const foreseen = await plan(two, "--cache-from", ref);
    expect([foreseen.code, foreseen.stdout]).toEqual([0, expect.stringContaining(`${all} steps cached, 0 to run`)]);
    expect((await plan(two, "--cache-from", at("team/none:cache"))).stderr).toContain("WARNING: The cache");
    // Nothing of it is kept.
    expect((await plan(two)).stdout).toMatch(/^0 steps cached/m);

    const second = await build(two, context, secret, "--build-arg=FLAVOUR=sweet", "--cache-from", ref);
    expect([second.ran, second.cached.length, second.id]).toEqual([[], all, first.id]);
    expect([...second.from]).toEqual([ref]);
    // The configurations of base and cache.
    expect(second.fetched).toHaveLength(2);
    const sizeOn = async (on: Machine): Promise<string> => {
      const listed = (await lab.slipway(["images", "--no-trunc"], on)).stdout.split("\n");
      return listed.find((line) => line.includes(first.id ?? "none"))?.split(/ {2,}/)[4] ?? "not listed";
    };
    // The cache knows what the layers take when they are unpacked.
    expect(await sizeOn(two)).toBe(`${await sizeOn(one)} (not fetched)`);

    const pushed = await build(
      two,
      context,
      secret,
      "--build-arg=FLAVOUR=sweet",
      "--cache-from",
      ref,
      "--push",
      "-t",
      at("team/app:1"),
    );
    expect([pushed.ran, pushed.fetched]).toEqual([[], []]);

    writeFileSync(join(context, "conf"), "other\n");
    const third = await build(two, context, secret, "--build-arg=FLAVOUR=sweet", "--cache-from", ref);
    expect(third.ran).toEqual(["COPY --link conf /conf", "RUN cat /conf /app > /done"]);
    expect(third.whys).toEqual(["conf changed", "it follows [stage-2 3/4] COPY --link conf /conf"]);
    // The base's layers, and that of /app.
    expect(third.fetched).toHaveLength(baseLayers + 1);

    const changed = await build(two, context, secret, "--build-arg=FLAVOUR=sour", "--cache-from", ref);
    expect(changed.whys[0]).toBe("build argument FLAVOUR changed (its value is not shown)");
    expect(changed.ran).not.toContain("COPY --from=tools /made /made");
    const planned = await lab.slipway(["plan", secret, "--build-arg=FLAVOUR=sour", context], two);
    expect(planned.stdout).not.toMatch(/ run +(COPY|RUN)/);
    expect(await lab.verify(two.store)).toEqual([]);
  });

  test("mode=min and an inline cache lead through stages that did not travel", async () => {
    const [one, two, three] = [machine("min-1"), machine("min-2"), machine("min-3")];
    const [cache, image] = [at("team/min:cache"), at("team/min:image")];
    const context = lab.context(files());
    const to = ["--cache-to", `type=registry,ref=${cache}`, "--cache-to", "type=inline", "--push", "-t", image];
    const first = await build(one, context, ...to);
    // The image is the same, whether or not its steps had to run.
    expect((await build(one, context, ...to)).id).toBe(first.id);

    const second = await build(two, context, "--cache-from", cache);
    expect([second.ran, second.cached.length, second.fetched.length]).toEqual([[], all, 2]);
    const third = await build(
      three,
      context,
      "--cache-from",
      `type=registry,ref=${image}`,
      "--cache-to",
      "type=inline",
    );
    expect([third.ran, third.cached.length, third.id]).toEqual([[], all, first.id]);

    // What is taken from another stage is another: the stages that did not travel are built, and then the rest.
    writeFileSync(join(context, "src/a"), "changed\n");
    const changed = await build(three, context, "--cache-from", image);
    expect(changed.ran).toContain("COPY tool /tool");
    expect(changed.ran).toContain("RUN cat /conf /app > /done");
    const tar = join(lab.folder, "min.tar");
    await build(three, context, "-o", `type=tar,dest=${tar}`);
    expect(readTree(tar).get("done")?.content?.toString()).toContain("changed\n");
    expect(await lab.verify(three.store)).toEqual([]);
  });

  test("a folder holds caches of several builds, and a machine without network reads them", async () => {
    const [one, two] = [machine("local-1"), machine("local-2")];
    const folder = join(lab.folder, "cache-folder");
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY a /a\nCOPY b /b\n", a: "a\n", b: "b\n" });
    const to = (tag: string): string => `type=local,dest=${folder},tag=${tag},compression=gzip`;
    await build(one, context, "--cache-to", to("main"));
    writeFileSync(join(context, "b"), "other\n");
    await build(one, context, "--cache-to", to("branch"));
    expect(readdirSync(join(folder, "blobs/sha256"))).toHaveLength(2 + 2 + 3);
    await build(one, context, "--cache-to", to("main"));
    // Both tags now are the same: what only the former main had is gone.
    expect(readdirSync(join(folder, "blobs/sha256"))).toHaveLength(1 + 1 + 2);
    writeFileSync(join(context, "b"), "b\n");
    const second = await build(two, context, "--cache-from", `type=local,src=${folder},tag=branch`);
    expect(second.ran).toEqual(["COPY b /b"]);
    expect(second.whys).toEqual(["b changed"]);

    // What a cache leads to may be gone by the time that it is needed.
    const three = machine("local-3");
    const from = `type=local,src=${folder},tag=main`;
    expect((await build(three, context, "--cache-from", from)).ran).toEqual(["COPY b /b"]);
    for (const name of readdirSync(join(folder, "blobs/sha256"))) {
      const file = join(folder, "blobs/sha256", name);
      if (readFileSync(file)[0] === 0x1f) rmSync(file);
    }
    const four = machine("local-4");
    writeFileSync(join(context, "b"), "once more\n");
    const lost = await build(four, context, "--cache-from", from);
    expect(lost.warnings).toEqual([expect.stringContaining(`Layers of the cache ${folder} cannot be had: `)]);
    expect(lost.ran).toEqual(["COPY a /a", "COPY b /b"]);
    expect(await lab.verify(four.store)).toEqual([]);
  });

  test("cache mounts travel when they are asked for, and only when a step wants them are they fetched", async () => {
    const [one, two, three] = [machine("mounts-1"), machine("mounts-2"), machine("mounts-3")];
    const ref = at("team/mounts:cache");
    const dockerfile = `
      FROM ${at("team/base:1")}
      COPY a /a
      RUN --mount=type=cache,id=npm,target=/cache,mode=0750,uid=1234 echo x >> /cache/log && wc -l < /cache/log > /count
      RUN --mount=type=cache,id=large,target=/cache head -c 3000000 /dev/zero > /cache/zeros
    `.replaceAll(/^ +/gm, "");
    const context = lab.context({ Dockerfile: dockerfile, a: "a\n" });
    const to = ["--cache-to", `type=registry,ref=${ref},mode=max,mounts=npm,large,none,mounts-max=1m`];
    const first = await build(one, context, ...to);
    expect(first.warnings).toEqual([
      "The cache mount large is left out of the cache: its files take more than 1.05MB",
      "The cache mount none is left out of the cache: there is none of that id",
    ]);
    // A machine where nothing has to run passes on what it was given.
    const second = await build(two, context, "--cache-from", ref, ...to);
    expect([second.ran, second.fetched.length]).toEqual([[], 2]);
    writeFileSync(join(context, "a"), "other\n");
    const tar = join(lab.folder, "mounts.tar");
    const third = await build(three, context, "--cache-from", ref, "-o", `type=tar,dest=${tar}`);
    expect(third.ran).toHaveLength(3);
    expect(readTree(tar).get("count")?.content?.toString()).toBe("2\n");
    expect((await lab.slipway(["cache", "ls"], three)).stdout).toContain("npm");
  });

  test("what cannot be read or written is a warning; ignore-error=false makes it an error", async () => {
    const one = machine("broken");
    const ref = at("team/broken:cache");
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: "a\n" });
    const missing = await build(one, context, "--cache-from", ref, "--cache-from", "127.0.0.1:1/x:y");
    expect(missing.warnings).toEqual([
      expect.stringContaining(`The cache ${ref} is not used: `),
      expect.stringContaining("The cache 127.0.0.1:1/x:y is not used: "),
    ]);
    expect(missing.ran).toEqual(["COPY a /a"]);
    refusing = (request) => /^PUT .*\/manifests\//.test(request);
    try {
      const to = `type=registry,ref=${ref}`;
      const failed = await build(one, context, "--cache-to", to);
      expect(failed.warnings).toEqual([expect.stringContaining(`The cache ${ref} is not written: `)]);
      const strict = await lab.slipway(["build", "--cache-to", `${to},ignore-error=false`, context], one);
      expect([strict.code, strict.stderr]).toEqual([6, expect.stringContaining("(SLIP_REGISTRY)")]);
    } finally {
      refusing = undefined;
    }
    const plain = await build(machine("plain"), context, "--cache-from", at("team/base:1"));
    expect(plain.warnings).toEqual([expect.stringContaining("it is an image without a cache in it")]);
    expect(plain.whys).toEqual(["never built before"]);
  });
});
