import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { encodeConfig } from "../../src/oci/index.ts";
import {
  type CacheRecord,
  type ImageRecord,
  openStore,
  type SnapshotId,
  type Store,
  ulid,
} from "../../src/store/index.ts";

/** A new folder that the end of the test removes. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in a new folder; both go with the test. */
export function tempStore(): Store {
  const store = openStore(tempFolder());
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

/** Publishes a layer of files, without any mount. */
export function addLayer(
  store: Store,
  parent: SnapshotId | undefined,
  files: Readonly<Record<string, string>> = {},
): SnapshotId {
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "fs", name)), { recursive: true });
    writeFileSync(join(folder, "fs", name), content);
  }
  const size = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  const id = ulid();
  store.snapshots.publish({ id, parent, created: Date.now(), size, entries: Object.keys(files).length }, folder);
  return id;
}

/** Records that a key gave a snapshot. */
export function addRecord(store: Store, key: string, snapshot: SnapshotId): CacheRecord {
  const digest = sha256(key);
  return store.records.put({ key: digest, identity: digest, snapshot, created: Date.now(), description: key });
}

/** Puts an image of layers; the label makes it different from others. */
export function addImage(store: Store, snapshots: readonly SnapshotId[], label: string, built = true): ImageRecord {
  const config = {
    architecture: "amd64",
    os: "linux",
    author: label,
    rootfs: { type: "layers" as const, diff_ids: snapshots.map((id) => sha256(id)) },
  };
  const facts = { duration: 1, steps: 1, cachedSteps: 0, stages: [], skippedStages: [], bases: {} };
  const image: ImageRecord = {
    id: encodeConfig(config).id,
    config,
    snapshots,
    size: 0,
    created: Date.now(),
    facts: built ? facts : undefined,
  };
  store.images.put(image);
  return image;
}

/** Bytes as a stream of chunks. */
export async function* stream(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
