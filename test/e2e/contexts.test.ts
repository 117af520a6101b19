import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { build, checkDockerfile } from "../../src/index.ts";
import { makeRepository, serveGit } from "../support/git-server.ts";
import { because, openLab, whyNoLab, writeFiles } from "./support/lab.ts";
import { killGroup, until } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`Build contexts${because}`, () => {
  const lab = openLab();

  /** A tar of files; gives its path. */
  function archive(name: string, files: Parameters<typeof writeFiles>[1], ...args: readonly string[]): string {
    const folder = join(lab.folder, `${name}-files`);
    writeFiles(folder, files);
    const tar = join(lab.folder, `${name}.tar`);
    execFileSync("tar", ["-C", folder, "--owner=0", "--group=0", ...args, "-cf", tar, "."]);
    return tar;
  }

  test("the library reads what it is given for -", async () => {
    await lab.ready();
    const tar = readFileSync(archive("library", { Dockerfile: "FROM scratch\nCOPY a /\n", a: "a\n" }));
    async function* input(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < tar.length; at += 1000) yield tar.subarray(at, at + 1000);
    }
    const first = await build({ context: "-", input: input(), store: lab.store });
    const again = await build({ context: "-", input: input(), store: lab.store });
    expect(again.imageId).toBe(first.imageId);
    expect(again.facts).toMatchObject({ steps: 1, cachedSteps: 1 });
    async function* dockerfile(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("FROM scratch\nCOPY nothere /\n");
    }
    await expect(build({ context: "-", input: dockerfile(), store: lab.store })).rejects.toMatchObject({
      code: "SLIP_COPY_NOT_FOUND",
      location: { file: "stdin" },
    });
    const report = await checkDockerfile({ context: "-", input: input(), store: lab.store });
    expect(report).toMatchObject({ file: "Dockerfile", findings: [] });
  });

  test("a killed build leaves nothing of an archive that it was unpacking", async () => {
    await lab.ready();
    const big = join(lab.folder, "big");
    mkdirSync(big);
    for (let at = 0; at < 3000; at++) writeFileSync(join(big, `file-${at}`), `${at}`.repeat(2000));
    const tar = archive("killed", { Dockerfile: "FROM scratch\nCOPY file-1 /\n" });
    execFileSync("tar", ["-C", big, "-rf", tar, "."]);
    const running = lab.start(["build", "--progress=json", "-"], { stdin: tar });
    await until(() => running.said().includes("the archive on standard input"));
    killGroup(running.child);
    await running.ended;
    expect(await lab.verify()).toEqual([]);
    expect(readdirSync(join(lab.store, "active"))).toEqual([]);
    expect(await lab.slipway(["build", "-"], { stdin: tar })).toMatchObject({ code: 0 });
  });

  test("a build from an archive that the cache answers is done without unpacking it", async () => {
    const tar = archive("cached", { Dockerfile: "FROM scratch\nCOPY a /\n", a: "a\n" });
    const first = await lab.slipway(["build", "-q", "-"], { stdin: tar });
    const snapshots = readdirSync(join(lab.store, "snapshots")).length;
    // No engine can be started here: the caller alone has to do.
    const again = await lab.slipway(["build", "-q", "-"], { stdin: tar, env: { PATH: "/nonexistent:/usr/bin/env" } });
    expect(again).toEqual(first);
    expect(readdirSync(join(lab.store, "snapshots"))).toHaveLength(snapshots);
  });

  test("checks and targets of what lies elsewhere", async () => {
    const folder = join(lab.folder, "git-checked");
    const repo = makeRepository(folder, "app.git");
    repo.commit({ Dockerfile: "from scratch AS One\nCOPY a /\n" });
    const server = await serveGit(folder);
    onTestFinished(() => server[Symbol.dispose]());
    const { code, stdout } = await lab.slipway(["build", "--check", `${server.url}/app.git`]);
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining("StageNameCasing") });
    const tar = archive("targets", { Dockerfile: "FROM scratch AS one\nFROM scratch AS two\n" });
    expect((await lab.slipway(["build", "--call=targets", "-"], { stdin: tar })).stdout).toMatch(/one[\s\S]*two/);
  });

  test("SOURCE_DATE_EPOCH=context is the time of the commit, or of the newest file of an archive", async () => {
    const folder = join(lab.folder, "git-epoch");
    const repo = makeRepository(folder, "app.git");
    repo.commit({ Dockerfile: "FROM scratch\nCOPY . /\n" });
    const server = await serveGit(folder);
    onTestFinished(() => server[Symbol.dispose]());
    const created = async (name: string): Promise<unknown> =>
      (JSON.parse((await lab.slipway(["inspect", name])).stdout) as readonly { Created: string }[])[0]?.Created;
    const args = ["build", "--build-arg", "SOURCE_DATE_EPOCH=context", "-t"];
    expect(await lab.slipway([...args, "epoch-git", `${server.url}/app.git`])).toMatchObject({ code: 0 });
    expect(await created("epoch-git")).toMatch(/^2020-09-13T12:27:40/);
    const tar = archive("epoch", { Dockerfile: "FROM scratch\nCOPY . /\n" }, "--mtime=@1500000000");
    expect(await lab.slipway([...args, "epoch-tar", "-"], { stdin: tar })).toMatchObject({ code: 0 });
    expect(await created("epoch-tar")).toMatch(/^2017-07-14T02:40:00/);
  });
});

describe.skipIf(whyNoLab)(`Images from layouts and by digest${because}`, () => {
  const lab = openLab();

  interface Layout {
    readonly folder: string;
    readonly index: { readonly manifests: readonly { readonly digest: string }[] };
    blob(digest: string): string;
  }

  /** Builds an image of three layers, one of which takes away what is in another, and saves it as a layout. */
  async function makeLayout(name: string, ...output: readonly string[]): Promise<Layout> {
    const context = lab.context({
      Dockerfile:
        "FROM base\nRUN mkdir -p /d/e && echo a > /d/a && echo b > /d/b && echo c > /d/e/c\nRUN rm /d/a && rm -r /d/e && mkdir /d/e && echo new > /d/e/new\nENV A=1\n",
    });
    const folder = join(lab.folder, name);
    await lab.build(context, "-t", name, "-o", ["type=oci", "tar=false", `dest=${folder}`, ...output].join(","));
    return {
      folder,
      index: JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as Layout["index"],
      blob: (digest) => join(folder, "blobs/sha256", digest.slice(7)),
    };
  }

  const use = (layout: Layout, suffix = ""): readonly string[] => [
    "--build-context",
    `parent=oci-layout://${layout.folder}${suffix}`,
  ];

  test.each(["gzip", "zstd", "uncompressed"])("layers of %s with what they take away", async (compression) => {
    const layout = await makeLayout(`layers-${compression}`, `compression=${compression}`);
    const other = join(lab.folder, `other-${compression}`);
    await lab.slipway(["images"], { store: other });
    const context = lab.context({ Dockerfile: "FROM parent\nCOPY --from=parent /d /again\n" });
    const tar = join(lab.folder, `${compression}.tar`);
    // A store that has never seen the layers.
    const ended = await lab.slipway(["build", ...use(layout), "-o", `type=tar,dest=${tar}`, "-t", "child", context], {
      store: other,
    });
    expect(ended).toMatchObject({ code: 0 });
    const list = execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).split("\n");
    expect(list.filter((path) => /^(?:d|again)\//.test(path)).sort()).toEqual(
      ["again/", "again/b", "again/e/", "again/e/new", "d/", "d/b", "d/e/", "d/e/new"].sort(),
    );
    const [own, imported] = await Promise.all(
      [lab.store, other].map(async (store) => {
        const { stdout } = await lab.slipway(["inspect", store === other ? "child" : `layers-${compression}`], {
          store,
        });
        return (JSON.parse(stdout) as readonly { RootFS: { Layers: readonly string[] } }[])[0]?.RootFS.Layers;
      }),
    );
    // The very layers, so that they need not be sent again.
    expect(imported?.slice(0, own?.length)).toEqual(own);
    expect(await lab.verify(other)).toEqual([]);
  });

  test("a layout is read once; another tag of the same image is a hit", async () => {
    const layout = await makeLayout("once");
    const context = lab.context({ Dockerfile: "FROM parent\nRUN cat /d/b > /read\n" });
    await lab.build(context, ...use(layout));
    // Its layers are not needed any more.
    for (const { digest } of layout.index.manifests) {
      const manifest = JSON.parse(readFileSync(layout.blob(digest), "utf8")) as {
        layers: readonly { digest: string }[];
      };
      for (const layer of manifest.layers) rmSync(layout.blob(layer.digest));
    }
    const again = await lab.build(context, ...use(layout, `:latest@${layout.index.manifests[0]?.digest}`));
    expect(again.steps["RUN cat /d/b > /read"]).toBe("cached");
  });

  test("what an image of a layout is called by digest finds it in the store", async () => {
    const layout = await makeLayout("by-digest");
    const digest = layout.index.manifests[0]?.digest as string;
    const first = lab.context({ Dockerfile: "FROM parent\n" });
    await lab.build(first, ...use(layout));
    const context = lab.context({ Dockerfile: `FROM anything/at-all:tag@${digest}\nRUN test "$A" = 1\n` });
    expect((await lab.build(context)).steps[`RUN test "$A" = 1`]).toBe("ran");
    const { stdout } = await lab.slipway(["images", "--no-trunc", "-q", "by-digest"]);
    const id = stdout.trim().split("\n")[0] as string;
    expect(id).toMatch(/^sha256:/);
    await lab.build(lab.context({ Dockerfile: `FROM by-digest@${id}\n` }));
    const wrong = await lab.slipway([
      "build",
      "--progress=plain",
      "--base-images=archive",
      lab.context({ Dockerfile: `FROM other@${id}\n` }),
    ]);
    expect(wrong.code).toBe(5);
    expect(wrong.stderr).toContain("nothing in the store has that digest (SLIP_IMAGE_UNKNOWN)");
  });

  const damages: readonly (readonly [string, (layout: Layout) => void, string])[] = [
    [
      "a manifest that was changed",
      (layout) => damage(layout.blob(layout.index.manifests[0]?.digest as string)),
      "SLIP_DIGEST_MISMATCH",
    ],
    ["a layer that was changed", (layout) => damage(layerOf(layout)), "SLIP_DIGEST_MISMATCH"],
    ["a layer that is missing", (layout) => rmSync(layerOf(layout)), "SLIP_OCI_INVALID"],
    ["a layer that is cut", (layout) => cut(layerOf(layout)), "SLIP_DIGEST_MISMATCH"],
    ["a layer whose tar is another", relayer, "SLIP_DIGEST_MISMATCH"],
    ["no version", (layout) => writeFileSync(join(layout.folder, "oci-layout"), "{}"), "SLIP_OCI_INVALID"],
  ];

  test.each(damages)("%s is refused, and nothing of it stays", async (what, harm, code) => {
    const layout = await makeLayout(`harm-${what.replaceAll(" ", "-")}`);
    harm(layout);
    const other = join(lab.folder, `store-${what.replaceAll(" ", "-")}`);
    const context = lab.context({ Dockerfile: "FROM parent\nRUN true\n" });
    const ended = await lab.slipway(["build", "--progress=plain", ...use(layout), context], { store: other });
    expect(ended.stderr).toContain(`(${code})`);
    expect(ended.stderr).toContain(">>> FROM parent");
    expect(await lab.verify(other)).toEqual([]);
    expect((await lab.slipway(["images", "-q", "-a"], { store: other })).stdout).toBe("");
  });

  function layerOf(layout: Layout): string {
    const manifest = JSON.parse(readFileSync(layout.blob(layout.index.manifests[0]?.digest as string), "utf8")) as {
      layers: readonly { digest: string }[];
    };
    return layout.blob(manifest.layers[0]?.digest as string);
  }

  function damage(path: string): void {
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(path, bytes);
  }

  function cut(path: string): void {
    writeFileSync(path, readFileSync(path).subarray(0, statSync(path).size - 10));
  }

  /** Puts another archive in a layer's place, and makes the manifest say so; the configuration still has the old one. */
  function relayer(layout: Layout): void {
    const old = layout.index.manifests[0]?.digest as string;
    const text = readFileSync(layout.blob(old), "utf8");
    const manifest = JSON.parse(text) as { layers: { digest: string; size: number }[] };
    const first = manifest.layers[0] as { digest: string; size: number };
    const tar = execFileSync("tar", ["-C", layout.folder, "-cz", "oci-layout"]);
    const add = (bytes: Buffer): string => {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      writeFileSync(layout.blob(digest), bytes);
      return digest;
    };
    Object.assign(first, { digest: add(tar), size: tar.length });
    const changed = Buffer.from(JSON.stringify(manifest));
    const digest = add(changed);
    const index = readFileSync(join(layout.folder, "index.json"), "utf8");
    writeFileSync(
      join(layout.folder, "index.json"),
      index.replaceAll(old, digest).replaceAll(`"size":${Buffer.byteLength(text)}`, `"size":${changed.length}`),
    );
  }
});
