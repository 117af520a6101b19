import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { build, type BuildResult, load as loadArchive, save } from "../../src/index.ts";
import { startDockerd, whyNoContainerdStore, whyNoDockerd } from "./dockerd.ts";

const because = (why: string | undefined): string => (why === undefined ? "" : ` (skipped: ${why})`);
const stores = [
  ["graph drivers", [], whyNoDockerd],
  ["containerd", ["--feature", "containerd-snapshotter=true"], whyNoContainerdStore()],
] as const;

describe.each(stores)("build --load into a Docker Engine that keeps images by %s", (_name, flags, why) => {
  test.skipIf(why)(`sends what the engine lacks, under all names${because(why)}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-load-"));
    const store = join(folder, "store");
    const context = join(folder, "context");
    mkdirSync(context);
    writeFileSync(join(context, "large"), Buffer.alloc(3_000_000, "large"));
    writeFileSync(join(context, "small"), "small");
    const before = process.env["DOCKER_HOST"];
    try {
      await using dockerd = await startDockerd(join(folder, "docker"), flags);
      await using counter = await countedProxy(dockerd.host, join(folder, "proxy.sock"));
      process.env["DOCKER_HOST"] = counter.host;
      const load = async (dockerfile: string, ...tags: readonly string[]): Promise<BuildResult> => {
        writeFileSync(join(context, "Dockerfile"), dockerfile);
        counter.sent = 0;
        return build({ context, tags, store, outputs: [{ type: "docker", attributes: {} }] });
      };

      await load("FROM scratch\nCOPY large /\n", "loaded:1");
      expect(counter.sent).toBeGreaterThan(3_000_000);
      const made = await load("FROM loaded:1\nCOPY small /\nLABEL a=b\n", "loaded:2", "other:2");
      expect(counter.sent).toBeLessThan(100_000);
      expect(made.outputs).toMatchObject([
        { type: "load", dest: counter.host, names: ["docker.io/library/loaded:2", "docker.io/library/other:2"] },
      ]);
      const [image] = JSON.parse(dockerd.docker("image", "inspect", "other:2"));
      expect(image.Id).toBe(made.outputs[0]!.digest);
      expect(image.RootFS.Layers).toHaveLength(2);
      const container = dockerd.docker("create", "--network", "none", "loaded:2", "/x").trim();
      expect(dockerd.docker("cp", `${container}:/small`, "-")).toContain("small");
      expect(dockerd.docker("cp", `${container}:/large`, "-").length).toBeGreaterThan(3_000_000);

      const saved = join(folder, "saved.tar");
      dockerd.docker("save", "-o", saved, "loaded:2");
      const other = { store: join(folder, "other") };
      const [loaded] = await loadArchive({ file: saved, ...other });
      expect(loaded).toEqual({ imageId: made.imageId, platform: expect.any(String), names: ["loaded:2"] });
      await save({ images: ["loaded:2"], type: "docker", dest: join(folder, "back.tar"), ...other });
      expect(dockerd.docker("load", "-i", join(folder, "back.tar"))).toContain("Loaded image: loaded:2");

      dockerd.docker("rm", container);
      dockerd.docker("rmi", "-f", "loaded:1", "loaded:2", "other:2");
      await load("FROM loaded:1\nCOPY small /\nLABEL a=b\n", "loaded:2");
      expect(counter.sent).toBeGreaterThan(3_000_000);
      const again = dockerd.docker("create", "--network", "none", "loaded:2", "/x").trim();
      expect(dockerd.docker("cp", `${again}:/large`, "-").length).toBeGreaterThan(3_000_000);
    } finally {
      if (before === undefined) delete process.env["DOCKER_HOST"];
      else process.env["DOCKER_HOST"] = before;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Counts the bytes that go to the engine. */
async function countedProxy(
  to: string,
  path: string,
): Promise<AsyncDisposable & { readonly host: string; sent: number }> {
  const server = createServer((client) => {
    const engine = createConnection(to.replace("unix://", ""));
    client.on("data", (chunk) => (counter.sent += chunk.length));
    client.pipe(engine).pipe(client);
    for (const [end, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      end.on("error", () => other.destroy());
    }
  });
  const counter = {
    host: `unix://${path}`,
    sent: 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return counter;
}
