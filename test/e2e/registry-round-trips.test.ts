import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { FakeRegistry } from "../registry/support/fake-registry.ts";
import { openLab, whyNoLab } from "./support/lab.ts";
import type { Ended } from "./support/slipway.ts";
import { readTree } from "./support/tar-tree.ts";

const missing = ["skopeo", "umoci"].find((program) => spawnSync(program, ["--version"]).status !== 0);
const why = whyNoLab ?? whyNoDockerRegistry ?? (missing === undefined ? undefined : `no program ${missing}`);
const because = why === undefined ? "" : ` (skipped: ${why})`;

const dockerfile = `
FROM base AS made
RUN mkdir /data && echo one > /data/one && ln /data/one /data/hard && ln -s one /data/soft && chmod 4755 /data/one
RUN rm /etc/group && mv /data/one /data/two
FROM base
COPY --from=made --chown=12:34 /data /data
ENV A=1
LABEL b=2
USER 12:34
`;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform?: { readonly architecture: string };
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

describe.skipIf(why !== undefined)(`what goes to a registry and comes back${because}`, () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  let registry: DockerRegistry;
  let stores = 0;

  const at = (name: string): string => `${registry.domain}/${name}`;
  const raw = async (name: string, reference: string): Promise<Buffer> => {
    const types = ["vnd.oci.image.manifest.v1", "vnd.oci.image.index.v1", "vnd.docker.distribution.manifest.v2"];
    const accept = types.map((type) => `application/${type}+json`).join(", ");
    const answer = await fetch(`http://${registry.domain}/v2/${name}/${reference}`, { headers: { accept } });
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  };
  const manifestOf = async (name: string, tag: string): Promise<Manifest> =>
    JSON.parse((await raw(name, `manifests/${tag}`)).toString()) as Manifest;
  const skopeo = (...args: readonly string[]): string =>
    execFileSync("skopeo", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const copy = (from: string, to: string, ...more: readonly string[]): string =>
    skopeo("copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", ...more, `docker://${at(from)}`, to);
  const good = async (args: readonly string[], store?: string): Promise<Ended> => {
    const ended = await lab.slipway(args, store === undefined ? { env } : { env, store });
    if (ended.code !== 0) throw new Error(`${args.join(" ")}: ${ended.stderr}`);
    return ended;
  };
  /** Another machine. */
  const freshStore = (): string => join(lab.folder, `store-${stores++}`);
  /** An OCI archive as a folder. */
  const unpacked = (archive: string): string => {
    const folder = `${archive}.d`;
    mkdirSync(folder);
    execFileSync("tar", ["-xf", archive, "-C", folder]);
    return folder;
  };

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    await good([
      "build",
      "-q",
      "-t",
      at("ours/app:1"),
      "-t",
      at("ours/app:2"),
      lab.context({ Dockerfile: dockerfile }),
    ]);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("manifest, configuration and layers are the same bytes after push, pull and save", async () => {
    const pushed = await good(["push", "--all-tags", at("ours/app")]);
    const bytes = await raw("ours/app", "manifests/1");
    expect(pushed.stdout).toBe(["1", "2"].map((tag) => `${at("ours/app")}:${tag}@${sha256(bytes)}\n`).join(""));
    const store = freshStore();
    const pulled = await good(["pull", "--all-tags", at("ours/app")], store);
    expect(pulled.stdout.split("\n").sort()).toEqual(["", at("ours/app:1"), at("ours/app:2")]);
    const archive = join(lab.folder, "saved.tar");
    await good(["save", "--format=oci", "-o", archive, at("ours/app:1")], store);
    const layout = unpacked(archive);
    const [entry] = (JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as Required<Manifest>).manifests;
    expect(entry?.digest).toBe(sha256(bytes));
    const { config, layers } = JSON.parse(bytes.toString()) as Manifest;
    for (const { digest } of [config, ...layers]) {
      const saved = readFileSync(join(layout, "blobs", digest.replace(":", "/")));
      expect(saved.equals(await raw("ours/app", `blobs/${digest}`))).toBe(true);
    }
    expect(await lab.verify(store)).toEqual([]);
  });

  test("skopeo and umoci see the same files as slipway", async () => {
    await good(["push", "-q", at("ours/app:1")]);
    copy("ours/app:1", `oci:${join(lab.folder, "copied")}:x`);
    const bundle = join(lab.folder, "bundle");
    execFileSync("umoci", ["unpack", "--image", `${join(lab.folder, "copied")}:x`, bundle], { stdio: "pipe" });
    const theirs = join(lab.folder, "theirs.tar");
    execFileSync("tar", ["--format=posix", "--sort=name", "-C", join(bundle, "rootfs"), "-cf", theirs, "."]);
    const ours = join(lab.folder, "ours.tar");
    const from = lab.context({ Dockerfile: `FROM ${at("ours/app:1")}\n` });
    await good(["build", "-q", "-o", `type=tar,dest=${ours}`, from], freshStore());
    const shown = (path: string): readonly string[] => {
      const tree = new Map([...readTree(path)].map(([name, found]) => [name.replace(/^\.\//, ""), found]));
      return [...tree]
        .map(([name, { type, mode, owner, link, body }]) => {
          // Which of two names is the link is nobody's business.
          const first = type === "hard link" ? tree.get(link.replace(/^\.\//, ""))?.body : body;
          const isFile = type === "file" || type === "hard link";
          return [name, mode, owner, isFile ? sha256(first ?? Buffer.alloc(0)) : `${type} ${link}`].join(" ");
        })
        .filter((line) => !/^\.? /.test(line))
        .sort();
    };
    expect(shown(ours)).toEqual(shown(theirs));
    const inspected = JSON.parse(skopeo("inspect", "--tls-verify=false", `docker://${at("ours/app:1")}`));
    expect(inspected).toMatchObject({ Labels: { b: "2" }, Env: expect.arrayContaining(["A=1"]) });
    expect(inspected.Layers).toEqual((await manifestOf("ours/app", "1")).layers.map(({ digest }) => digest));
  });

  test("an index of two platforms goes and comes as it is", async () => {
    const context = lab.context({
      Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /a\n",
      amd64: "x\n",
      arm64: "y\n",
    });
    const both = "linux/amd64,linux/arm64";
    await good(["build", "-q", `--platform=${both}`, "--push", "-t", at("both/app:1"), context]);
    const index = await raw("both/app", "manifests/1");
    copy("both/app:1", `docker://${at("theirs/both:1")}`, "--all");
    expect((await raw("theirs/both", "manifests/1")).equals(index)).toBe(true);
    const store = freshStore();
    for (const { digest, platform } of (JSON.parse(index.toString()) as Required<Manifest>).manifests) {
      const name = `${at("theirs/both")}@${sha256(index)}`;
      await good(["pull", "-q", `--platform=linux/${platform?.architecture}`, name], store);
      await good(["pull", "-q", `${at("theirs/both")}@${digest}`, `--platform=linux/${platform?.architecture}`], store);
    }
    expect(await lab.verify(store)).toEqual([]);
  });

  test("what skopeo pushed as docker's schema 2 and as zstd is pulled, and pushed on as it was", async () => {
    await good(["push", "-q", at("ours/app:1")]);
    copy("ours/app:1", `docker://${at("theirs/docker:1")}`, "--format=v2s2");
    const [open, zstd] = [join(lab.folder, "open"), join(lab.folder, "zstd")];
    copy("ours/app:1", `dir:${open}`, "--dest-decompress");
    skopeo("copy", "-q", "--dest-compress-format=zstd", `dir:${open}`, `oci:${zstd}:x`);
    skopeo(
      "copy",
      "-q",
      "--preserve-digests",
      "--dest-tls-verify=false",
      `oci:${zstd}:x`,
      `docker://${at("theirs/zstd:1")}`,
    );
    const shared = freshStore();
    for (const name of ["theirs/docker", "theirs/zstd"]) {
      const [bytes, store, copied] = [await raw(name, "manifests/1"), freshStore(), `again/${name}`];
      await good(["pull", "-q", at(`${name}:1`)], store);
      await good(["tag", at(`${name}:1`), at(`${copied}:1`)], store);
      await good(["push", "-q", at(`${copied}:1`)], store);
      expect((await raw(copied, "manifests/1")).equals(bytes)).toBe(true);
      // The second has the layers of the first, compressed in another way.
      await good(["pull", "-q", at(`${name}:1`)], shared);
    }
    expect(await lab.verify(shared)).toEqual([]);
    const both = await good(["images", "-q"], shared);
    expect(new Set(both.stdout.trim().split("\n")).size).toBe(1);
    const types = await Promise.all(["theirs/docker", "theirs/zstd"].map((name) => manifestOf(name, "1")));
    expect(types.map(({ layers }) => layers[0]?.mediaType)).toEqual([
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
      "application/vnd.oci.image.layer.v1.tar+zstd",
    ]);
  });

  test("an image whose layers' archives are gone is pushed all the same", async () => {
    const store = freshStore();
    await good(["push", "-q", at("ours/app:1")]);
    const kept = lab.context({ Dockerfile: `FROM ${at("ours/app:1")}\nCOPY kept /tmp/\n`, kept: "kept\n" });
    await good(["build", "-q", "-t", at("ours/kept:1"), kept], store);
    await good(["prune", "--all", "--force"], store);
    await good(["push", "-q", at("ours/kept:1")], store);
    const other = freshStore();
    const from = lab.context({ Dockerfile: `FROM ${at("ours/kept:1")}\n` });
    const tar = join(lab.folder, "kept.tar");
    await good(["build", "-q", "-o", `type=tar,dest=${tar}`, from], other);
    expect(readTree(tar).get("tmp/kept")?.content).toBe("kept\n");
  });
});

describe.skipIf(whyNoLab)("an image manifest of schema 1", () => {
  const lab = openLab();

  test("is refused, with what to do", async () => {
    const registry = new FakeRegistry({});
    await registry.listen();
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 1, name: "old", fsLayers: [] }));
    const mediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const { manifests, tags } = registry.repository("old");
    manifests.set(sha256(bytes), { mediaType, bytes });
    tags.set("latest", sha256(bytes));
    const pull = await lab.slipway(["pull", `${registry.domain}/old`], { store: join(lab.folder, "other") });
    registry.close();
    expect([pull.code, pull.stderr]).toEqual([
      3,
      expect.stringContaining("has an image manifest of schema 1 (SLIP_UNSUPPORTED)"),
    ]);
    expect(pull.stderr).toContain("push it again with a builder of today");
  });
});
