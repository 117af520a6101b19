import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder, tempStore } from "../../../test/support/store-lab.ts";
import { type BuildEvent, type Digest, sha256 } from "../../base/index.ts";
import { type CacheDocument, cacheTypes, encodeCache, inlineMember } from "../../cache/index.ts";
import { describe, encodeConfig, makeIndex, makeManifest, mediaTypes } from "../../oci/index.ts";
import type { Engine } from "../engine/engine.ts";
import { gatherCache, type SolvedBuild } from "./gather.ts";
import { type CacheRooms, importCaches } from "./import-caches.ts";

const layer = describe(Buffer.from("layer"), mediaTypes.oci.layer.gzip);
const diffId = sha256("diff");
const key = sha256("key");
const document: CacheDocument = {
  version: 1,
  owners: "kept",
  layers: [diffId],
  snapshots: [{ layer: 0, created: 1, size: 1, entries: 1 }],
  records: [{ key, snapshot: 0, created: 1, text: "RUN make" }],
  identities: [],
  bases: [],
  mounts: [],
};

/** An image layout with one manifest. */
function layout(config: { readonly bytes: Uint8Array; readonly mediaType: string }, layers = [layer]): string {
  const folder = tempFolder();
  const put = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const described = describe(config.bytes, config.mediaType);
  const manifest = makeManifest({ config: described, layers });
  for (const [{ digest }, bytes] of [
    [described, config.bytes],
    [manifest.descriptor, manifest.bytes],
  ] as const)
    put(`blobs/sha256/${digest.slice(7)}`, bytes);
  put("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
  put("index.json", makeIndex({ manifests: [manifest.descriptor] }).bytes);
  return folder;
}

const cacheLayout = (change: Partial<CacheDocument> = {}, layers = [layer]): string =>
  layout({ bytes: encodeCache({ ...document, ...change }), mediaType: cacheTypes.config }, layers);

function imageLayout(diffIds: readonly Digest[], member?: unknown): string {
  const config = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } } as const;
  const whole = member === undefined ? config : { ...config, [inlineMember]: member };
  return layout({ bytes: encodeConfig(whole).bytes, mediaType: mediaTypes.oci.config });
}

async function imported(folder: string, kind: Engine["namespace"]["kind"] = "root", store = tempStore()) {
  const events: BuildEvent[] = [];
  const rooms = { store, squashed: kind === "single-id", keeps: true } as CacheRooms;
  const ctx = { signal: new AbortController().signal, emit: (event: BuildEvent) => void events.push(event) };
  const source = { type: "local", folder, tag: undefined, digest: undefined } as const;
  const { names } = await importCaches([source], rooms, ctx);
  const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  const remote = store.records.peek(key);
  return { used: names.length, warnings, remote: remote && store.remoteLayers.of(remote.snapshot) };
}

test.each([
  ["a cache on its own", cacheLayout],
  ["an inline cache", () => imageLayout([diffId], document)],
])("%s is taken in: its layers lie where it does", async (_what, make) => {
  const folder = make();
  const { used, warnings, remote } = await imported(folder);
  expect([used, warnings]).toEqual([1, []]);
  expect(remote).toMatchObject({ diffId, blob: layer, sources: [{ kind: "layout", path: folder }] });
});

test.each<[string, () => string, string]>([
  ["a folder that is not there", () => "/nonexistent", "ENOENT"],
  ["an image without a cache", () => imageLayout([diffId]), "an image without a cache in it"],
  [
    "an image whose layers were changed",
    () => imageLayout([sha256("x")], document),
    "others than those that were built",
  ],
  ["an image with nonsense in it", () => imageLayout([diffId], { version: 1 }), "owners is missing"],
  ["an inline cache with mounts", () => imageLayout([diffId], { ...document, mounts: [{}] }), "mounts[0]"],
  ["a cache of another version", () => cacheLayout({ version: 2 as 1 }), "version must be 1"],
  ["a cache with fewer blobs than layers", () => cacheLayout({}, []), "more than the 0 of the manifest"],
  ["a cache that is no text", () => layout({ bytes: Buffer.from([0xff]), mediaType: cacheTypes.config }), "not JSON"],
  ["a cache of one user id", () => cacheLayout({ owners: "squashed" }), "made with one user id"],
])("%s is a warning, and nothing of it is used", async (_what, make, why) => {
  const { used, warnings, remote } = await imported(make());
  expect([used, remote]).toEqual([0, undefined]);
  expect(warnings).toEqual([expect.stringContaining(why)]);
});

test("one user id is enough for caches of one and of many", async () => {
  expect((await imported(cacheLayout({ owners: "squashed" }), "single-id")).used).toBe(1);
  expect((await imported(cacheLayout(), "single-id")).used).toBe(1);
});

test("a base of the archive goes on with the next cache, as it came; of another origin it does not", async () => {
  const { bytes } = encodeConfig({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const base = { name: "debian:bookworm", platform: "linux/amd64", config: Buffer.from(bytes).toString(), snapshot: 0 };
  const nextBases = async (origin: string) => {
    const store = tempStore();
    await imported(cacheLayout({ bases: [{ ...base, origin, packages: key }] }), "root", store);
    const plan = { vertices: [{ op: { kind: "image", id: sha256(bytes), name: base.name }, inputs: [] }] };
    const build = { plan, plans: [], report: { identityOf: () => undefined }, rooms: { store } };
    const gathered = await gatherCache(build as unknown as SolvedBuild, "max", false, async () => diffId);
    return gathered.document.bases;
  };
  const origin = "archive bookworm 12.1 2026-01-01";
  expect(await nextBases(origin)).toEqual([{ ...base, origin, packages: key }]);
  expect(await nextBases("registry docker.io/library/debian:bookworm")).toEqual([]);
});
