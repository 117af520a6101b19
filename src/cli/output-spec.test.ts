import { expect, test } from "vitest";
import { checkOutputs, parseOutput, withLoad, withPush } from "./output-spec.ts";

test.each([
  ["out", { type: "local", dest: "out", attributes: {} }],
  ["./a b", { type: "local", dest: "./a b", attributes: {} }],
  ["-", { type: "tar", dest: "-", attributes: {} }],
  ["type=oci,dest=a.tar", { type: "oci", dest: "a.tar", attributes: {} }],
  ["type=oci", { type: "oci", dest: "-", attributes: {} }],
  ["type=oci,tar=false", { type: "oci", attributes: { tar: "false" } }],
  ["type=tar", { type: "tar", dest: "-", attributes: {} }],
  ["type=docker,dest=-", { type: "docker", dest: "-", attributes: {} }],
  ["type=docker", { type: "docker", attributes: {} }],
  [
    'type=oci,"dest=a,b ""c"".tar",compression=zstd',
    { type: "oci", dest: 'a,b "c".tar', attributes: { compression: "zstd" } },
  ],
  ["type=image,name=app:1", { type: "image", attributes: { name: "app:1" } }],
  ["type=registry,name=app", { type: "registry", attributes: { name: "app" } }],
  ["type=image,push=false", { type: "image", attributes: { push: "false" } }],
  ['type=image,"name=app:1,app:2"', { type: "image", attributes: { name: "app:1,app:2" } }],
  [
    "type=image,annotation-manifest[linux/amd64].Key.x=v=1",
    { type: "image", attributes: { "annotation-manifest[linux/amd64].key.x": "v=1" } },
  ],
  ["type=cacheonly", { type: "cacheonly", attributes: {} }],
  ["dest=x,type=tar", { type: "tar", dest: "x", attributes: {} }],
])("--output %s", (text, expected) => {
  expect(parseOutput(text)).toEqual(expected);
});

test.each([
  ["", "Empty value"],
  ["dest=x", "No type in --output"],
  ["type=dokcer,dest=x", 'Unknown type "dokcer"'],
  ["type=oci,x", 'Invalid field "x"'],
  ['type=oci,"dest=x', "Invalid value"],
  ["type=oci,dest=x,Dest=y", '"dest" is given twice in --output'],
])("refuses --output %s", (text, message) => {
  const code = "SLIP_USAGE";
  expect(() => parseOutput(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test("archives go to a stream, and not onto a terminal", () => {
  const stream = parseOutput("-");
  expect(() => checkOutputs([stream], false)).not.toThrow();
  expect(() => checkOutputs([stream], true)).toThrow("Refusing to write an archive to the terminal");
  expect(() => checkOutputs([parseOutput("out")], true)).not.toThrow();
});

test("--push is for the outputs of type image, or one more", () => {
  const registry = parseOutput("type=registry");
  expect(withPush([])).toEqual([registry]);
  expect(withPush([registry])).toEqual([registry]);
  expect(withPush([parseOutput("type=image,push=false"), parseOutput("out")])).toEqual([
    { type: "image", attributes: { push: "true" } },
    parseOutput("out"),
  ]);
  expect(withPush([parseOutput("out")])).toEqual([parseOutput("out"), registry]);
});

test("--load is one output of type docker without a file", () => {
  const load = parseOutput("type=docker");
  expect(withLoad([])).toEqual([load]);
  expect(withLoad([load])).toEqual([load]);
  expect(withLoad([parseOutput("type=docker,dest=x")])).toEqual([parseOutput("type=docker,dest=x"), load]);
});
