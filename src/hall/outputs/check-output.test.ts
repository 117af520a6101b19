import { expect, test } from "vitest";
import type { OutputSpec } from "../api/api.ts";
import { checkOutput, outputNames } from "./check-output.ts";

const spec = (type: OutputSpec["type"], attributes: Readonly<Record<string, string>>, dest?: string): OutputSpec => ({
  type,
  dest,
  attributes,
});

test.each([
  spec("image", {}),
  spec("image", { name: "app,app:2", push: "false" }),
  spec("oci", { compression: "zstd", "compression-level": "3", tar: "false", name: "x" }, "out"),
  spec("docker", {}, "-"),
  spec("local", {}, "out"),
])("takes %j", (output) => {
  expect(() => checkOutput(output)).not.toThrow();
});

test.each([
  [spec("image", { push: "true" }), "SLIP_UNSUPPORTED", "push=true"],
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
