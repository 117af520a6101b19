import { expect, test } from "vitest";
import type { CacheSpec } from "../api/api.ts";
import { readCacheSources, readCacheTargets } from "./read-caches.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const refused = (code: string, message: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

test.each<[CacheSpec, object]>([
  [
    { type: "registry", attributes: { ref: "app" } },
    { type: "registry", name: "docker.io/library/app:latest" },
  ],
  [
    { type: "inline", attributes: { ref: "r.example/a:1" } },
    { type: "registry", name: "r.example/a:1" },
  ],
  [
    { type: "local", attributes: { src: "/x", tag: "t", digest } },
    { type: "local", folder: "/x", tag: "t", digest },
  ],
  [
    { type: "local", attributes: { src: "/x" } },
    { type: "local", folder: "/x", tag: undefined, digest: undefined },
  ],
])("--cache-from %j", (spec, expected) => {
  expect(readCacheSources([spec])).toEqual([expected]);
});

const usual = {
  mode: "min",
  form: { compression: undefined, level: undefined, force: undefined },
  mounts: [],
  mountsMax: 2e9,
  ignoreError: true,
};

test.each<[CacheSpec, object]>([
  [{ type: "inline", attributes: {} }, { type: "inline" }],
  [{ type: "inline", attributes: { mode: "min" } }, { type: "inline" }],
  [
    { type: "registry", attributes: { ref: "r.example/a:c", "oci-mediatypes": "true", "image-manifest": "true" } },
    { ...usual, type: "registry", name: "r.example/a:c" },
  ],
  [
    {
      type: "local",
      attributes: {
        dest: "/x",
        mode: "max",
        compression: "zstd",
        "compression-level": "9",
        "force-compression": "true",
        mounts: "npm,go npm",
        "mounts-max": "1m",
        "ignore-error": "false",
      },
    },
    {
      type: "local",
      folder: "/x",
      tag: "latest",
      mode: "max",
      form: { compression: "zstd", level: 9, force: true },
      mounts: ["npm", "go"],
      mountsMax: 1 << 20,
      ignoreError: false,
    },
  ],
])("--cache-to %j", (spec, expected) => {
  expect(readCacheTargets([spec])).toEqual([expected]);
});

test.each<[CacheSpec, string, string]>([
  [{ type: "registry", attributes: {} }, "SLIP_USAGE", "type=registry needs a name"],
  [{ type: "registry", attributes: { ref: "A B" } }, "SLIP_REFERENCE", "A B"],
  [{ type: "local", attributes: {} }, "SLIP_USAGE", "type=local needs a folder"],
  [{ type: "local", attributes: { src: "x", digest: "1" } }, "SLIP_USAGE", "digest must be"],
  [{ type: "local", attributes: { src: "x", tag: "a b" } }, "SLIP_USAGE", "tag must be"],
  [{ type: "registry", attributes: { ref: "a", mode: "max" } }, "SLIP_USAGE", "has no attribute mode"],
  [
    { type: "registry", attributes: { ref: "a", "registry.insecure": "true" } },
    "SLIP_UNSUPPORTED",
    "registry.insecure",
  ],
])("refuses --cache-from %j", (spec, code, message) => {
  expect(() => readCacheSources([spec])).toThrow(refused(code, message));
});

test.each<[CacheSpec, string, string]>([
  [{ type: "inline", attributes: { mode: "max" } }, "SLIP_UNSUPPORTED", "mode=max"],
  [{ type: "local", attributes: { src: "x" } }, "SLIP_USAGE", "type=local needs a folder"],
  [{ type: "registry", attributes: { ref: "a", mode: "all" } }, "SLIP_USAGE", "Unknown mode all"],
  [{ type: "registry", attributes: { ref: "a", "image-manifest": "false" } }, "SLIP_UNSUPPORTED", "image-manifest"],
  [{ type: "registry", attributes: { ref: "a", "oci-mediatypes": "false" } }, "SLIP_UNSUPPORTED", "oci-mediatypes"],
  [{ type: "registry", attributes: { ref: "a", compression: "estargz" } }, "SLIP_UNSUPPORTED", "estargz"],
  [{ type: "registry", attributes: { ref: "a", mounts: "m", "mounts-max": "much" } }, "SLIP_USAGE", "not much"],
  [{ type: "registry", attributes: { ref: "a", "mounts-max": "1g" } }, "SLIP_USAGE", "none is named"],
  [{ type: "registry", attributes: { ref: `a@sha256:${"a".repeat(64)}` } }, "SLIP_USAGE", "can be written to"],
  [{ type: "registry", attributes: { ref: "a", "ignore-error": "maybe" } }, "SLIP_USAGE", "ignore-error"],
])("refuses --cache-to %j", (spec, code, message) => {
  expect(() => readCacheTargets([spec])).toThrow(refused(code, message));
});

test("the image has place for one inline cache", () => {
  const inline = { type: "inline", attributes: {} } as const;
  expect(() => readCacheTargets([inline, inline])).toThrow(refused("SLIP_USAGE", "given twice"));
});
