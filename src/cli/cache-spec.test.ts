import { expect, test } from "vitest";
import { parseCaches } from "./cache-spec.ts";

test.each([
  ["registry.example/app:cache", { type: "registry", attributes: { ref: "registry.example/app:cache" } }],
  ["type=registry,ref=app:cache,mode=max", { type: "registry", attributes: { ref: "app:cache", mode: "max" } }],
  ["type=local,src=/x", { type: "local", attributes: { src: "/x" } }],
  ["type=inline", { type: "inline", attributes: {} }],
  [
    "ref=a,type=registry,mounts=npm,go,mode=max",
    { type: "registry", attributes: { ref: "a", mounts: "npm,go", mode: "max" } },
  ],
  ['type=local,dest=x,"mounts=npm,go"', { type: "local", attributes: { dest: "x", mounts: "npm,go" } }],
])("--cache-to %s", (text, expected) => {
  expect(parseCaches("--cache-to", text)).toEqual([expected]);
});

test("several names may stand in one", () => {
  expect(parseCaches("--cache-from", "a:1,b:2").map(({ attributes }) => attributes)).toEqual([
    { ref: "a:1" },
    { ref: "b:2" },
  ]);
});

test.each([
  ["", "SLIP_USAGE", "Empty value for --cache-from"],
  ["ref=app", "SLIP_USAGE", "No type in --cache-from"],
  ["type=regisrty,ref=app", "SLIP_USAGE", 'Unknown type "regisrty"'],
  ["type=registry,ref=a,ref=b", "SLIP_USAGE", '"ref" is given twice in --cache-from'],
  ["type=local,here", "SLIP_USAGE", 'Invalid field "here"'],
  ["type=gha", "SLIP_UNSUPPORTED", "--cache-from type=gha is not supported"],
  ["type=s3,bucket=x", "SLIP_UNSUPPORTED", "type=s3"],
  ["type=azblob,name=x", "SLIP_UNSUPPORTED", "type=azblob"],
])("refuses --cache-from %j", (text, code, message) => {
  expect(() => parseCaches("--cache-from", text)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
  );
});
