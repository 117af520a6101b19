import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { errorCodes } from "../../src/base/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string };
}
interface Document {
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly manifests: readonly Entry[];
  readonly layers: readonly Entry[];
}

const whyNoSkopeo = spawnSync("skopeo", ["--version"]).error && "no program skopeo";
const whyNoPush = whyNoDockerRegistry ?? whyNoSkopeo;

describe.skipIf(whyNoLab)(`Outputs${because}`, () => {
  const lab = openLab();
  const at = (name: string): string => join(lab.folder, name);
  const many = ["--platform", "linux/amd64,linux/arm64"];
  const json = (text: string | Buffer): Document => JSON.parse(text.toString());
  const both = (): string =>
    lab.context({
      Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY same /both/\nCOPY same /$TARGETARCH/file\n",
      same: "s".repeat(9000),
    });

  /** A layout in a folder, by what it says about itself. */
  function layout(folder: string): {
    readonly index: Document;
    readonly blob: (entry: Pick<Entry, "digest">) => Buffer;
  } {
    const blob = ({ digest }: Pick<Entry, "digest">): Buffer =>
      readFileSync(join(at(folder), "blobs/sha256", digest.slice(7)));
    return { index: json(readFileSync(join(at(folder), "index.json"))), blob };
  }

  test("an annotation for a platform that nothing is built for is refused before anything is built", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN exit 3\n" });
    const args = ["--annotation", "manifest[linux/vax]:k=v", "-o", `type=oci,dest=${at("vax.tar")}`, context];
    const { code, stderr } = await lab.slipway(["build", ...args]);
    expect([code, stderr]).toEqual([errorCodes.SLIP_OUTPUT, expect.stringContaining("k is for linux/vax")]);
  });

  test("several at once, each in its own form, with annotations where they were asked for, and the metadata of the last", async () => {
    const context = both();
    const args = [
      ["-o", "type=oci,tar=false,dest=zstd,compression=zstd,compression-level=5,annotation-index.of=index"],
      ["-o", `type=oci,tar=false,dest=docker,oci-mediatypes=true,compression=uncompressed,"name=a:1,b"`],
      ["-o", "type=local,dest=files", "-o", "type=tar,dest=files.tar"],
      ["--annotation", "of=all", "--annotation", "manifest[linux/arm64],manifest-descriptor[linux/arm64]:for=arm"],
      ["--metadata-file", "metadata.json", "--iidfile", "iid", "-q", "-t", "outputs:1", ...many],
    ].flat();
    const built = await lab.slipway(["build", ...args, context], { cwd: lab.folder });
    expect(built.stderr).toBe("");
    const { index, blob } = layout("zstd");
    const [root] = index.manifests;
    const images = json(blob(root!));
    expect(images.annotations).toEqual({ of: "index" });
    expect(images.manifests.map(({ annotations }) => annotations)).toEqual([undefined, { for: "arm" }]);
    const manifests = images.manifests.map((entry) => json(blob(entry)));
    expect(manifests.map(({ annotations }) => annotations)).toEqual([{ of: "all" }, { of: "all", for: "arm" }]);
    for (const { layers } of manifests) {
      for (const layer of layers) {
        expect(layer.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+zstd");
        expect(blob(layer).readUInt32LE(0)).toBe(0xfd2fb528);
        expect(sha256(blob(layer))).toBe(layer.digest);
      }
    }
    const plain = layout("docker");
    expect(plain.index.manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"])).toEqual([
      "docker.io/library/a:1",
      "docker.io/library/b:latest",
    ]);
    expect(readdirSync(at("files")).sort()).toEqual(["linux_amd64", "linux_arm64"]);
    const names = execFileSync("tar", ["-tf", at("files.tar")], { encoding: "utf8" }).split("\n");
    expect(names).toContain("linux_arm64/arm64/file");
    expect(readFileSync(at("iid"), "utf8")).toBe(built.stdout.trim());
    const [last] = plain.index.manifests;
    const provenance = expect.objectContaining({
      buildType: "urn:slipway:dockerfile-build:v1",
      invocation: expect.objectContaining({ environment: { platform: expect.stringContaining("linux/") } }),
    });
    expect(JSON.parse(readFileSync(at("metadata.json"), "utf8"))).toEqual({
      "buildx.build.provenance/linux/amd64": provenance,
      "buildx.build.provenance/linux/arm64": provenance,
      "buildx.build.ref": expect.stringMatching(/^slipway\/local\/[0-9a-f-]{36}$/),
      "containerimage.descriptor": { mediaType: last!.mediaType, digest: last!.digest, size: plain.blob(last!).length },
      "containerimage.digest": last!.digest,
      "image.name": "docker.io/library/a:1,docker.io/library/b:latest",
    });
  });

  test("one that fails ends the others, and leaves neither an id nor metadata", async () => {
    writeFileSync(at("stale"), "sha256:old");
    mkdirSync(at("taken"));
    writeFileSync(at("taken/work"), "");
    const args = ["-o", "type=oci,tar=false,dest=taken", "--iidfile", "stale", "--metadata-file", "none.json"];
    const ended = await lab.slipway(["build", ...args, both()], { cwd: lab.folder });
    expect(ended).toMatchObject({ code: 8, stdout: "" });
    expect(ended.stderr).toContain("the folder is not empty");
    expect([existsSync(at("stale")), existsSync(at("none.json"))]).toEqual([false, false]);
    expect(readdirSync(at("taken"))).toEqual(["work"]);
  });

  test("a tar on standard output comes alone, also with -q", async () => {
    const { stdout, stderr } = await lab.slipway([
      "build",
      "-q",
      "-o",
      "-",
      lab.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /only\n" }),
    ]);
    expect([stderr, execFileSync("tar", ["-t"], { input: stdout, encoding: "utf8" })]).toEqual(["", "only\n"]);
  });

  test("mode=delete leaves what the image has, and asks for leave outside of the working folder", async () => {
    const context = lab.context({
      Dockerfile: "FROM scratch\nCOPY keep /keep\nCOPY keep /deep/er/keep\n",
      keep: "new",
    });
    mkdirSync(at("work/out/deep/old"), { recursive: true });
    for (const name of ["keep", "gone", "deep/gone", "deep/old/gone"]) writeFileSync(at(`work/out/${name}`), "old");
    const build = (dest: string, ...more: readonly string[]) =>
      lab.slipway(["build", "-q", "-o", `type=local,dest=${dest},mode=delete`, ...more, context], { cwd: at("work") });
    expect((await build("out")).stderr).toBe("");
    const list = (): readonly string[] => readdirSync(at("work/out"), { recursive: true, encoding: "utf8" }).sort();
    expect(list()).toEqual(["deep", "deep/er", "deep/er/keep", "keep"]);
    expect(readFileSync(at("work/out/keep"), "utf8")).toBe("new");
    writeFileSync(at("work/out/more"), "");
    const refused = await build(at("work/out/../../work"));
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain("--allow buildx.local.delete");
    expect(list()).toContain("more");
    expect((await build(at("work/out"), "--allow", "buildx.local.delete")).code).toBe(0);
    expect(list()).not.toContain("more");
  });

  test("platform-split=false puts what differs into one folder, and refuses what would be overwritten", async () => {
    const out = at("merged");
    const spec = ["-o", `type=local,dest=${out},platform-split=false`];
    const refused = await lab.slipway(["build", ...many, ...spec, both()]);
    expect(refused).toMatchObject({ code: 8 });
    expect(refused.stderr).toContain("more than one has /both/same");
    expect(existsSync(out)).toBe(false);
    const apart = lab.context({ Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /bin/$TARGETARCH\n" });
    expect((await lab.slipway(["build", "-q", ...many, ...spec, apart])).stderr).toBe("");
    expect(readdirSync(join(out, "bin")).sort()).toEqual(["amd64", "arm64"]);
  });

  test.skipIf(whyNoPush)(
    `into a registry: by digest alone, with docker's media types, where no certificate verifies${whyNoPush ?? ""}`,
    async () => {
      await using registry = await startDockerRegistry("none", true);
      const env = { HOME: lab.folder, SLIPWAY_CONFIG: "" };
      const context = lab.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /pushed\n" });
      const push = (spec: string) =>
        lab.slipway(["build", "--metadata-file", at("push.json"), "-o", `type=registry,${spec}`, context], { env });
      const raw = (name: string): Document =>
        json(
          execFileSync("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${registry.domain}/${name}`], {
            stdio: ["ignore", "pipe", "pipe"],
          }),
        );

      expect((await push(`name=${registry.domain}/safe`)).code).toBe(6);
      const options = "registry.insecure=true,oci-mediatypes=false,push-by-digest=true";
      const pushed = await push(`name=${registry.domain}/untagged,${options}`);
      expect([pushed.code, pushed.stderr]).toEqual([0, expect.stringContaining(`${registry.domain}/untagged@sha256:`)]);
      const { "containerimage.digest": digest, "image.name": name } = JSON.parse(readFileSync(at("push.json"), "utf8"));
      expect(name).toBe(`${registry.domain}/untagged@${digest}`);
      const manifest = raw(`untagged@${digest}`);
      expect([manifest.mediaType, manifest.layers[0]!.mediaType]).toEqual([
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
      ]);
      expect(() => raw("untagged:latest")).toThrow("manifest unknown");
      expect((await lab.slipway(["images", "-q", `${registry.domain}/untagged`])).stdout).toBe("");

      const spec = `"name=${registry.domain}/two:a,${registry.domain}/two:b",registry.insecure=true`;
      expect((await push(`${spec},compression=zstd,annotation.k=v`)).code).toBe(0);
      expect(raw("two:a")).toEqual(raw("two:b"));
      expect(raw("two:a")).toMatchObject({
        annotations: { k: "v" },
        layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+zstd" }],
      });
    },
  );
});
