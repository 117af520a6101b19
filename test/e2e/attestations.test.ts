import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cyclonedxFaults, spdxFaults } from "../../src/attest/shapes.fixture.ts";
import { goProgram, zipOf } from "../../src/inspect/packages/packages.fixture.ts";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const noSkopeo = spawnSync("skopeo", ["--version"]).status === 0 ? undefined : "no program skopeo";
const why = whyNoLab ?? whyNoDockerRegistry ?? noSkopeo;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
}
interface Manifest {
  readonly manifests: readonly Descriptor[];
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
}
interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Record<string, never> & {
    readonly packages?: readonly { readonly name: string; readonly comment?: string }[];
    readonly components?: readonly { readonly name: string }[];
  };
}

const dockerfile = `FROM base AS build
ARG VERSION
RUN --mount=type=secret,id=key,required=false echo $VERSION > /built
FROM base
COPY files/ /
COPY --from=build /built /built
LABEL team=blue
`;
const status = ["Package: one", "Status: install ok installed", "Version: 1.0-1", "Architecture: amd64", ""].join("\n");
const wanted = ["app", "leftpad", "one", "requests", "stdlib"];

describe.skipIf(why !== undefined)(`attestations${why === whyNoLab ? because : ` (skipped: ${why})`}`, () => {
  const lab = openLab();
  let registry: DockerRegistry;
  let context: string;
  const at = (name: string): string => `${registry.domain}/${name}`;
  const digest = (bytes: Uint8Array | string): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    context = lab.context({
      Dockerfile: dockerfile,
      "files/etc/os-release": "ID=debian\nVERSION_ID=12\n",
      "files/var/lib/dpkg/status": status,
      "files/app/node_modules/leftpad/package.json": '{"name":"leftpad","version":"1.3.0","license":"MIT"}',
      "files/py/requests-2.31.0.dist-info/METADATA": "Name: requests\nVersion: 2.31.0\n",
      "files/app.jar": zipOf({
        "META-INF/maven/org.example/app/pom.properties": "groupId=org.example\nartifactId=app\nversion=1\n",
      }),
    });
    writeFileSync(join(context, "files/tool"), goProgram({ modules: [] }), { mode: 0o755 });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  const get = async (path: string): Promise<Buffer> => {
    const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    const answer = await fetch(`http://${registry.domain}/v2/${path}`, { headers: { accept } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  };
  const document = async (name: string, reference: string): Promise<Manifest> =>
    JSON.parse((await get(`${name}/manifests/${reference}`)).toString()) as Manifest;
  const statements = async (name: string, { layers }: Manifest): Promise<readonly Statement[]> =>
    Promise.all(
      layers.map(async (layer) => {
        const bytes = await get(`${name}/blobs/${layer.digest}`);
        expect([digest(bytes), bytes.length]).toEqual([layer.digest, layer.size]);
        return JSON.parse(bytes.toString()) as Statement;
      }),
    );
  const namesIn = (one: Statement | undefined): readonly string[] =>
    (one?.predicate.packages ?? [])
      .map(({ name }) => name.replace("org.example:", ""))
      .filter((name) => !name.includes("/"))
      .sort();

  test("an index lists them beside the image, each a statement about its manifest, and nothing secret is in them", async () => {
    const args = [
      "--build-arg",
      "VERSION=1.2.3",
      "--secret",
      "id=key,env=KEY",
      "--sbom=format=all",
      "--provenance=mode=max",
    ];
    const options = { env: { KEY: "top-secret-value", HOME: lab.folder } };
    const first = await lab.slipway(["build", ...args, "-t", at("team/app:1"), "--push", context], options);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining("find packages")]);
    // Cached whole, it is told anew.
    expect((await lab.slipway(["build", ...args, "-t", at("team/app:1"), "--push", context], options)).code).toBe(0);
    const index = await document("team/app", "1");
    const [image, attached, ...others] = index.manifests;
    expect([image?.platform?.os, others]).toEqual(["linux", []]);
    expect(attached).toMatchObject({
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image?.digest,
      },
    });
    const manifest = await document("team/app", attached?.digest ?? "");
    expect(
      manifest.layers.map(({ mediaType, annotations }) => [mediaType, annotations?.["in-toto.io/predicate-type"]]),
    ).toEqual(
      ["https://spdx.dev/Document", "https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1"].map((type) => [
        "application/vnd.in-toto+json",
        type,
      ]),
    );
    const [spdx, cyclonedx, provenance] = await statements("team/app", manifest);
    const subject = {
      name: `pkg:docker/${registry.domain}/team/app@1?platform=${encodeURIComponent(platformOf(image))}`,
    };
    expect([spdx, cyclonedx, provenance].map((one) => one?.subject)).toEqual(
      Array.from({ length: 3 }, () => [{ ...subject, digest: { sha256: image?.digest.slice(7) } }]),
    );
    expect(spdxFaults(spdx?.predicate ?? {})).toEqual([]);
    expect(cyclonedxFaults(cyclonedx?.predicate ?? {})).toEqual([]);
    expect(namesIn(spdx)).toEqual(wanted);
    const { diff_ids: diffIds } = (
      JSON.parse(
        (await get(`team/app/blobs/${(await document("team/app", image?.digest ?? "")).config.digest}`)).toString(),
      ) as {
        readonly rootfs: { readonly diff_ids: readonly string[] };
      }
    ).rootfs;
    const own = spdx?.predicate.packages?.filter(({ comment }) => comment?.startsWith("layerID: ")) ?? [];
    expect(new Set(own.map(({ comment }) => comment))).toEqual(new Set([`layerID: ${diffIds.at(-2)}`]));
    expect(provenance?.predicate).toMatchObject({
      buildDefinition: {
        externalParameters: {
          request: { args: { "build-arg:VERSION": "1.2.3" }, secrets: [{ id: "key", optional: true }] },
        },
        internalParameters: {
          buildConfig: { steps: expect.arrayContaining([expect.objectContaining({ cached: true })]) },
        },
        resolvedDependencies: [
          { uri: expect.stringContaining("pkg:docker/base@latest"), annotations: { origin: "store" } },
        ],
      },
      runDetails: { metadata: { slipway_cache: { steps: 3, cached: 3 } } },
    });
    const all = JSON.stringify([spdx, cyclonedx, provenance]);
    expect(all).not.toContain("top-secret-value");
    expect(all).not.toContain(lab.folder);
  });

  test("others read the image as it is, and a store that pulls it has the same SBOM", async () => {
    const inspected = execFileSync("skopeo", ["inspect", "--tls-verify=false", `docker://${at("team/app:1")}`], {
      encoding: "utf8",
    });
    expect(JSON.parse(inspected)).toMatchObject({ Os: "linux", Labels: { team: "blue" } });
    const other = { store: join(lab.folder, "other"), env: { HOME: lab.folder } };
    expect(await lab.slipway(["pull", "-q", at("team/app:1")], other)).toMatchObject({ code: 0 });
    const [there, here] = await Promise.all(
      [other, {}].map((options) => lab.slipway(["sbom", at("team/app:1")], options)),
    );
    expect([there?.code, here?.code, there?.stdout === here?.stdout]).toEqual([0, 0, true]);
    const attached = (await document("team/app", "1")).manifests[1];
    const [spdx] = await statements("team/app", await document("team/app", attached?.digest ?? ""));
    expect(JSON.parse(here?.stdout ?? "")).toEqual(spdx?.predicate);
    const table = await lab.slipway(["sbom", "--format=table", at("team/app:1")]);
    expect(table.stdout).toMatch(/leftpad +1\.3\.0 +npm +MIT +\/app\/node_modules\/leftpad\/package\.json\n/);
  });

  test("referrers leave the image as it is without them, and are listed by their subject", async () => {
    const plain = await lab.build(context, "--build-arg", "VERSION=1.2.3", "-t", at("team/plain:1"), "--push");
    expect(plain.code).toBe(0);
    await lab.build(
      context,
      "--build-arg",
      "VERSION=1.2.3",
      "--sbom=true",
      "--provenance=mode=min",
      "--attest-as=referrers",
      "-t",
      at("team/ref:1"),
      "--push",
    );
    const bytes = await get("team/ref/manifests/1");
    expect(bytes).toEqual(await get("team/plain/manifests/1"));
    const listed = await document("team/ref", digest(bytes).replace(":", "-"));
    expect(
      listed.manifests.map(({ artifactType, annotations }) => [
        artifactType,
        annotations?.["in-toto.io/predicate-type"],
      ]),
    ).toEqual([
      ["application/vnd.in-toto+json", "https://spdx.dev/Document"],
      ["application/vnd.in-toto+json", "https://slsa.dev/provenance/v1"],
    ]);
    for (const one of listed.manifests) {
      const manifest = await document("team/ref", one.digest);
      expect(manifest.subject?.digest).toBe(digest(bytes));
      const [said] = await statements("team/ref", manifest);
      expect(said?.subject[0]?.digest.sha256).toBe(digest(bytes).slice(7));
      expect(JSON.stringify(said)).not.toContain("1.2.3");
    }
  });

  test("an OCI layout has them too; a docker archive has no place for them, and says so before anything is built", async () => {
    const layout = join(lab.folder, "layout");
    await lab.build(context, "--sbom=true", "-t", "app:1", "-o", `type=oci,tar=false,dest=${layout}`);
    const read = (of: string): Manifest =>
      JSON.parse(
        readFileSync(join(layout, of.includes(":") ? `blobs/${of.replace(":", "/")}` : of), "utf8"),
      ) as Manifest;
    const index = read(read("index.json").manifests[0]?.digest ?? "");
    expect(read(index.manifests[1]?.digest ?? "").layers).toHaveLength(1);
    // What refers to an image is no image of the layout.
    const referred = join(lab.folder, "referred");
    await lab.build(context, "--sbom", "--attest-as=referrers", "-o", `type=oci,tar=false,dest=${referred}`);
    const onIt = lab.context({ Dockerfile: "FROM it\nLABEL a=b\n" });
    expect((await lab.build(onIt, "--build-context", `it=oci-layout://${referred}`)).code).toBe(0);

    const archive = await lab.slipway(["build", "--sbom=true", "-o", `type=docker,dest=${layout}.tar`, context]);
    expect([archive.code === 0, archive.stderr]).toEqual([
      false,
      expect.stringContaining("Attestations cannot be attached"),
    ]);
    expect(archive.stderr).not.toContain("COPY");
  });

  test("an image that stays in the store takes them along when it is pushed and saved, until it is built without", async () => {
    const args = ["build", "--build-arg", "VERSION=7", "-t", "stays", context];
    const built = await lab.slipway([...args.slice(0, 1), "--sbom", "--provenance=mode=max", ...args.slice(1)]);
    expect([built.code, built.stderr]).toEqual([0, expect.not.stringContaining("WARN")]);
    const options = { env: { HOME: lab.folder } };
    await lab.slipway(["tag", "stays", at("team/stays:1")]);
    const first = await lab.slipway(["push", at("team/stays:1")], options);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining("find packages")]);
    const index = await document("team/stays", "1");
    const [image, attached] = index.manifests;
    const [spdx, provenance] = await statements("team/stays", await document("team/stays", attached?.digest ?? ""));
    expect([spdx, provenance].map((one) => one?.subject[0]?.digest.sha256)).toEqual(
      Array.from({ length: 2 }, () => image?.digest.slice(7)),
    );
    expect(namesIn(spdx)).toEqual(wanted);
    const layers = (await document("team/stays", image?.digest ?? "")).layers.map((layer) => layer.digest);
    const told = provenance?.predicate as {
      buildDefinition?: object;
      runDetails?: { metadata: { slipway_metadata: { layers: Record<string, { digest: string }[][]> } } };
    };
    expect(told.buildDefinition).toMatchObject({
      externalParameters: { request: { args: { "build-arg:VERSION": "7" } } },
    });
    const listed = Object.values(told.runDetails?.metadata.slipway_metadata.layers ?? {});
    expect(listed.map(([one]) => one?.map((layer) => layer.digest))).toEqual([layers]);
    // The same each time: nothing of it is made up when it leaves.
    expect((await lab.slipway(["push", at("team/stays:1")], options)).stdout).toBe(first.stdout);
    const save = (format: string) => lab.slipway(["save", "--format", format, "-o", join(lab.folder, format), "stays"]);
    expect(await save("oci-dir")).toMatchObject({ code: 0 });
    const { manifests } = JSON.parse(readFileSync(join(lab.folder, "oci-dir/index.json"), "utf8")) as Manifest;
    expect(manifests[0]?.mediaType).toBe("application/vnd.oci.image.index.v1+json");
    expect(await save("docker")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("attestations of docker.io/library/stays"),
    });
    expect(await lab.slipway(args)).toMatchObject({ code: 0 });
    expect(await lab.slipway(["push", at("team/stays:1")], options)).toMatchObject({ code: 0 });
    expect((await document("team/stays", "1")).manifests).toBeUndefined();
  });

  test("files have them beside theirs, with each file as a subject; one of the same name is not written over", async () => {
    const folder = join(lab.folder, "files");
    mkdirSync(folder);
    const small = lab.context({ Dockerfile: "FROM scratch\nCOPY a b /\n", a: "one", b: "two" });
    await lab.build(small, "--sbom=format=all", "--provenance=true", "-o", `type=local,dest=${folder}`);
    expect(readdirSync(folder).sort()).toEqual(["a", "b", "provenance.json", "sbom.cdx.json", "sbom.spdx.json"]);
    const said = JSON.parse(readFileSync(join(folder, "provenance.json"), "utf8")) as Statement;
    expect(said.subject).toEqual([
      { name: "a", digest: { sha256: digest("one").slice(7) } },
      { name: "b", digest: { sha256: digest("two").slice(7) } },
    ]);
    const spdx = JSON.parse(readFileSync(join(folder, "sbom.spdx.json"), "utf8")) as Statement;
    expect(spdxFaults(spdx.predicate)).toEqual([]);
    const tree = await lab.tree(small, "--sbom=true", "--provenance=inline-only=true");
    expect([...tree.keys()].sort()).toEqual(["a", "b", "sbom.spdx.json"]);

    const taken = lab.context({ Dockerfile: "FROM scratch\nCOPY sbom.spdx.json /\n", "sbom.spdx.json": "mine" });
    const refused = await lab.slipway(["build", "--sbom=true", "-o", join(lab.folder, "taken"), taken]);
    expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining("attestation-prefix=")]);
    await lab.build(taken, "--sbom=true", "-o", `type=local,dest=${join(lab.folder, "taken")},attestation-prefix=of-`);
    expect(readdirSync(join(lab.folder, "taken")).sort()).toEqual(["of-sbom.spdx.json", "sbom.spdx.json"]);
  });
});

function platformOf(image: Descriptor | undefined): string {
  return `${image?.platform?.os}/${image?.platform?.architecture}`;
}
