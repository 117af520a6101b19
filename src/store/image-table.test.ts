import { expect, test } from "vitest";
import { addImage, addLayer, tempStore } from "../../test/support/store-lab.ts";
import { type Digest, sha256 } from "../base/index.ts";
import { defaultPlatform, encodeConfig } from "../oci/index.ts";
import type { ImageRecord } from "./index.ts";

test("an image is found by every way to write its name and its id", () => {
  const store = tempStore();
  const image = addImage(store, [addLayer(store, undefined)], "one");
  store.images.tag("debian", image.id);
  const hex = image.id.slice(7);
  const missed = [
    "debian",
    "debian:latest",
    "library/debian",
    "docker.io/library/debian:latest",
    image.id,
    hex,
    hex.slice(0, 12),
    `sha256:${hex.slice(0, 12)}`,
  ].filter((text) => store.images.find(text)?.id !== image.id);
  expect(missed).toEqual([]);
  const unknown = ["debian:other", "ubuntu", "localhost/debian", "sha256:0", "", "../x", hex.slice(0, 3)];
  expect(unknown.filter((text) => store.images.find(text))).toEqual([]);
  expect(store.images.names(image.id)).toEqual(["debian:latest"]);
});

test("what was put is got: configuration, facts, snapshots", () => {
  const store = tempStore();
  const base = addLayer(store, undefined);
  const image = addImage(store, [base, addLayer(store, base)], "one");
  expect(store.images.get(image.id)).toEqual(image);
  expect(sha256(store.images.config(image.id) ?? "")).toBe(image.id);
  expect(store.images.get(sha256("other"))).toBeUndefined();
  expect(store.images.config(sha256("other"))).toBeUndefined();
});

test("the configuration's bytes are kept as they came", () => {
  const store = tempStore();
  const bytes = Buffer.from(
    '{ "os":"linux",\n"architecture":"amd64", "rootfs":{"type":"layers","diff_ids":[]}, "x":1 }',
  );
  const config = JSON.parse(bytes.toString()) as ImageRecord["config"];
  const image: ImageRecord = { id: sha256(bytes), config, snapshots: [], size: 0, created: 1 };
  expect(() => store.images.put(image)).toThrow(expect.objectContaining({ code: "SLIP_DIGEST_MISMATCH" }));
  store.images.put(image, bytes);
  expect(Buffer.from(store.images.config(image.id) ?? [])).toEqual(bytes);
});

test("a name moves from image to image; an image may have several names and none", () => {
  const store = tempStore();
  const one = addImage(store, [], "one");
  const two = addImage(store, [], "two");
  expect(store.images.tag("app", one.id)).toBeUndefined();
  store.images.tag("app:1", one.id);
  store.images.tag("ghcr.io/me/app", one.id);
  expect(store.images.names(one.id)).toEqual(["app:1", "app:latest", "ghcr.io/me/app:latest"]);
  expect(store.images.tag("app", two.id)).toBe(one.id);
  expect(store.images.names(two.id)).toEqual(["app:latest"]);
  expect(store.images.untag("app")).toBe(two.id);
  expect(store.images.untag("app")).toBeUndefined();
  expect(store.images.names(two.id)).toEqual([]);
  expect(store.images.get(two.id)).toBeDefined();
  expect(() => store.images.tag("app", sha256("none"))).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
  expect(() => store.images.tag("No Name", one.id)).toThrow(expect.objectContaining({ code: "SLIP_REFERENCE" }));
});

test("a name of hexadecimal digits comes before ids that begin so", () => {
  const store = tempStore();
  const one = addImage(store, [], "one");
  const two = addImage(store, [], "two");
  const digits = one.id.slice(7, 15);
  store.images.tag(digits, two.id);
  expect(store.images.find(digits)?.id).toBe(two.id);
  expect(store.images.find(`sha256:${digits}`)?.id).toBe(one.id);
});

test("digits that fit several ids are refused", () => {
  const store = tempStore();
  const ids = new Map<string, string>();
  // Ids are digests: four digits collide soon.
  for (let i = 0; ; i++) {
    const { id } = encodeConfig({
      architecture: "amd64",
      os: "linux",
      author: `${i}`,
      rootfs: { type: "layers", diff_ids: [] },
    });
    const start = id.slice(7, 11);
    const other = ids.get(start);
    ids.set(start, `${i}`);
    if (other === undefined) continue;
    addImage(store, [], other);
    addImage(store, [], `${i}`);
    expect(() => store.images.find(start)).toThrow(expect.objectContaining({ code: "SLIP_IMAGE_UNKNOWN" }));
    return;
  }
});

test("layers have to be there and stand on one another", () => {
  const store = tempStore();
  const base = addLayer(store, undefined);
  const child = addLayer(store, base);
  const broken = expect.objectContaining({ code: "SLIP_STORE" }) as Error;
  expect(() => addImage(store, [child], "no base")).toThrow(broken);
  expect(() => addImage(store, [child, base], "upside down")).toThrow(broken);
  expect(() => addImage(store, [base, "01ARZ3NDEKTSV4RRFFQ69G5FAV"], "unknown")).toThrow(broken);
  expect(store.images.list()).toEqual([]);
});

test("a removed image takes its names and facts along, and leaves its snapshots", () => {
  const store = tempStore();
  const base = addLayer(store, undefined);
  const image = addImage(store, [base], "one");
  store.images.tag("app", image.id);
  store.facts.set("inspect/one", { packages: 3 }, image.id);
  store.facts.set("archive", "state");
  expect(store.facts.get("inspect/one")).toEqual({ packages: 3 });
  expect(store.images.remove(image.id)).toBe(true);
  expect(store.images.remove(image.id)).toBe(false);
  expect(store.images.find("app")).toBeUndefined();
  expect(store.facts.get("inspect/one")).toBeUndefined();
  expect(store.facts.get("archive")).toBe("state");
  expect(store.snapshots.get(base)).toBeDefined();
});

test("put again brings new facts and keeps the old ones when it has none", () => {
  const store = tempStore();
  const image = addImage(store, [], "one");
  store.images.put({ ...image, facts: undefined });
  expect(store.images.get(image.id)?.facts).toEqual(image.facts);
  const facts = { ...image.facts!, duration: 99 };
  store.images.put({ ...image, facts });
  expect(store.images.get(image.id)?.facts?.duration).toBe(99);
  expect(store.images.list()).toHaveLength(1);
});

test("a name of several platforms is one image a platform, in their order", () => {
  const store = tempStore();
  const image = (architecture: string, variant?: string): Digest => {
    const config = { os: "linux", architecture, variant, rootfs: { type: "layers", diff_ids: [] } } as const;
    const { id, value } = encodeConfig(config);
    store.images.put({ id, config: value, snapshots: [], size: 0, created: 1 });
    return id;
  };
  const [s390x, v6, v7] = [image("s390x"), image("arm", "v6"), image("arm", "v7")];
  store.images.tag("app", s390x, v6, v7);
  expect(store.images.named("app").map(({ id }) => id)).toEqual([s390x, v6, v7]);
  expect(store.images.find("app")?.id).toBe(s390x);
  expect(store.images.find("app", { os: "linux", architecture: "arm" })?.id).toBe(v7);
  expect(store.images.find("app", { os: "linux", architecture: "arm", variant: "v6" })?.id).toBe(v6);
  expect(store.images.find("app", { os: "linux", architecture: "riscv64" })).toBeUndefined();
  expect(store.images.names(v6)).toEqual(["app:latest"]);
  const own = defaultPlatform();
  store.images.tagBeside("app", image(own.architecture, own.variant));
  expect(store.images.find("app")?.config.architecture).toBe(own.architecture);
  store.images.tagBeside("app", image("arm", "v6"));
  expect(store.images.named("app")).toHaveLength(4);
  expect(store.images.untag("app", s390x)).toBe(s390x);
  expect(store.images.named("app")).toHaveLength(3);
  store.images.tag("app", v7);
  expect(store.images.named("app").map(({ id }) => id)).toEqual([v7]);
  expect(store.images.find("app", own)?.id).toBe(v7);
});

test("a layer has a digest for each time that its files may end at", () => {
  const store = tempStore();
  const layer = addLayer(store, undefined);
  const [own, one, two] = [sha256("own"), sha256("one"), sha256("two")];
  expect(store.snapshots.rewritten(layer, 5)).toBeUndefined();
  store.snapshots.setDiffId(layer, own);
  store.snapshots.setRewritten(layer, 5, one);
  store.snapshots.setRewritten(layer, 6, two);
  expect([5, 6, 7].map((epoch) => store.snapshots.rewritten(layer, epoch))).toEqual([one, two, undefined]);
  expect([own, one, two].map((digest) => store.snapshots.epochOf(layer, digest))).toEqual([undefined, 5, 6]);
});
