import { expect, test } from "vitest";
import { checkOutputs, parseOutput, withPush } from "./output-spec.ts";

test.each([
  ["out", { type: "local", dest: "out", attributes: {} }],
  ["./a b", { type: "local", dest: "./a b", attributes: {} }],
  ["-", { type: "tar", dest: "-", attributes: {} }],
  ["type=oci,dest=a.tar", { type: "oci", dest: "a.tar", attributes: {} }],
  ["type=docker,dest=-", { type: "docker", dest: "-", attributes: {} }],
  [
    'type=oci,"dest=a,b ""c"".tar",compression=zstd',
    { type: "oci", dest: 'a,b "c".tar', attributes: { compression: "zstd" } },
  ],
  ["type=image,name=app:1", { type: "image", attributes: { name: "app:1" } }],
  ["type=registry,name=app", { type: "image", attributes: { name: "app", push: "true" } }],
  ["type=image,push=false", { type: "image", attributes: { push: "false" } }],
  ['type=image,"name=app:1,app:2"', { type: "image", attributes: { name: "app:1,app:2" } }],
  ["dest=x,type=tar", { type: "tar", dest: "x", attributes: {} }],
])("--output %s", (text, expected) => {
  expect(parseOutput(text)).toEqual(expected);
});

test.each([
  ["", "SLIP_USAGE", "Empty value"],
  ["dest=x", "SLIP_USAGE", "No type in --output"],
  ["type=oci", "SLIP_USAGE", "No dest in --output"],
  ["type=local,dest=-", "SLIP_USAGE", "needs a folder"],
  ["type=dokcer,dest=x", "SLIP_USAGE", 'Unknown type "dokcer"'],
  ["type=oci,x", "SLIP_USAGE", 'Invalid field "x"'],
  ['type=oci,"dest=x', "SLIP_USAGE", "Invalid value"],
  ["type=image,dest=x", "SLIP_USAGE", "takes no dest"],
  ["type=registry,dest=x", "SLIP_USAGE", "Output type registry takes no dest"],
  ["type=image,name=x,push-by-digest=true", "SLIP_UNSUPPORTED", "(push-by-digest=true)"],
])("refuses --output %s", (text, code, message) => {
  expect(() => parseOutput(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test("archives go to one stream, and not onto a terminal", () => {
  const stream = parseOutput("-");
  expect(() => checkOutputs([stream], false)).not.toThrow();
  expect(() => checkOutputs([stream], true)).toThrow("Refusing to write an archive to the terminal");
  expect(() => checkOutputs([stream, parseOutput("type=oci,dest=-")], false)).toThrow("Two outputs");
  expect(() => checkOutputs([parseOutput("out")], true)).not.toThrow();
});

test("--push is for the outputs of type image, or one more", () => {
  const image = { type: "image", attributes: { push: "true" } };
  expect(withPush([])).toEqual([image]);
  expect(withPush([parseOutput("type=image,push=false"), parseOutput("out")])).toEqual([image, parseOutput("out")]);
  expect(withPush([parseOutput("out")])).toEqual([parseOutput("out"), image]);
});
