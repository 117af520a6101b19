import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DockerRegistry,
  startDockerRegistry,
  whyNoDockerRegistry,
} from "../../registry/support/docker-registry.ts";
import { openLab, whyNoLab } from "../../e2e/support/lab.ts";
import { because, engines, whyNoEngines } from "./engines.ts";
import { listFiles } from "./same-files.ts";

const why = whyNoEngines ?? whyNoLab ?? whyNoDockerRegistry;

/** What layers can get wrong, and all that a configuration can say. */
const rich = `
FROM base
COPY --chown=app:staff --chmod=4750 tree/plain /data/setuid
COPY tree /data/
RUN cd /data && ln plain hard && ln -s plain soft && ln -s ../../outside dangling && mkdir -m 1777 sticky gone anew && echo x >gone/x && echo old >anew/old && mkfifo pipe
RUN cd /data && rm -r gone hidden anew && mkdir anew && echo new >anew/new && chown 12:34 plain && touch -d @1000000000 'odd näme'
ENV GREETING="hello world" EMPTY=
LABEL org.example.of="the test"
EXPOSE 80/tcp 53/udp
VOLUME /volume
HEALTHCHECK --interval=5s --retries=2 CMD ["true"]
STOPSIGNAL SIGINT
USER app:staff
WORKDIR /srv/here
ENTRYPOINT ["/bin/sh", "-c", "echo \\"$0:$*:$GREETING:$EMPTY\\"; id -u; id -g; pwd; exit 7"]
CMD ["one", "two words"]
`;

const wanted = { code: 7, stdout: "one:two words:hello world:\n1234\n50\n/srv/here\n" };

describe.skipIf(why)(
  `images of slipway in other engines${because || (why === undefined ? "" : ` (skipped: ${why})`)}`,
  () => {
    const lab = openLab();
    let registry: DockerRegistry;
    const reference = (name: string): string => `${registry.domain}/ours/${name}`;

    /** Builds an image and sends it to the registry. */
    const push = async (name: string, dockerfile: string, ...args: readonly string[]): Promise<string> => {
      const files = {
        Dockerfile: dockerfile,
        "tree/plain": "plain\n",
        "tree/hidden": "hidden\n",
        "tree/odd näme": "odd\n",
      };
      await lab.build(lab.context(files), "-t", reference(name), ...args);
      return reference(name);
    };
    const filesOf = async (image: string): Promise<string> => {
      const { code, stdout, stderr } = await lab.slipway([
        "run",
        "--user=0",
        "--entrypoint=/bin/sh",
        image,
        "-c",
        listFiles,
      ]);
      expect([code, stderr]).toEqual([0, ""]);
      return stdout;
    };

    beforeAll(async () => {
      registry = await startDockerRegistry("none", false);
      await lab.ready();
    });
    afterAll(() => registry[Symbol.asyncDispose]());

    const shapes: readonly {
      readonly shape: string;
      readonly args: readonly string[];
      readonly dockerfile?: string;
    }[] = [
      { shape: "gzip", args: ["--push"] },
      { shape: "zstd", args: ["--output=type=registry,compression=zstd,force-compression=true"] },
      { shape: "schema-2", args: ["--output=type=registry,oci-mediatypes=false"] },
      { shape: "squashed", args: ["--push", "--squash"] },
      { shape: "folded", args: ["--push", "--fold"] },
      { shape: "linked", args: ["--push"], dockerfile: rich.replaceAll("COPY tree", "COPY --link tree") },
    ];
    describe.each(shapes)("$shape", ({ shape, args, dockerfile = rich }) => {
      let image: string;
      let files: string;
      beforeAll(async () => {
        image = await push(shape, dockerfile, ...args);
        files = await filesOf(image);
        expect(files.split("\n").length).toBeGreaterThan(20);
        expect(files).toContain("./data/setuid regular file 4750 1234:50 6 1 ");
      });

      test.each(engines)("runs in $name, with the same files", async (engine) => {
        engine.pull(image);
        expect(engine.run(image)).toMatchObject(wanted);
        const other = engine.run("--user=0", "--entrypoint=/bin/sh", image, "-c", listFiles);
        expect([other.code, other.stderr]).toEqual([0, ""]);
        expect(other.stdout).toBe(files);
      });
    });

    test.each(engines)("all that a configuration says arrives in $name", async (engine) => {
      const image = reference("gzip");
      engine.pull(image);
      const { Config, RootFS } = engine.inspect(image);
      const own = await lab.config(image);
      const { Healthcheck, ...others } = own;
      expect(Config).toMatchObject(others);
      // podman keeps it from images of docker's format alone
      if (engine.name === "docker") expect(Config["Healthcheck"]).toEqual(Healthcheck);
      expect(Healthcheck).toMatchObject({ Test: ["CMD", "true"], Retries: 2 });
      expect(RootFS.Layers.length).toBeGreaterThan(3);
    });

    test.each(engines)("$name runs a program that is all there is in its image", async (engine) => {
      const image = await push(
        "alone",
        'FROM base AS build\nFROM scratch\nCOPY --from=build /bin/busybox /busybox\nENTRYPOINT ["/busybox", "expr"]\n',
        "--push",
      );
      engine.pull(image);
      expect(engine.run(image, "6", "*", "7")).toMatchObject({ code: 0, stdout: "42\n" });
      expect(engine.run(image, "1", "-", "1")).toMatchObject({ code: 1, stdout: "0\n" });
    });

    test.each(engines)("$name chooses from an image for several platforms", async (engine) => {
      const image = await push(
        "several",
        "FROM scratch\nARG TARGETARCH\nCOPY tree/plain /$TARGETARCH\nLABEL is=$TARGETARCH\n",
        "--platform=linux/amd64,linux/arm64",
        "--push",
      );
      for (const architecture of ["arm64", "amd64"]) {
        engine.pull(image, `--platform=linux/${architecture}`);
        const { Architecture, Config } = engine.inspect(image);
        expect([Architecture, Config["Labels"]]).toMatchObject([architecture, { is: architecture }]);
      }
    });

    test.each(engines)("archives are loaded by $name and run", async (engine) => {
      const id = JSON.parse((await lab.slipway(["inspect", reference("gzip")])).stdout)[0].Id as string;
      for (const format of ["docker", "oci"]) {
        const archive = join(lab.folder, `${engine.name}-${format}.tar`);
        const saved = await lab.slipway(["save", `--format=${format}`, "-o", archive, reference("gzip")]);
        expect([saved.code, saved.stderr]).toEqual([0, expect.any(String)]);
        engine.call("rmi", "-f", reference("gzip"));
        const image = engine.load(archive);
        expect(engine.run(image)).toMatchObject(wanted);
        // docker's store names an image by its manifest
        if (engine.name === "podman") expect(`sha256:${engine.inspect(image).Id}`).toBe(id);
      }
    });
  },
);
