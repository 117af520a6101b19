import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const whyNoSkopeo = spawnSync("skopeo", ["--version"]).error && "no skopeo on PATH";

describe.skipIf(whyNoLab)(`Images in archives${because}`, () => {
  const lab = openLab();
  const at = (name: string): string => join(lab.folder, name);
  const elsewhere = { store: at("elsewhere") };
  const file = (name: string): Buffer => readFileSync(at(name));

  test("an archive that another store loads, also compressed and from standard input, is saved again byte for byte", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /$TARGETARCH/\n" });
    const platforms = ["--platform", "linux/amd64,linux/arm64"];
    expect((await lab.slipway(["build", "-q", "-t", "trip:many", ...platforms, context])).code).toBe(0);
    expect((await lab.slipway(["build", "-q", "-t", "trip:one", context])).code).toBe(0);
    for (const [format, out, names] of [
      ["docker", "one.tar", ["trip:one", "base"]],
      ["oci", "many.tar", ["trip:many", "trip:one"]],
    ] as const) {
      const save = ["save", "--format", format, "-o"];
      expect(await lab.slipway([...save, at(out), ...names])).toMatchObject({ code: 0, stderr: "" });
      writeFileSync(at(`${out}.gz`), gzipSync(file(out)));
      const loaded = await lab.slipway(["load", "-q"], { ...elsewhere, stdin: at(`${out}.gz`) });
      expect(loaded.stdout.trim().split("\n").sort()).toEqual(
        names.map((name) => `Loaded image: ${name.includes(":") ? name : `${name}:latest`}`).sort(),
      );
      expect((await lab.slipway([...save, at(`${out}2`), ...names], elsewhere)).stderr).toBe("");
      expect(file(`${out}2`).equals(file(out))).toBe(true);
    }
    expect((await lab.slipway(["run", "base", "echo", "runs"], elsewhere)).stdout).toBe("runs\n");
    const one = await lab.slipway(["load", "-i", at("many.tar"), "--platform", "linux/arm64"], { store: at("arm") });
    expect(one).toMatchObject({ code: 0, stdout: "Loaded image: trip:many\n" });
    expect(await lab.verify(elsewhere.store)).toEqual([]);
  });

  test("attestations that an index lists beside an image stay with it", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /attested\n" });
    const spec = `type=oci,dest=${at("attested.tar")}`;
    const built = await lab.slipway(["build", "-q", "-t", "attested:1", "--provenance=true", "-o", spec, context]);
    expect([built.code, built.stderr]).toEqual([0, ""]);
    const store = { store: at("attested-store") };
    expect((await lab.slipway(["load", "-q", "-i", at("attested.tar")], store)).code).toBe(0);
    const save = ["save", "--format", "oci", "-o", at("attested.tar2"), "attested:1"];
    expect(await lab.slipway(save, store)).toMatchObject({ code: 0, stderr: "" });
    expect(file("attested.tar").includes("vnd.docker.reference.type")).toBe(true);
    const list = (name: string): readonly string[] =>
      execFileSync("tar", ["-tf", at(name)], { encoding: "utf8" })
        .trim()
        .split("\n")
        .sort();
    expect(list("attested.tar2")).toEqual(list("attested.tar"));
    expect((await lab.slipway(["save", "-o", at("attested.docker"), "attested:1"], store)).code).toBe(0);
    expect(list("attested.docker").length).toBeLessThan(list("attested.tar").length);
  });

  test("layers as another program made them stay as they are, whatever is pruned, and are compressed anew from their own bytes", async () => {
    const folder = at("foreign");
    mkdirSync(join(folder, "files/zoo"), { recursive: true });
    for (const name of ["b", "a"]) writeFileSync(join(folder, "files/zoo", name), `file ${name}`);
    // Another order of names than slipway's, which sorts.
    execFileSync("tar", [
      "-C",
      join(folder, "files"),
      "-cf",
      join(folder, "layer.tar"),
      "--format=gnu",
      "zoo/b",
      "zoo/a",
    ]);
    const layer = readFileSync(join(folder, "layer.tar"));
    const config = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [sha256(layer)] },
    });
    writeFileSync(join(folder, "config.json"), config);
    writeFileSync(
      join(folder, "manifest.json"),
      JSON.stringify([{ Config: "config.json", RepoTags: ["foreign:1"], Layers: ["layer.tar"] }]),
    );
    execFileSync("tar", ["-C", folder, "-cf", at("foreign.tar"), "manifest.json", "config.json", "layer.tar"]);
    const store = { store: at("foreign-store") };
    expect((await lab.slipway(["load", "-i", at("foreign.tar")], store)).stdout).toBe("Loaded image: foreign:1\n");
    expect((await lab.slipway(["prune", "--all", "--force"], store)).code).toBe(0);

    const saved = async (...args: readonly string[]): Promise<Buffer> => {
      const out = at(`out-${args.length}`);
      writeFileSync(join(folder, "Dockerfile"), "FROM foreign:1\nLABEL a=b\n");
      const spec = ["type=oci", "tar=false", `dest=${out}`, ...args].join();
      expect((await lab.slipway(["build", "-q", "-o", spec, folder], store)).code).toBe(0);
      const blob = (digest: string): Buffer => readFileSync(join(out, "blobs/sha256", digest.slice(7)));
      const [entry] = JSON.parse(readFileSync(join(out, "index.json"), "utf8")).manifests;
      return blob(JSON.parse(blob(entry.digest).toString()).layers[0].digest);
    };
    expect((await saved()).equals(layer)).toBe(true);
    const compressed = await saved("compression=gzip", "force-compression=true");
    expect(gunzipSync(compressed).equals(layer)).toBe(true);
    expect(compressed.length).toBeLessThan(layer.length);
    expect(await lab.verify(store.store)).toEqual([]);
  });

  test.skipIf(whyNoSkopeo)(`skopeo's archives are loaded, and it takes what is saved${whyNoSkopeo ?? ""}`, async () => {
    const skopeo = (...args: readonly string[]): string =>
      execFileSync("skopeo", ["--insecure-policy", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect((await lab.slipway(["save", "--format", "oci-dir", "-o", at("layout"), "base"])).stderr).toBe("");
    skopeo("copy", "--quiet", `oci:${at("layout")}:latest`, `oci-archive:${at("sk-oci.tar")}:sk/oci:1`);
    skopeo("copy", "--quiet", `oci:${at("layout")}:latest`, `docker-archive:${at("sk-docker.tar")}:sk/docker:1`);
    const store = { store: at("skopeo-store") };
    const names = [];
    for (const name of ["sk-oci.tar", "sk-docker.tar", "layout"]) {
      names.push((await lab.slipway(["load", "-q", "-i", at(name)], store)).stdout);
    }
    expect(names).toEqual(["sk/oci:1", "sk/docker:1", "base:latest"].map((name) => `Loaded image: ${name}\n`));
    expect((await lab.slipway(["save", "--format", "oci", "-o", at("again.tar"), "sk/oci:1"], store)).stderr).toBe("");
    const raw = (source: string): string => sha256(skopeo("inspect", "--raw", source));
    expect(raw(`oci-archive:${at("again.tar")}`)).toBe(raw(`oci-archive:${at("sk-oci.tar")}`));
    skopeo("copy", "--quiet", `oci-archive:${at("again.tar")}`, `dir:${at("copied")}`);
  });

  test.each<readonly [string, (files: Map<string, Buffer>) => void, number, string]>([
    [
      "a missing layer",
      (files) => files.delete([...files.keys()].find((name) => isLayer(name, files))!),
      5,
      "is missing",
    ],
    [
      "a layer of other bytes",
      (files) =>
        files.set(
          [...files.keys()].find((name) => isLayer(name, files))!,
          Buffer.from("x"),
        ),
      6,
      "has 1 bytes instead",
    ],
    ["a longer configuration", (files) => pad(files, '"rootfs"'), 6, "has more than"],
    ["no index", (files) => void files.delete("index.json"), 5, "neither an OCI image layout nor a docker archive"],
  ])("an archive with %s is refused, and nothing of it stays", async (_name, harm, code, message) => {
    await lab.slipway(["save", "--format", "oci-dir", "-o", at("good"), "base"]);
    const files = new Map<string, Buffer>();
    for (const entry of readdirSync(at("good"), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path.slice(at("good").length + 1), readFileSync(path));
    }
    harm(files);
    const bad = at(`bad-${code}-${message.length}`);
    for (const [name, content] of files) {
      mkdirSync(join(bad, name, ".."), { recursive: true });
      writeFileSync(join(bad, name), content);
    }
    execFileSync("tar", ["-C", bad, "-cf", `${bad}.tar`, "."]);
    const store = { store: `${bad}-store` };
    const ended = await lab.slipway(["load", "-i", `${bad}.tar`], store);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect((await lab.slipway(["images", "-q"], store)).stdout).toBe("");
    expect(await lab.verify(store.store)).toEqual([]);
  });
});

function isLayer(name: string, files: ReadonlyMap<string, Buffer>): boolean {
  return name.startsWith("blobs/") && files.get(name)!.readUInt16BE(0) === 0x1f8b;
}

function pad(files: Map<string, Buffer>, holding: string): void {
  const name = [...files.keys()].find((path) => path.startsWith("blobs/") && files.get(path)!.includes(holding))!;
  files.set(name, Buffer.concat([files.get(name)!, Buffer.from(" ")]));
}
