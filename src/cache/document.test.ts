import { describe, expect, test } from "vitest";
import { type Digest, sha256 } from "../base/index.ts";
import { encodeConfig } from "../oci/index.ts";
import { type CacheDocument, type CachedRecord, encodeCache, parseCache, withinNotesLimit } from "./index.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => sha256(name)) as [Digest, Digest, Digest];
const base = encodeConfig({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [a] } });

const note: NonNullable<CachedRecord["note"]> = {
  place: "here",
  position: 2,
  text: "RUN make",
  made: 5,
  why: "never built before",
  parts: {
    instruction: "RUN make",
    version: 1,
    base: c,
    settings: { command: "make" },
    variables: { A: { digest: "abc" }, B: "shown" },
    mounts: ["cache x"],
    files: { "the build context": { entries: { "a.c": ["f 0644", "1234"] }, depth: 1 } },
  },
};

const whole: CacheDocument = {
  version: 1,
  owners: "kept",
  layers: [a, b],
  snapshots: [
    { layer: 0, created: 1, size: 10, entries: 2 },
    { layer: 1, parent: 0, created: 2, size: 3, entries: 1, rewritten: [[7, c]] },
  ],
  records: [
    { key: c, snapshot: 1, created: 3, text: "RUN make", note },
    { key: a, identity: c, snapshot: 1, created: 3, text: "RUN make" },
  ],
  identities: [[b, c]],
  bases: [
    {
      name: "debian:bookworm",
      platform: "linux/amd64",
      config: Buffer.from(base.bytes).toString(),
      snapshot: 0,
      origin: "archive bookworm",
    },
  ],
  mounts: [{ key: c, name: "npm", blob: 2, size: 9 }],
};

test("a document is read as it was written, and always written as the same bytes", () => {
  const bytes = encodeCache(whole);
  expect(parseCache(bytes, 3)).toEqual(whole);
  const { version, ...rest } = whole;
  expect(encodeCache({ ...rest, version })).toEqual(bytes);
});

describe("a document is refused that", () => {
  const [snapshot] = whole.snapshots as [CacheDocument["snapshots"][number]];
  const [record] = whole.records as [CachedRecord];
  const parts = note.parts as object;
  const withNote = (change: object): object => ({ records: [{ ...record, note: { ...note, ...change } }] });
  const loop = [
    { ...snapshot, parent: 1 },
    { ...snapshot, parent: 0 },
  ];
  const tower = Array.from({ length: 600 }, (_, at) => ({ ...snapshot, ...(at > 0 && { parent: at - 1 }) }));
  test.each<[string, object, string]>([
    ["is of another version", { version: 2 }, "version"],
    ["does not say whose files they are", { owners: "mine" }, "owners"],
    ["names a layer twice", { layers: [a, a] }, "layers names one twice"],
    ["names more layers than there are", { layers: [a, b, c] }, "layers"],
    ["has a layer that is no digest", { layers: ["../../etc"] }, "layers[0]"],
    ["has a snapshot of no layer", { snapshots: [{ ...snapshot, layer: 2 }] }, "snapshots[0].layer"],
    ["has a snapshot of a negative layer", { snapshots: [{ ...snapshot, layer: -1 }] }, "snapshots[0].layer"],
    ["has a snapshot on itself", { snapshots: [{ ...snapshot, parent: 0 }] }, "snapshots[0].parent"],
    ["has snapshots in a loop", { snapshots: loop }, "snapshots[0].parent"],
    ["stacks more than can be mounted", { snapshots: tower }, "snapshots[500]"],
    ["has a time with a fraction", { snapshots: [{ ...snapshot, created: 0.5 }] }, "snapshots[0].created"],
    ["leads to no snapshot", { records: [{ ...record, snapshot: 9 }] }, "records[0].snapshot"],
    ["has a key that is no digest", { records: [{ ...record, key: "x" }] }, "records[0].key"],
    ["has a text that is none", { records: [{ ...record, text: {} }] }, "records[0].text"],
    ["has a promise of three", { identities: [[a, b, c]] }, "identities[0]"],
    ["has a base of other layers", { bases: [{ ...whole.bases[0], snapshot: 1 }] }, "bases[0].config"],
    ["has a base without a configuration", { bases: [{ ...whole.bases[0], config: "{}" }] }, "image configuration"],
    ["has a mount in a layer's blob", { mounts: [{ ...whole.mounts[0], blob: 1 }] }, "mounts[0].blob"],
    ["has a mount in no blob", { mounts: [{ ...whole.mounts[0], blob: 3 }] }, "mounts[0].blob"],
    ["has a note without parts", withNote({ parts: undefined }), "note.parts"],
    ["has a note of files that are none", withNote({ parts: { ...parts, files: { x: null } } }), "files.x"],
    ["has a note of a variable that is a list", withNote({ parts: { ...parts, variables: { X: [] } } }), "variables.X"],
  ])("%s", (_what, change, place) => {
    const bytes = encodeCache({ ...whole, ...change });
    expect(() => parseCache(bytes, 3)).toThrow(
      expect.objectContaining({ code: "SLIP_OCI_INVALID", message: expect.stringContaining(place) as string }) as Error,
    );
  });

  test.each<[string, string | Uint8Array]>([
    ["is no JSON", "{"],
    ["is no text", Buffer.from([0xff, 0xfe])],
    ["is a list", "[]"],
    ["is too large", " ".repeat((8 << 20) + 1)],
    ["is too deep", `${"[".repeat(100)}${"]".repeat(100)}`],
  ])("%s", (_what, text) => {
    expect(() => parseCache(text, 3)).toThrow(expect.objectContaining({ code: "SLIP_OCI_INVALID" }) as Error);
  });
});

test("an inline cache has no mounts, and its layers are the image's", () => {
  const inline = { ...whole, mounts: [], bases: [] };
  expect(parseCache(encodeCache(inline))).toEqual(inline);
  expect(() => parseCache(encodeCache(whole))).toThrow(expect.objectContaining({ code: "SLIP_OCI_INVALID" }) as Error);
});

test("notes beyond the limit are left out, the first records' first", () => {
  const records = ["x", "y", "z"].map((name) => ({ key: sha256(name), snapshot: 0, created: 0, text: name, note }));
  const size = Buffer.byteLength(JSON.stringify(note));
  const kept = withinNotesLimit(records, size * 2);
  expect(kept.map((record) => record.note !== undefined)).toEqual([false, true, true]);
  expect(kept.map(({ text }) => text)).toEqual(["x", "y", "z"]);
});
