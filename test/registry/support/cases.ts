// What every registry must do for the client: run against the one in this process and against docker's.
import { expect } from "vitest";
import {
  describe as describeBytes,
  encodeConfig,
  makeIndex,
  mediaTypes,
  type Reference,
} from "../../../src/oci/index.ts";
import type { RegistryClient, RegistrySettings } from "../../../src/registry/index.ts";
import { type TestCtx, testCtx } from "./client.ts";
import { blobOf, bytesOf, collect, imageOf, indexOf, type TestImage } from "./images.ts";

export interface CaseLab {
  readonly domain: string;
  readonly client: (settings?: RegistrySettings) => RegistryClient;
  /** Deletes a tag alone. */
  readonly deletesTags: boolean;
}

export interface RegistryCase {
  readonly name: string;
  readonly run: (lab: CaseLab) => Promise<void>;
}

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };
const small = bytesOf("small", 1000);
const large = bytesOf("large", 3_000_000);

const uploaded = ({ events }: TestCtx): number =>
  events.filter((event) => event.type === "progress" && event.direction === "upload").length;

async function expectSame(client: RegistryClient, at: Reference, image: TestImage): Promise<void> {
  const ctx = testCtx();
  const pulled = await client.image(at, amd64, ctx);
  expect(Buffer.from(pulled.manifest.bytes)).toEqual(Buffer.from(image.manifest.bytes));
  expect(Buffer.from(pulled.config.bytes)).toEqual(Buffer.from(image.config));
  const layers = pulled.manifest.value.layers.map((layer) => client.blob(at, layer, collect, ctx));
  expect((await Promise.all(layers)).map((layer, i) => layer.equals(image.layers[i] ?? small))).toEqual(
    image.layers.map(() => true),
  );
}

export const registryCases: readonly RegistryCase[] = [
  {
    name: "an image comes back byte for byte",
    run: async ({ domain, client }) => {
      const at = { domain, path: "round/trip", tag: "one" };
      const image = imageOf([small, large, Buffer.alloc(0)]);
      await client().push(at, image.content, testCtx());
      await expectSame(client(), at, image);
    },
  },
  {
    name: "docker's schema 2 too",
    run: async ({ domain, client }) => {
      const at = { domain, path: "round/docker", tag: "one" };
      const image = imageOf([small], amd64, "docker");
      await client().push(at, image.content, testCtx());
      await expectSame(client(), at, image);
      expect((await client().resolve(at, testCtx())).mediaType).toBe(mediaTypes.docker.manifest);
    },
  },
  {
    name: "of an index the platform's image, and what it has when there is none",
    run: async ({ domain, client }) => {
      const at = { domain, path: "round/index", tag: "all" };
      const [one, other] = [imageOf([small], amd64), imageOf([large], arm64)];
      const content = indexOf([
        [amd64, one],
        [arm64, other],
      ]);
      await client().push(at, content, testCtx());
      const pulled = await client().image(at, arm64, testCtx());
      expect(pulled.manifest.descriptor.digest).toBe(other.manifest.descriptor.digest);
      expect(pulled.indexes.map(({ descriptor }) => descriptor.digest)).toEqual([content.index.descriptor.digest]);
      expect((await client().resolve(at, testCtx())).digest).toBe(content.index.descriptor.digest);
      await expect(client().image(at, { os: "linux", architecture: "s390x" }, testCtx())).rejects.toMatchObject({
        code: "SLIP_IMAGE_UNKNOWN",
        hint: expect.stringContaining("linux/amd64, linux/arm64"),
      });
    },
  },
  {
    name: "by tag and by digest the same, and HEAD knows what GET gives",
    run: async ({ domain, client }) => {
      const at = { domain, path: "names", tag: "v1.2" };
      const image = imageOf([small]);
      const { digest, size, mediaType } = image.manifest.descriptor;
      await client().push(at, image.content, testCtx());
      expect(await client().resolve(at, testCtx())).toEqual({ digest, size, mediaType });
      const byDigest = { domain, path: "names", digest };
      expect(await client().resolve(byDigest, testCtx())).toEqual({ digest, size, mediaType });
      expect((await client().manifest(byDigest, testCtx())).descriptor).toEqual({ digest, size, mediaType });
    },
  },
  {
    name: "what is there is not sent again",
    run: async ({ domain, client }) => {
      const at = { domain, path: "twice", tag: "one" };
      const image = imageOf([small, large]);
      await client().push(at, image.content, testCtx());
      const ctx = testCtx();
      await client().push({ ...at, tag: "two" }, image.content, ctx);
      expect(ctx.events.filter(({ type }) => type === "exists")).toHaveLength(3);
      expect(uploaded(ctx)).toBe(0);
      await expectSame(client(), { ...at, tag: "two" }, image);
    },
  },
  {
    name: "a blob of a neighbour is mounted",
    run: async ({ domain, client }) => {
      const from = { domain, path: "mount/from", tag: "one" };
      const at = { domain, path: "mount/to", tag: "one" };
      const image = imageOf([bytesOf("mounted", 2_000_000)]);
      await client().push(from, image.content, testCtx());
      const ctx = testCtx();
      const elsewhere = { domain: "elsewhere.example", path: "mount/from", tag: "one" };
      const blobs = image.content.blobs.map((blob) => ({ ...blob, origins: [elsewhere, from] }));
      await client().push(at, { ...image.content, blobs }, ctx);
      expect(ctx.events.filter(({ type }) => type === "mounted")).toHaveLength(2);
      expect(uploaded(ctx)).toBe(0);
      await expectSame(client(), at, image);
    },
  },
  {
    name: "a neighbour that lacks the blob costs nothing but the question",
    run: async ({ domain, client }) => {
      const at = { domain, path: "mount/missing", tag: "one" };
      const image = imageOf([bytesOf("not mounted", 2_000_000)]);
      const origins = [{ domain, path: "mount/nobody", tag: "one" }];
      await client().push(
        at,
        { ...image.content, blobs: image.content.blobs.map((blob) => ({ ...blob, origins })) },
        testCtx(),
      );
      await expectSame(client(), at, image);
    },
  },
  {
    name: "a blob goes up in chunks where they are limited",
    run: async ({ domain, client }) => {
      const at = { domain, path: "chunks", tag: "one" };
      const image = imageOf([bytesOf("in chunks", 2_500_000)]);
      await client({ chunk: 1_000_000 }).push(at, image.content, testCtx());
      await expectSame(client(), at, image);
    },
  },
  {
    name: "tags are listed whole",
    run: async ({ domain, client }) => {
      const at = { domain, path: "tagged", tag: "a" };
      const pushing = client();
      const tags = ["a", "b", "c", "d-1", "e.2"];
      for (const tag of tags) await pushing.push({ ...at, tag }, imageOf([small]).content, testCtx());
      const listed: string[] = [];
      for await (const tag of client().tags(at, testCtx())) listed.push(tag);
      expect(listed.sort()).toEqual(tags);
    },
  },
  {
    name: "referrers are found, of one type too",
    run: async ({ domain, client }) => {
      const at = { domain, path: "referred", tag: "one" };
      const image = imageOf([small]);
      const { digest, size, mediaType } = image.manifest.descriptor;
      await client().push(at, image.content, testCtx());
      const referrer = (
        artifactType: string,
      ): { readonly bytes: Buffer; readonly descriptor: ReturnType<typeof describeBytes> } => {
        const config = describeBytes(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");
        const text = {
          schemaVersion: 2,
          mediaType: mediaTypes.oci.manifest,
          artifactType,
          config,
          layers: [config],
          subject: { mediaType, digest, size },
        };
        const bytes = Buffer.from(JSON.stringify(text));
        return { bytes, descriptor: describeBytes(bytes, mediaTypes.oci.manifest) };
      };
      const empty = blobOf(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");
      const documents = [referrer("application/x-one"), referrer("application/x-two")];
      for (const document of documents) {
        const to = { domain, path: at.path, digest: document.descriptor.digest };
        await client().push(to, { blobs: [empty], documents: [document] }, testCtx());
      }
      const subject = { domain, path: at.path, digest };
      const found = await client().referrers(subject, testCtx());
      expect(found.map((one) => one.digest).sort()).toEqual(
        documents.map(({ descriptor }) => descriptor.digest).sort(),
      );
      expect(await client().referrers(subject, testCtx(), "application/x-two")).toMatchObject([
        { digest: documents[1]?.descriptor.digest, artifactType: "application/x-two" },
      ]);
      const gone = documents[0]?.descriptor.digest ?? digest;
      await client().remove({ domain, path: at.path, digest: gone }, testCtx());
      expect((await client().referrers(subject, testCtx())).map((one) => one.digest)).toEqual([
        documents[1]?.descriptor.digest,
      ]);
      const nobody = {
        domain,
        path: at.path,
        digest: encodeConfig({ ...amd64, rootfs: { type: "layers", diff_ids: [] } }).id,
      };
      expect(await client().referrers(nobody, testCtx())).toEqual([]);
    },
  },
  {
    name: "a manifest is removed by its digest, a tag alone where the registry can",
    run: async ({ domain, client, deletesTags }) => {
      const at = { domain, path: "removed", tag: "one" };
      const image = imageOf([bytesOf("removed", 10)]);
      const { digest } = image.manifest.descriptor;
      const own = client();
      await own.push(at, image.content, testCtx());
      await own.push({ ...at, tag: "two" }, image.content, testCtx());
      const removing = own.remove(at, testCtx());
      if (deletesTags) await removing;
      else await expect(removing).rejects.toMatchObject({ code: "SLIP_UNSUPPORTED" });
      expect((await own.resolve({ ...at, tag: "two" }, testCtx())).digest).toBe(digest);
      await own.remove({ domain, path: at.path, digest }, testCtx());
      for (const tag of ["one", "two"]) {
        await expect(own.resolve({ ...at, tag }, testCtx())).rejects.toMatchObject({ code: "SLIP_IMAGE_UNKNOWN" });
      }
    },
  },
  {
    name: "what is not there is said to be unknown",
    run: async ({ domain, client }) => {
      const at = { domain, path: "nobody/knows", tag: "one" };
      await expect(client().image(at, amd64, testCtx())).rejects.toMatchObject({ code: "SLIP_IMAGE_UNKNOWN" });
      await expect(client().resolve(at, testCtx())).rejects.toMatchObject({ code: "SLIP_IMAGE_UNKNOWN" });
      const missing = blobOf(bytesOf("missing", 10)).descriptor;
      await expect(client().blob(at, missing, collect, testCtx())).rejects.toMatchObject({
        code: "SLIP_IMAGE_UNKNOWN",
      });
    },
  },
  {
    name: "an index in an index is walked through",
    run: async ({ domain, client }) => {
      const at = { domain, path: "nested", tag: "one" };
      const image = imageOf([small]);
      const inner = makeIndex({ manifests: [{ ...image.manifest.descriptor, platform: amd64 }] });
      const outer = makeIndex({ manifests: [inner.descriptor] });
      const content = { blobs: image.content.blobs, documents: [image.manifest, inner, outer] };
      await client().push(at, content, testCtx());
      expect((await client().image(at, amd64, testCtx())).indexes).toHaveLength(2);
    },
  },
];
