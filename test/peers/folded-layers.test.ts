import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, inspectImage } from "../../src/index.ts";
import { readTree } from "../e2e/support/tar-tree.ts";
import { startDockerd, whyNoDockerd } from "./dockerd.ts";
import { run, whyNo, whyNoImage, writeContext } from "./saved-image.ts";

const because = (why: string | undefined): string => (why === undefined ? "" : ` (skipped: ${why})`);
const steps = `RUN ["/bin/busybox", "sh", "-c", "cd /data; /bin/busybox chmod -R go+r .; /bin/busybox chown 5:6 plain hard"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox rm -r /data/anew; echo file >/data/anew; echo >/tmp-file"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox rm /data/anew /tmp-file; /bin/busybox mkdir /data/anew; echo last >/data/anew/last"]
`;

/** Path -> type, mode, owner, link and content of what an image holds, as a tar of its files has them. */
function treeOf(tar: string): ReadonlyMap<string, string> {
  const entries = [...readTree(tar)].filter(([path]) => /^(?:data|bin|empty|tmp-file)/.test(path));
  return new Map(
    entries.map(([path, { type, mode, owner, link, content }]) => {
      // Of one file with two names another may come first, and some write the type into the mode.
      const kind = type === "hard link" ? "file" : type;
      return [
        path,
        `${kind} ${mode.slice(-4).padStart(4, "0")} ${owner} ${type === "link" ? link : ""} ${type === "file" ? content.length : ""}`,
      ];
    }),
  );
}

describe.skipIf(whyNoImage)(`folded and squashed layers are accepted${because(whyNoImage)}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-folded-"));
  const store = join(folder, "store");
  const plain = join(folder, "plain.tar");
  const shapes = ["fold", "squash"] as const;
  const archive = (shape: string): string => join(folder, `${shape}-docker.tar`);
  const layout = (shape: string): string => join(folder, `${shape}-layout`);

  beforeAll(async () => {
    const context = join(folder, "context");
    writeContext(context);
    const file = join(context, "Dockerfile");
    // On an image of its own: there is a base, whose files are hidden too.
    const [bottom = "", rest = ""] = readFileSync(file, "utf8").split(/(?<=COPY tree \/\n)/);
    writeFileSync(file, bottom);
    await build({ context, tags: ["folded-base"], store });
    writeFileSync(file, `FROM folded-base\nCOPY tree/data /data/\n${rest.replace("USER 12:34\n", "")}${steps}`);
    await build({ context, store, baseImages: "archive", outputs: [{ type: "tar", dest: plain, attributes: {} }] });
    for (const shape of shapes) {
      mkdirSync(layout(shape));
      await build({
        context,
        store,
        [shape]: true,
        tags: [`folded:${shape}`],
        outputs: [
          { type: "docker", dest: archive(shape), attributes: {} },
          { type: "oci", dest: layout(shape), attributes: { tar: "false" } },
        ],
      });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(whyNoDockerd)(`by docker load, with the same files${because(whyNoDockerd)}`, async () => {
    await using dockerd = await startDockerd(join(folder, "dockerd"));
    for (const shape of shapes) {
      dockerd.docker("load", "-i", archive(shape));
      const { id, config } = await inspectImage(`folded:${shape}`, { store });
      const [image] = JSON.parse(dockerd.docker("image", "inspect", `folded:${shape}`));
      expect([image.Id, image.RootFS.Layers]).toEqual([id, config.rootfs.diff_ids]);
      const container = dockerd.docker("create", "--network", "none", `folded:${shape}`).trim();
      const exported = join(folder, `${shape}-exported.tar`);
      dockerd.docker("export", "-o", exported, container);
      expect(treeOf(exported)).toEqual(treeOf(plain));
    }
  });

  test.skipIf(whyNo("skopeo")).each(shapes)(`by skopeo: %s${because(whyNo("skopeo"))}`, async (shape) => {
    const copy = join(folder, `${shape}-skopeo`);
    run("skopeo", ["--insecure-policy", "copy", `docker-archive:${archive(shape)}`, `oci:${copy}:copy`]);
    const inspected = JSON.parse(run("skopeo", ["--insecure-policy", "inspect", "--config", `oci:${copy}:copy`]));
    expect(inspected).toEqual((await inspectImage(`folded:${shape}`, { store })).config);
  });

  test.skipIf(whyNo("umoci") ?? (process.getuid?.() === 0 ? undefined : "owners need root")).each(shapes)(
    `by umoci, which unpacks the same files: %s${because(whyNo("umoci"))}`,
    (shape) => {
      const [manifest] = JSON.parse(readFileSync(join(layout(shape), "index.json"), "utf8")).manifests;
      const tag = manifest.annotations["org.opencontainers.image.ref.name"];
      const bundle = join(folder, `${shape}-bundle`);
      run("umoci", ["unpack", "--image", `${layout(shape)}:${tag}`, bundle]);
      const tar = join(folder, `${shape}-umoci.tar`);
      execFileSync("tar", ["--format=posix", "-cf", tar, "-C", join(bundle, "rootfs"), "."]);
      expect(treeOf(tar)).toEqual(treeOf(plain));
    },
  );
});
