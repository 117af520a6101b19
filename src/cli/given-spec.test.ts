import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseAgents, parseSecrets } from "./given-spec.ts";

const env = { SET: "x", SSH_AUTH_SOCK: "/run/agent" };

test.each([
  ["id=a,src=f", { a: { file: resolve("f") } }],
  ["id=a,source=/f", { a: { file: "/f" } }],
  ['id=a,"src=/with,comma"', { a: { file: "/with,comma" } }],
  ["type=file,id=a,src=/f", { a: { file: "/f" } }],
  ["id=a,env=NAME", { a: { env: "NAME" } }],
  ["id=a,type=env,src=NAME", { a: { env: "NAME" } }],
  ["id=NAME,type=env", { NAME: { env: "NAME" } }],
  ["id=SET", { SET: { env: "SET" } }],
  ["id=SET,type=file", { SET: { file: resolve("SET") } }],
  ["id=unset", { unset: { file: resolve("unset") } }],
])("--secret %s", (text, expected) => {
  expect(parseSecrets([text], env)).toEqual(expected);
});

test("the last secret of an id counts", () => {
  expect(parseSecrets(["id=a,src=/1", "id=b,src=/2", "id=a,env=X"], env)).toEqual({
    a: { env: "X" },
    b: { file: "/2" },
  });
});

test.each([
  ["src=/f", "No id"],
  ["id=,src=/f", "No id"],
  ["id=a,file=/f", "file"],
  ["id=a,src", "src"],
  ["id=a,type=vault", "vault"],
])("--secret %s cannot be understood", (text, words) => {
  expect(() => parseSecrets([text], env)).toThrow(
    expect.objectContaining({ code: "SLIP_USAGE", message: expect.stringContaining(words) }),
  );
});

test.each([
  ["default", { default: "/run/agent" }],
  ["git", { git: "/run/agent" }],
  ["git=sock", { git: resolve("sock") }],
  ["keys=one,two", { keys: [resolve("one"), resolve("two")] }],
  ["key=package.json", { key: [resolve("package.json")] }],
])("--ssh %s", (text, expected) => {
  expect(parseAgents([text], env)).toEqual(expected);
});

test.each([
  ["default", {}, "SLIP_USAGE"],
  ["=x", env, "SLIP_USAGE"],
])("--ssh %s with %j is an error", (text, variables, code) => {
  expect(() => parseAgents([text], variables)).toThrow(expect.objectContaining({ code }));
});
