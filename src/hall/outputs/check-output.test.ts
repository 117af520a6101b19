import { expect, test } from "vitest";
import type { OutputSpec } from "../api/api.ts";
import { checkOutput, isPushed, outputNames, pushedNames } from "./check-output.ts";

const spec = (type: OutputSpec["type"], attributes: Readonly<Record<string, string>>, dest?: string): OutputSpec => ({
  type,
  dest,
  attributes,
});

test.each([
  spec("image", {}),
  spec("image", { name: "app,app:2", push: "false" }),
  spec("image", { push: "true", compression: "zstd" }),
  spec("oci", { compression: "zstd", "compression-level": "3", tar: "false", name: "x" }, "out"),
  spec("docker", {}, "-"),
  spec("local", {}, "out"),
])("takes %j", (output) => {
  expect(() => checkOutput(output)).not.toThrow();
});

test.each([
  [spec("image", { push: "yes" }), "SLIP_OUTPUT", "push must be true or false"],
  [spec("image", { compression: "zstd" }), "SLIP_UNSUPPORTED", "compression=zstd"],
  [spec("image", { unpack: "true" }), "SLIP_UNSUPPORTED", "unpack=true"],
  [spec("image", { "name-canonical": "true" }), "SLIP_UNSUPPORTED", "name-canonical=true"],
  [spec("tar", { name: "x" }, "out"), "SLIP_UNSUPPORTED", "name=x"],
  [spec("oci", {}), "SLIP_OUTPUT", "needs a destination"],
  [spec("oci", { compression: "lzma" }, "out"), "SLIP_OUTPUT", "Unknown compression lzma"],
  [spec("oci", { "compression-level": "high" }, "out"), "SLIP_OUTPUT", "must be a number"],
])("refuses %j", (output, code, message) => {
  expect(() => checkOutput(output)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test("names are a list", () => {
  expect(outputNames("a, b:1,,c")).toEqual(["a", "b:1", "c"]);
  expect(outputNames(undefined)).toEqual([]);
});

test("what is pushed has a name of its own, or those of the build", () => {
  const pushed = spec("image", { push: "true" });
  expect([pushed, spec("image", {}), spec("oci", { push: "true" }, "out")].map(isPushed)).toEqual([true, false, false]);
  expect(pushedNames(spec("image", { push: "true", name: "a,b" }), ["c"])).toEqual(["a", "b"]);
  expect(pushedNames(pushed, ["c"])).toEqual(["c"]);
  expect(() => pushedNames(pushed, [])).toThrow("without a name");
});
