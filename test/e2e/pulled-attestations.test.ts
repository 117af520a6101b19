import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Digest, sha256 } from "../../src/base/index.ts";
import { openStore } from "../../src/store/index.ts";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { type FakeRegistry, fakeRegistry } from "../registry/support/fake-registry.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

interface Descriptor {
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Document {
  readonly manifests: readonly Descriptor[];
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const why = whyNoLab ?? whyNoDockerRegistry;
const hasSkopeo = spawnSync("skopeo", ["--version"]).status === 0;

describe.skipIf(why !== undefined)(
  `attestations of pulled images${why === whyNoLab ? because : ` (skipped: ${why})`}`,
  () => {
    const lab = openLab();
    const home = { HOME: lab.folder };
    let registry: DockerRegistry;
    let context: string;

    beforeAll(async () => {
      registry = await startDockerRegistry("none", false);
      context = lab.context({
        Dockerfile: "FROM base\nCOPY files/ /\n",
        "files/var/lib/dpkg/status":
          "Package: one\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n",
      });
    });
    afterAll(() => registry[Symbol.asyncDispose]());

    const get = async (domain: string, path: string): Promise<Buffer> => {
      const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
      const answer = await fetch(`http://${domain}/v2/${path}`, { headers: { accept } });
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return Buffer.from(await answer.arrayBuffer());
    };
    const read = (bytes: Buffer): Document => JSON.parse(bytes.toString()) as Document;
    /** Runs a command over a store of that name. */
    const over = async (store: string, ...args: readonly string[]) => {
      const ended = await lab.slipway(args, { store: join(lab.folder, store), env: home });
      expect([args.join(" "), ended.code, ended.code === 0 ? "" : ended.stderr]).toEqual([args.join(" "), 0, ""]);
      return ended;
    };
    const push = (as: string, name: string) =>
      lab.build(context, "--sbom", "--provenance", `--attest-as=${as}`, "-t", name, "--push");
    const hasBlob = (store: string, { digest }: Pick<Descriptor, "digest">): boolean =>
      existsSync(join(lab.folder, store, "blobs/sha256", digest.slice(7, 9), digest.slice(7)));

    test("in an index: the same index leaves again, by another store, an archive and a third; they go with the image", async () => {
      const first = `${registry.domain}/team/app:1`;
      await push("index", first);
      const index = await get(registry.domain, "team/app/manifests/1");
      const attached = read(index).manifests[1] as Descriptor;
      const { config, layers } = read(await get(registry.domain, `team/app/manifests/${attached.digest}`));
      const parts = [attached, config, ...layers];

      expect((await over("second", "pull", first)).stderr).not.toContain("stay behind");
      expect(parts.map((part) => hasBlob("second", part))).toEqual(parts.map(() => true));
      // What is up to date is not brought again, and loses nothing.
      await over("second", "pull", first);
      await over("second", "pull", `${registry.domain}/team/app@${read(index).manifests[0]?.digest}`);
      const { stdout } = await over("second", "images", "-q");
      expect(stdout.trim().split("\n")).toHaveLength(1);
      expect(JSON.parse((await over("second", "inspect", first)).stdout)).toHaveLength(1);
      const again = `${registry.domain}/other/app:2`;
      await over("second", "tag", first, again);
      await over("second", "push", again);
      expect(await get(registry.domain, "other/app/manifests/2")).toEqual(index);
      for (const { digest, size } of parts.slice(1)) {
        expect((await get(registry.domain, `other/app/blobs/${digest}`)).length).toBe(size);
      }
      if (hasSkopeo) {
        const copy = ["copy", "-q", "--all", "--src-tls-verify=false", `docker://${again}`, `oci:${lab.folder}/copy:2`];
        execFileSync("skopeo", copy);
        expect(readFileSync(join(lab.folder, "copy/blobs/sha256", attached.digest.slice(7))).length).toBe(
          attached.size,
        );
      }

      const archive = join(lab.folder, "app.tar");
      await over("second", "save", "--format", "oci", "-o", archive, first);
      expect((await over("third", "load", "-i", archive)).stderr).not.toContain("stay behind");
      await over("third", "tag", first, `${registry.domain}/third/app:3`);
      await over("third", "push", `${registry.domain}/third/app:3`);
      expect(await get(registry.domain, "third/app/manifests/3")).toEqual(index);

      // Prune leaves what an image has, and nothing of one that is gone.
      await over("second", "prune", "-f");
      await over("third", "prune", "-f", "--all");
      for (const store of ["second", "third"]) {
        expect(parts.map((part) => hasBlob(store, part))).toEqual(parts.map(() => true));
        await over(store, "rmi", ...(await namesIn(store)));
        await over(store, "prune", "-f");
        expect(parts.map((part) => hasBlob(store, part))).toEqual(parts.map(() => false));
        expect(await lab.verify(join(lab.folder, store))).toEqual([]);
      }
    });

    const namesIn = async (store: string): Promise<readonly string[]> => {
      using opened = openStore(join(lab.folder, store));
      return opened.images.list().flatMap(({ id }) => opened.images.names(id));
    };

    test("as referrers: listed again wherever the image goes, through the API and without it", async () => {
      const api = await fakeRegistry();
      for (const [at, domain] of [registry.domain, api.domain].entries()) {
        const name = `${domain}/team/ref:1`;
        const store = `ref-${at}`;
        await push("referrers", name);
        const manifest = await get(domain, "team/ref/manifests/1");
        await over(store, "pull", name);
        const archive = join(lab.folder, `${store}.tar`);
        await over(store, "save", "--format", "oci", "-o", archive, name);
        await over(`${store}-loaded`, "load", "-i", archive);
        for (const from of at === 0 ? [`${store}-loaded`] : [store, `${store}-loaded`]) {
          const path = `${from}/copy`;
          await over(from, "tag", name, `${registry.domain}/${path}:1`);
          await over(from, "push", `${registry.domain}/${path}:1`);
          expect(await get(registry.domain, `${path}/manifests/1`)).toEqual(manifest);
          const list = read(await get(registry.domain, `${path}/manifests/${sha256(manifest).replace(":", "-")}`));
          const types = list.manifests.map(({ annotations }) => annotations?.["in-toto.io/predicate-type"]);
          expect(new Set(types)).toEqual(new Set(["https://slsa.dev/provenance/v1", "https://spdx.dev/Document"]));
          for (const { digest } of list.manifests) {
            const bytes = await get(registry.domain, `${path}/manifests/${digest}`);
            expect(bytes).toEqual(await get(domain, `team/ref/manifests/${digest}`));
            for (const layer of read(bytes).layers) await get(registry.domain, `${path}/blobs/${layer.digest}`);
          }
        }
        expect(await lab.verify(join(lab.folder, store))).toEqual([]);
      }
      // One question, and an answer that stands for both kinds: an image is pulled by no more than it takes.
      expect(api.count(/^GET \/v2\/team\/ref\/referrers\//)).toBe(1);
    });

    /** An image with attestations in a registry that can be changed. */
    const planted = async () => {
      const fake: FakeRegistry = await fakeRegistry();
      await push("index", `${fake.domain}/team/bad:1`);
      const repository = fake.repository("team/bad");
      const index = read(await get(fake.domain, "team/bad/manifests/1"));
      const [image, attached] = index.manifests as [Descriptor, Descriptor];
      const manifest = read(await get(fake.domain, `team/bad/manifests/${attached.digest}`));
      /** Puts an index in the place of the other. */
      const replace = (own: Descriptor): void => {
        const bytes = Buffer.from(JSON.stringify({ ...index, manifests: [image, { ...attached, ...own }] }));
        repository.manifests.set(sha256(bytes), { mediaType: "application/vnd.oci.image.index.v1+json", bytes });
        repository.tags.set("1", sha256(bytes));
      };
      return { fake, repository, image, attached, manifest, replace };
    };
    const isLeft = async (store: string, fake: FakeRegistry, reason: RegExp): Promise<void> => {
      const name = `${fake.domain}/team/bad:1`;
      const { stderr } = await over(store, "pull", name);
      expect(stderr.match(/stay behind/g)).toHaveLength(1);
      expect(stderr).toMatch(reason);
      expect(await lab.verify(join(lab.folder, store))).toEqual([]);
      await over(store, "push", name);
      const pushed = read(await get(fake.domain, "team/bad/manifests/1"));
      expect([pushed.manifests, pushed.layers.length > 0]).toEqual([undefined, true]);
    };

    test("one whose bytes are others is left behind with a warning, and a registry that does not say what refers to it does not hold the pull", async () => {
      const { fake, repository, manifest } = await planted();
      repository.blobs.set(manifest.layers[0]?.digest ?? "", Buffer.alloc(manifest.layers[0]?.size ?? 0));
      fake.faults = [({ path }) => path.includes("/referrers/") || path.includes("/manifests/sha256-")];
      await isLeft("wrong", fake, /Attestations of \S+ stay behind: .*digest.* \(and 1 more\)/);
    });

    test("what could not be brought is brought the next time; the same image of an archive that says nothing of it takes nothing away", async () => {
      const { fake, attached, manifest } = await planted();
      const name = `${fake.domain}/team/bad:1`;
      const index = await get(fake.domain, "team/bad/manifests/1");
      fake.faults = [
        ({ path, response }) => path.includes(manifest.layers[0]?.digest ?? "") && !!response.writeHead(403).end(),
      ];
      expect((await over("later", "pull", name)).stderr).toContain("stay behind");
      fake.faults = [];
      expect((await over("later", "pull", name)).stderr).not.toContain("stay behind");

      const archive = join(lab.folder, "plain.tar");
      await over("later", "save", "--format", "docker", "-o", archive, name);
      const plain = join(lab.folder, "plain");
      mkdirSync(plain);
      execFileSync("tar", ["-xf", archive, "-C", plain]);
      rmSync(join(plain, "oci-layout"));
      await over("later", "load", "-i", plain);
      await over("later", "prune", "-f");
      expect(hasBlob("later", attached)).toBe(true);
      await over("later", "tag", name, `${registry.domain}/later/app:1`);
      await over("later", "push", `${registry.domain}/later/app:1`);
      expect(await get(registry.domain, "later/app/manifests/1")).toEqual(index);
    });

    test("one that stands for a larger blob of the store is not read", async () => {
      const { fake, image, replace } = await planted();
      const [layer] = read(await get(fake.domain, `team/bad/manifests/${image.digest}`)).layers as [Descriptor];
      // With its layers here: what the index says to be an attestation of ten bytes is one of them.
      await push("index", `${fake.domain}/team/good:1`);
      await over("lies", "pull", `${fake.domain}/team/good:1`);
      await over("lies", "push", `${fake.domain}/team/good:1`);
      replace({ digest: layer.digest, size: 10 });
      expect(hasBlob("lies", layer)).toBe(true);
      await isLeft("lies", fake, /stay behind: sha256:\w+ has \d+ bytes instead of 10/);
    });

    test("one that says to be huge is not asked for; a refusal to list what refers to an image is told", async () => {
      const { fake, repository, manifest, replace } = await planted();
      const layers = manifest.layers.map((layer) => ({ ...layer, size: 1 << 30 }));
      const bytes = Buffer.from(JSON.stringify({ ...manifest, layers }));
      repository.manifests.set(sha256(bytes), { mediaType: "application/vnd.oci.image.manifest.v1+json", bytes });
      replace({ digest: sha256(bytes), size: bytes.length });
      await isLeft("huge", fake, /stay behind: sha256:\w+ has 1073741824 bytes, and 16777216 is the most/);

      const other = await planted();
      other.fake.faults = [
        ({ path, response }) => {
          if (!path.includes("/referrers/")) return false;
          response.writeHead(403).end();
          return true;
        },
      ];
      const { stderr } = await over("denied", "pull", `${other.fake.domain}/team/bad:1`);
      expect(stderr).toMatch(/Attestations of \S+ stay behind: Cannot list what refers to/);
      expect(hasBlob("denied", other.attached)).toBe(true);
    });
  },
);
