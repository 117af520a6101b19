import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, type BuildResult, inspectImage, save } from "../../src/index.ts";
import { startDockerd, whyNoDockerd } from "./dockerd.ts";
import { expected, run, whyNo, whyNoImage, writeContext } from "./saved-image.ts";

const because = (why: string | undefined): string => (why === undefined ? "" : ` (skipped: ${why})`);

describe.skipIf(whyNoImage)(`what slipway saves is accepted${because(whyNoImage)}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-peers-"));
  const store = join(folder, "store");
  const archive = { docker: join(folder, "docker.tar"), oci: join(folder, "oci.tar") };
  const layout = join(folder, "layout");
  let result: BuildResult;

  beforeAll(async () => {
    writeContext(join(folder, "context"));
    result = await build({ context: join(folder, "context"), tags: ["peers:test"], store, baseImages: "archive" });
    await save({ images: ["peers:test"], type: "docker", dest: archive.docker, store });
    await save({ images: ["peers:test"], type: "oci", dest: archive.oci, store });
    mkdirSync(layout);
    run("tar", ["-xf", archive.oci, "-C", layout]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(whyNoDockerd)(`by docker load, under the same id${because(whyNoDockerd)}`, async () => {
    const { config } = await inspectImage("peers:test", { store });
    await using dockerd = await startDockerd(join(folder, "dockerd"));
    expect(dockerd.docker("load", "-i", archive.docker)).toContain("Loaded image: peers:test");
    const [image] = JSON.parse(dockerd.docker("image", "inspect", "peers:test"));
    expect(image.Id).toBe(result.imageId);
    expect(image.RootFS.Layers).toEqual(config.rootfs.diff_ids);
    expect(image.Config).toMatchObject({
      Entrypoint: ["/bin/busybox"],
      Cmd: ["true"],
      WorkingDir: "/data",
      User: "12:34",
      Labels: { "of.test": "yes" },
      ExposedPorts: { "80/tcp": {} },
    });
    const container = dockerd.docker("create", "--network", "none", "peers:test").trim();
    dockerd.docker("export", "-o", join(folder, "exported.tar"), container);
    const entries = run("tar", ["-tf", join(folder, "exported.tar")]).split("\n");
    expect(entries.map((entry) => entry.replace(/\/$/, ""))).toEqual(expect.arrayContaining([...expected.present]));
    expect(entries.filter((entry) => expected.absent.some((path) => entry.startsWith(path)))).toEqual([]);
  });

  describe("several in one archive", () => {
    const several = { docker: join(folder, "several-docker.tar"), oci: join(folder, "several-oci.tar") };
    const names = ["peers:test", "peers:second"];
    let ids: readonly string[];

    beforeAll(async () => {
      const context = join(folder, "second");
      mkdirSync(context);
      writeFileSync(join(context, "Dockerfile"), "FROM peers:test\nLABEL second=yes\nWORKDIR /second\n");
      await build({ context, tags: ["peers:second"], store });
      ids = await Promise.all(names.map(async (name) => (await inspectImage(name, { store })).id));
      for (const type of ["docker", "oci"] as const) await save({ images: names, type, dest: several[type], store });
    });

    test.skipIf(whyNoDockerd)(`by docker load, each under its id${because(whyNoDockerd)}`, async () => {
      await using dockerd = await startDockerd(join(folder, "dockerd-several"));
      const said = dockerd.docker("load", "-i", several.docker);
      for (const [at, name] of names.entries()) {
        expect(said).toContain(`Loaded image: ${name}`);
        expect(JSON.parse(dockerd.docker("image", "inspect", name))[0].Id).toBe(ids[at]);
      }
    });

    test.skipIf(whyNo("skopeo"))(`by skopeo, each by its name${because(whyNo("skopeo"))}`, () => {
      for (const [at, name] of names.entries()) {
        const tag = name.slice("peers:".length);
        for (const source of [`docker-archive:${several.docker}:${name}`, `oci-archive:${several.oci}:${tag}`]) {
          const copy = join(folder, `several-${at}-${source.slice(0, 3)}`);
          run("skopeo", ["--insecure-policy", "copy", source, `dir:${copy}`]);
          const manifest = JSON.parse(readFileSync(join(copy, "manifest.json"), "utf8"));
          expect(manifest.config.digest).toBe(ids[at]);
        }
      }
    });
  });

  test.skipIf(whyNo("skopeo")).each(["docker-archive", "oci-archive", "oci"] as const)(
    `by skopeo, from %s${because(whyNo("skopeo"))}`,
    async (transport) => {
      const source = { "docker-archive": archive.docker, "oci-archive": archive.oci, oci: layout }[transport];
      const copy = join(folder, `skopeo-${transport}`);
      run("skopeo", ["--insecure-policy", "copy", `${transport}:${source}`, `oci:${copy}:copy`]);
      const inspected = JSON.parse(run("skopeo", ["--insecure-policy", "inspect", "--config", `oci:${copy}:copy`]));
      const { config } = await inspectImage("peers:test", { store });
      expect(inspected.rootfs.diff_ids).toEqual(config.rootfs.diff_ids);
      expect(inspected.config).toMatchObject({ Env: config.config!.Env, User: "12:34", WorkingDir: "/data" });
    },
  );

  test.skipIf(whyNo("umoci") ?? (process.getuid?.() === 0 ? undefined : "owners need root"))(
    `by umoci, which unpacks the same files${because(whyNo("umoci"))}`,
    () => {
      const [manifest] = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")).manifests;
      const tag = manifest.annotations["org.opencontainers.image.ref.name"];
      run("umoci", ["unpack", "--image", `${layout}:${tag}`, join(folder, "bundle")]);
      const rootfs = (path: string): string => join(folder, "bundle/rootfs", path);
      expect(
        expected.present.filter((path) => lstatSync(rootfs(path), { throwIfNoEntry: false }) === undefined),
      ).toEqual([]);
      expect(expected.absent.filter((path) => existsSync(rootfs(path)))).toEqual([]);
      const setuid = statSync(rootfs("data/setuid"));
      expect([setuid.mode & 0o7777, setuid.uid, setuid.gid]).toEqual([0o4750, 12, 34]);
      expect(statSync(rootfs("data/hard")).ino).toBe(statSync(rootfs("data/plain")).ino);
      expect(statSync(rootfs("data/twin")).ino).toBe(statSync(rootfs("data/anew/new")).ino);
    },
  );
});
