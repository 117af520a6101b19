import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { OutputSpec } from "../api/output-api.ts";
import { leavesStore, type Outgoing, readOutputs, storedNames, tellTimes } from "./read-outputs.ts";

const spec = (
  type: OutputSpec["type"],
  attributes: Readonly<Record<string, string>> = {},
  dest?: string,
): OutputSpec => ({ type, dest, attributes });

const form = { compression: undefined, level: undefined, force: undefined, format: undefined, annotations: undefined };
const name = "docker.io/library/app:latest";

function read(output: OutputSpec, more: Outgoing = {}): unknown {
  const [one, ...others] = readOutputs({ tags: ["app"], ...more, outputs: [output] });
  expect(others).toEqual([]);
  return one;
}

test.each<[OutputSpec, object]>([
  [spec("image"), { type: "image", names: [name], push: undefined, form, ownTimes: false, rewrites: false }],
  [spec("image", { unpack: "false", store: "", push: "false" }), { type: "image", push: undefined }],
  [spec("image", { push: "" }), { names: [name], push: { repositories: [], insecure: false } }],
  [
    spec("registry", { name: "r.example/a, r.example/b:1", "registry.insecure": "1" }),
    { names: ["r.example/a:latest", "r.example/b:1"], push: { repositories: [], insecure: true } },
  ],
  [
    spec("registry", { name: "r.example/a,r.example/b", "push-by-digest": "true", "name-canonical": "true" }),
    { names: [], push: { repositories: ["r.example/a", "r.example/b"], insecure: false } },
  ],
  [
    spec("image", { push: "true", "dangling-name-prefix": "r.example/x" }),
    { names: [name], push: { repositories: ["r.example/x"], insecure: false } },
  ],
  [
    spec("image", { push: "true", "dangling-name-prefix": "r.example/x", "danging-name-empty-only": "true" }),
    { names: [name], push: { repositories: [], insecure: false } },
  ],
  [
    spec("oci", { compression: "zstd", "compression-level": "22", "force-compression": "true", tar: "0" }, "out"),
    {
      type: "oci",
      dest: "out",
      tar: false,
      form: { ...form, compression: "zstd", level: 22, force: true, format: "oci" },
    },
  ],
  [spec("oci", { "oci-mediatypes": "false" }, "-"), { type: "oci", tar: true, form: { ...form, format: "docker" } }],
  [spec("docker", { compression: "uncompressed" }, "a"), { type: "docker", form: { ...form, compression: "none" } }],
  [spec("docker", { "rewrite-timestamp": "false" }, "a"), { type: "docker", ownTimes: true }],
  [spec("docker", { name: "x:1", context: "c" }), { type: "load", context: "c", names: ["docker.io/library/x:1"] }],
  [
    spec(
      "oci",
      { "annotation.a": "1", "annotation-index.b": "2", "annotation-manifest-descriptor[linux/aarch64].c": "3" },
      "a",
    ),
    {
      form: {
        ...form,
        format: "oci",
        annotations: [
          { on: "manifest", platform: undefined, key: "a", value: "1" },
          { on: "index", platform: undefined, key: "b", value: "2" },
          { on: "manifest-descriptor", platform: "linux/arm64", key: "c", value: "3" },
        ],
      },
    },
  ],
  [spec("local", {}, "out"), { type: "local", dest: "out", split: false, clean: false }],
  [spec("local", { mode: "delete", "platform-split": "true" }, "out"), { split: true, clean: true }],
  [spec("tar", {}, "-"), { type: "tar", dest: "-", split: false }],
])("takes %j", (output, expected) => {
  expect(read(output)).toMatchObject(expected);
});

test.each<[OutputSpec, Outgoing, string, string]>([
  [spec("image", { push: "yes" }), {}, "SLIP_OUTPUT", "push must be true or false"],
  [spec("image", { compression: "zstd" }), {}, "SLIP_UNSUPPORTED", "compression=zstd is not supported for type=image"],
  [spec("image", { "name-canonical": "true" }), {}, "SLIP_UNSUPPORTED", "name-canonical=true"],
  [spec("image", { "annotation.a": "b" }), {}, "SLIP_UNSUPPORTED", "annotation=a"],
  [spec("image", {}, "x"), {}, "SLIP_OUTPUT", "takes no dest"],
  [spec("image", { psuh: "true" }), {}, "SLIP_OUTPUT", "type=image has no attribute psuh"],
  [spec("registry"), { tags: [] }, "SLIP_OUTPUT", "without a name"],
  [spec("registry", { "push-by-digest": "true", name: "r.example/a:1" }), {}, "SLIP_OUTPUT", "it has a tag"],
  [spec("registry", { name: `a@sha256:${"0".repeat(64)}` }), {}, "SLIP_REFERENCE", "Cannot name an image"],
  [spec("tar", { name: "x" }, "out"), {}, "SLIP_OUTPUT", "type=tar has no attribute name"],
  [spec("tar", { mode: "delete" }, "out"), {}, "SLIP_OUTPUT", "no attribute mode"],
  [spec("tar", { "platform-split": "false" }, "out"), { platforms: 2 }, "SLIP_UNSUPPORTED", "platform-split=false"],
  [spec("oci"), {}, "SLIP_OUTPUT", "needs a destination"],
  [spec("local"), {}, "SLIP_OUTPUT", "needs a destination"],
  [spec("local", {}, "-"), {}, "SLIP_OUTPUT", "standard output cannot hold"],
  [spec("local", { mode: "sync" }, "o"), {}, "SLIP_OUTPUT", "Unknown mode sync"],
  [spec("local", { "source-date-epoch": "1" }, "o"), {}, "SLIP_UNSUPPORTED", "source-date-epoch=1"],
  [spec("oci", { tar: "false" }, "-"), {}, "SLIP_OUTPUT", "tar=false writes a folder"],
  [spec("oci", { compression: "lzma" }, "out"), {}, "SLIP_OUTPUT", "Unknown compression lzma"],
  [spec("oci", { compression: "estargz" }, "out"), {}, "SLIP_UNSUPPORTED", "compression=estargz"],
  [spec("oci", { "compression-level": "10" }, "out"), {}, "SLIP_OUTPUT", "a number from 0 to 9"],
  [spec("oci", { compression: "zstd", "compression-level": "-1" }, "out"), {}, "SLIP_OUTPUT", "from 0 to 22"],
  [
    spec("oci", { compression: "uncompressed", "compression-level": "1" }, "o"),
    {},
    "SLIP_OUTPUT",
    "has no compression-level",
  ],
  [spec("oci", { compression: "zstd", "oci-mediatypes": "false" }, "o"), {}, "SLIP_OUTPUT", "contradict"],
  [spec("oci", { "annotation.a": "b", "oci-mediatypes": "false" }, "o"), {}, "SLIP_OUTPUT", "contradict"],
  [spec("registry", { push: "false" }), { tags: ["a"] }, "SLIP_OUTPUT", "contradict each other"],
  [spec("oci", { "annotation-layer.a": "b" }, "o"), {}, "SLIP_OUTPUT", "Unknown place layer"],
  [spec("oci", { "annotation-index[linux/amd64].a": "b" }, "o"), {}, "SLIP_OUTPUT", "one for all platforms"],
  [spec("oci", { "prefer-nondist-layers": "true" }, "o"), {}, "SLIP_UNSUPPORTED", "prefer-nondist-layers=true"],
  [spec("docker", {}, "a"), { platforms: 2 }, "SLIP_OUTPUT", "images of one platform"],
  [spec("docker", { tar: "false" }), {}, "SLIP_UNSUPPORTED", "tar=false"],
])("refuses %j with %j", (output, more, code, message) => {
  expect(() => read(output, more)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

describe("of several", () => {
  test("no two write to the same place", () => {
    const twice = [spec("oci", {}, "a"), spec("tar", {}, "a")];
    expect(() => readOutputs({ outputs: twice })).toThrow('Two outputs write to "a"');
    const streams = [spec("oci", {}, "-"), spec("docker", {}, "-")];
    expect(() => readOutputs({ outputs: streams })).toThrow("Two outputs write to standard output");
  });

  test("those that leave the store carry the build's annotations, before their own", () => {
    const annotations = [{ on: "manifest", key: "a", value: "1" }] as const;
    const outputs = [spec("image"), spec("oci", { "annotation.a": "2" }, "a"), spec("local", {}, "b")];
    const forms = readOutputs({ outputs, annotations, tags: ["app"] }).map((output) =>
      "form" in output ? output.form.annotations?.map(({ value }) => value) : [],
    );
    expect(forms).toEqual([undefined, ["1", "2"], []]);
    expect(() => readOutputs({ outputs: [spec("image")], annotations })).toThrow("no output takes the image out");
  });

  test("times that were to be rewritten want a time", () => {
    const told = (epoch: number | undefined, value: string): number => {
      const outputs = readOutputs({
        outputs: [spec("oci", { "rewrite-timestamp": value }, "a"), spec("local", {}, "b")],
      });
      let count = 0;
      tellTimes(outputs, epoch, { emit: () => count++ });
      return count;
    };
    expect([told(undefined, "true"), told(0, "true"), told(undefined, "false")]).toEqual([1, 0, 0]);
  });

  test("only what stays in the store needs no engine", () => {
    const specs = [spec("image"), spec("image", { push: "true" }), spec("registry"), spec("cacheonly"), spec("local")];
    expect(specs.map(leavesStore)).toEqual([false, true, true, false, true]);
  });
});

test("names in the store are those of the build and of the images, unless they are not to be stored", () => {
  const names = (...outputs: readonly OutputSpec[]): readonly string[] => storedNames({ tags: ["app"], outputs });
  expect(names()).toEqual(["app"]);
  expect(names(spec("image", { name: "a, b:1,,app" }))).toEqual(["app", "a", "b:1"]);
  expect(names(spec("registry", { "push-by-digest": "true" }))).toEqual([]);
  expect(names(spec("registry", { store: "false" }))).toEqual([]);
  expect(names(spec("cacheonly"))).toEqual([]);
  expect(names(spec("cacheonly"), spec("oci", {}, "x"))).toEqual(["app"]);
});

test("mode=delete is for folders below the working folder, unless it is allowed elsewhere", () => {
  const outside = mkdtempSync(join(tmpdir(), "slipway-outside-"));
  const linked = join("node_modules", `.link-${process.pid}`);
  symlinkSync(outside, linked);
  onTestFinished(() => [linked, outside].forEach((path) => rmSync(path, { recursive: true })));
  for (const dest of [".", "..", outside, linked, `${linked}/deeper`]) {
    const output = spec("local", { mode: "delete" }, dest);
    expect(() => read(output)).toThrow(expect.objectContaining({ code: "SLIP_NOT_ALLOWED" }));
    expect(read(output, { allow: ["buildx.local.delete"] })).toMatchObject({ clean: true });
  }
});
