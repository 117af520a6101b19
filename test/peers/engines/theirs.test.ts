import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLab, whyNoLab } from "../../e2e/support/lab.ts";
import {
  type DockerRegistry,
  startDockerRegistry,
  whyNoDockerRegistry,
} from "../../registry/support/docker-registry.ts";
import { checked, type Engine, engines, whyNoEngines } from "./engines.ts";
import { listFiles } from "./same-files.ts";

const why = whyNoEngines ?? whyNoLab ?? whyNoDockerRegistry;

const rich = `
FROM base AS made
COPY tree /data/
RUN cd /data && ln plain hard && ln -s plain soft && mkdir -m 1777 sticky gone anew && echo x >gone/x && echo old >anew/old && chown 12:34 hidden && chmod 4750 hidden
RUN cd /data && rm -r gone anew && mkdir anew && echo new >anew/new && touch -d @1000000000 plain
ENV GREETING="hello world"
LABEL org.example.of="the test"
EXPOSE 80/tcp
VOLUME /volume
HEALTHCHECK --interval=5s --retries=2 CMD ["true"]
STOPSIGNAL SIGINT
USER app:staff
WORKDIR /srv/here
SHELL ["/bin/sh", "-e", "-c"]
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["id -u; pwd"]
ONBUILD USER root
ONBUILD RUN echo "$0 runs as $(id -u) in $PWD: $GREETING" >/onbuild
`;

/** How someone's image got into the registry: builds `rich` from the folder, and pushes it under the reference. */
interface Way {
  readonly way: string;
  readonly push: (context: string, reference: string) => void;
  /** What the registry has then, by the media type of what the name stands for and of its first layer. */
  readonly root: string;
  readonly layer: string;
}

const buildx = (context: string, reference: string, attributes: string, ...more: readonly string[]): void =>
  void checked(
    "docker",
    [
      ["buildx", "build", "--network=host", ...more, "-t", reference],
      ["-o", `type=registry${attributes}`, context],
    ].flat(),
  );
const buildah = (context: string, reference: string, format: string, ...more: readonly string[]): void => {
  const words = ["build", "-q", `--format=${format}`, "--isolation=chroot", "--network=host", "-t", reference, context];
  checked("buildah", words);
  checked("buildah", ["push", "-q", "--tls-verify=false", ...more, reference]);
};

const oci = "application/vnd.oci.image.";
const schema2 = "application/vnd.docker.";
const ways: readonly Way[] = [
  {
    way: "docker build with provenance",
    push: (context, reference) => buildx(context, reference, "", "--provenance=mode=max"),
    root: `${oci}index.v1+json`,
    layer: `${oci}layer.v1.tar+gzip`,
  },
  {
    way: "docker build in docker's own format",
    push: (context, reference) => buildx(context, reference, ",oci-mediatypes=false", "--provenance=false"),
    root: `${schema2}distribution.manifest.v2+json`,
    layer: `${schema2}image.rootfs.diff.tar.gzip`,
  },
  {
    way: "docker build with zstd",
    push: (context, reference) =>
      buildx(context, reference, ",compression=zstd,force-compression=true,oci-mediatypes=true", "--provenance=false"),
    root: `${oci}manifest.v1+json`,
    layer: `${oci}layer.v1.tar+zstd`,
  },
  {
    way: "docker push",
    push: (context, reference) => {
      checked("docker", ["build", "-q", "--network=host", "-t", reference, context]);
      checked("docker", ["push", "-q", reference]);
    },
    root: `${oci}index.v1+json`,
    layer: `${oci}layer.v1.tar+gzip`,
  },
  {
    way: "buildah push",
    push: (context, reference) => buildah(context, reference, "oci"),
    root: `${oci}manifest.v1+json`,
    layer: `${oci}layer.v1.tar+gzip`,
  },
  {
    way: "buildah push in docker's format",
    push: (context, reference) => buildah(context, reference, "docker"),
    root: `${schema2}distribution.manifest.v2+json`,
    layer: `${schema2}image.rootfs.diff.tar.gzip`,
  },
  {
    way: "buildah push with zstd",
    push: (context, reference) =>
      buildah(context, reference, "oci", "--compression-format=zstd", "--force-compression"),
    root: `${oci}manifest.v1+json`,
    layer: `${oci}layer.v1.tar+zstd`,
  },
  {
    way: "buildah push with zstd:chunked",
    push: (context, reference) =>
      buildah(context, reference, "oci", "--compression-format=zstd:chunked", "--force-compression"),
    root: `${oci}manifest.v1+json`,
    layer: `${oci}layer.v1.tar+zstd`,
  },
];

describe.skipIf(why)(`images of other builders${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  const lab = openLab();
  let registry: DockerRegistry;
  let context: string;

  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
    const base = `${registry.domain}/base:1`;
    await lab.build(lab.context({ Dockerfile: "FROM base" }), "-t", base, "--push");
    const files = { "tree/plain": "plain\n", "tree/hidden": "hidden\n" };
    context = lab.context({ Dockerfile: rich.replace("FROM base", `FROM ${base}`), ...files });
    checked("buildah", ["pull", "-q", "--tls-verify=false", base]);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  describe.each(ways)("$way", ({ way, push, root, layer }) => {
    const [docker] = engines as readonly [Engine, Engine];
    let image: string;
    beforeAll(() => {
      image = `${registry.domain}/theirs/${way.replaceAll(/[^a-z0-9]+/g, "-")}:1`;
      push(context, image);
    });

    test("is of the kind that it is to be", async () => {
      const { type } = await fetched("manifests/1");
      expect(type).toBe(root);
      const { layers } = await pushedManifest();
      expect(layers?.at(-1)?.mediaType).toBe(layer);
    });

    test("is pulled with the same files as by docker, and the configuration that was pushed", async () => {
      const pulled = await lab.slipway(["pull", image]);
      expect([pulled.code, pulled.stderr]).toEqual([0, expect.any(String)]);
      const own = await lab.slipway(["run", "--user=0", "--entrypoint=/bin/sh", image, "-c", listFiles]);
      docker.pull(image);
      const other = docker.run("--user=0", "--entrypoint=/bin/sh", image, "-c", listFiles);
      expect([own.code, own.stderr, other.code]).toEqual([0, "", 0]);
      expect(own.stdout).toBe(other.stdout);
      expect(own.stdout).toContain("./data/hidden regular file 4750 12:34 7 1 ");
      const config = await lab.config(image);
      expect(config).toEqual(await pushedConfig());
      expect(config).toMatchObject({
        User: "app:staff",
        WorkingDir: "/srv/here",
        Entrypoint: ["/bin/sh", "-c"],
        Volumes: { "/volume": {} },
        StopSignal: "SIGINT",
      });
    });

    test("is a base: what it says of itself is inherited, its triggers fire, and steps run on it", async () => {
      const dockerfile = `FROM ${image}\nUSER root\nRUN cat /data/anew/new $(ls /onbuild 2>/dev/null) >/seen\n`;
      const tag = "heir";
      await lab.build(lab.context({ Dockerfile: dockerfile }), "-t", tag);
      const config = await lab.config(tag);
      const { Healthcheck, Shell, OnBuild, ...parent } = await lab.config(image);
      // buildah keeps these from images of OCI's format
      const keepsAll = !way.startsWith("buildah") || root.startsWith(schema2);
      expect([Healthcheck !== undefined, Shell !== undefined, OnBuild !== undefined]).toEqual([
        keepsAll,
        keepsAll,
        keepsAll,
      ]);
      expect(config).toEqual({ ...parent, User: "root", ...(keepsAll && { Healthcheck, Shell }) });
      const seen = await lab.slipway(["run", "--user=0", "--entrypoint=/bin/cat", tag, "/seen"]);
      expect(seen.stdout).toBe(keepsAll ? "new\n/bin/sh runs as 0 in /srv/here: hello world\n" : "new\n");
    });

    test("is copied from", async () => {
      const dockerfile = `FROM scratch\nCOPY --from=${image} /data /copied\n`;
      const tree = await lab.tree(lab.context({ Dockerfile: dockerfile }));
      expect(tree.get("copied/hidden")).toMatchObject({ mode: "4750", owner: "12:34", content: "hidden\n" });
      expect([...tree.keys()].filter((path) => path.includes("gone"))).toEqual([]);
    });

    async function pushedManifest(): Promise<Document> {
      const { document } = await fetched("manifests/1");
      const [inner] = document.manifests ?? [];
      return inner ? (await fetched(`manifests/${inner.digest}`)).document : document;
    }

    async function pushedConfig(): Promise<unknown> {
      const { config } = await pushedManifest();
      return (await fetched(`blobs/${config?.digest}`)).document.config;
    }

    async function fetched(path: string): Promise<{ readonly document: Document; readonly type: string | null }> {
      const repository = image.slice(registry.domain.length + 1, -":1".length);
      const accept = [...new Set(ways.map((one) => one.root)), `${oci}manifest.v1+json`].join(", ");
      const answer = await fetch(`http://${registry.domain}/v2/${repository}/${path}`, { headers: { accept } });
      return { document: (await answer.json()) as Document, type: answer.headers.get("content-type") };
    }
  });
});

/** What the test reads of an index, a manifest or a configuration. */
interface Document {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly mediaType: string }[];
  readonly config?: { readonly digest?: string };
}
