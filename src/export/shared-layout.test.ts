import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { describe as descriptorOf, makeManifest, mediaTypes, parseIndex } from "../oci/index.ts";
import { blobPath } from "./layout.ts";
import { openSharedLayout } from "./shared-layout.ts";

/** Publishes a manifest of one layer, which is a file, under a tag. */
async function publish(folder: string, tag: string, content: string, meanwhile?: () => Promise<void>): Promise<void> {
  const file = join(tempFolder(), "layer");
  writeFileSync(file, content);
  const layer = descriptorOf(Buffer.from(content), mediaTypes.oci.layer.none);
  const config = descriptorOf(Buffer.from("{}"), mediaTypes.oci.config);
  const manifest = makeManifest({ config, layers: [layer] });
  const layout = await openSharedLayout(folder, tag);
  await layout.addFile(layer.digest, file, layer.size);
  await layout.addBytes(blobPath(config.digest), Buffer.from("{}"));
  await layout.addBytes(blobPath(manifest.descriptor.digest), manifest.bytes);
  await meanwhile?.();
  await layout.publish(manifest.descriptor);
  await layout.abandon();
}

const blobs = (folder: string): readonly string[] => readdirSync(join(folder, "blobs/sha256")).toSorted();
const tags = (folder: string): readonly string[] =>
  parseIndex(readFileSync(join(folder, "index.json")))
    .manifests.map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] ?? "none")
    .toSorted();
const has = (folder: string, content: string): boolean => blobs(folder).includes(sha256(content).slice(7));

test("what a tag had before goes, what other tags have stays", async () => {
  const folder = join(tempFolder(), "cache");
  await publish(folder, "a", "one");
  await publish(folder, "b", "two");
  expect([tags(folder), has(folder, "one"), has(folder, "two")]).toEqual([["a", "b"], true, true]);
  await publish(folder, "a", "three");
  expect([tags(folder), has(folder, "one"), has(folder, "two"), has(folder, "three")]).toEqual([
    ["a", "b"],
    false,
    true,
    true,
  ]);
  expect(blobs(folder)).toHaveLength(5);
  expect(readdirSync(folder).filter((name) => name.startsWith(".new-"))).toEqual([]);
});

test("several at once lose nothing", async () => {
  const folder = join(tempFolder(), "cache");
  await publish(folder, "first", "shared");
  await Promise.all(Array.from({ length: 6 }, (_, at) => publish(folder, `t${at}`, at % 2 === 0 ? "shared" : `${at}`)));
  expect(tags(folder)).toEqual(["first", "t0", "t1", "t2", "t3", "t4", "t5"]);
  for (const content of ["shared", "1", "3", "5"]) expect(has(folder, content)).toBe(true);
});

test("a blob that was there and that another swept meanwhile is copied after all", async () => {
  const folder = join(tempFolder(), "cache");
  await publish(folder, "a", "one");
  await publish(folder, "b", "one", () => publish(folder, "a", "two"));
  expect([tags(folder), has(folder, "one"), has(folder, "two")]).toEqual([["a", "b"], true, true]);
});

test("what cannot be followed keeps all that is there", async () => {
  const folder = join(tempFolder(), "cache");
  await publish(folder, "a", "one");
  const [entry] = parseIndex(readFileSync(join(folder, "index.json"))).manifests;
  writeFileSync(join(folder, blobPath(entry!.digest)), "no manifest");
  await publish(folder, "b", "two");
  await publish(folder, "b", "three");
  expect([has(folder, "one"), has(folder, "two")]).toEqual([true, true]);
});

test("a folder with somebody's work in it is left alone", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "notes.txt"), "mine");
  await expect(openSharedLayout(folder, "a")).rejects.toMatchObject({ code: "SLIP_OUTPUT" });
  const other = tempFolder();
  mkdirSync(join(other, "blobs"));
  await publish(other, "a", "one");
  expect(tags(other)).toEqual(["a"]);
});
