import { expect, test } from "vitest";
import { type CopyOp, type ExecOp, vertex } from "../graph/index.ts";
import { compareParts, type KeyParts } from "../solve/index.ts";
import { keyParts } from "./key-parts.ts";

const run = (...env: readonly string[]): KeyParts => {
  const op: ExecOp = {
    kind: "exec",
    platform: "linux/amd64",
    args: ["x"],
    env,
    cwd: "/",
    network: "host",
    mounts: [],
    files: [],
  };
  return keyParts(vertex(op, [], { text: "RUN x" }), [], {});
};

test.each([
  ["a name that says so", "API_TOKEN=one-hidden", "API_TOKEN=two-hidden"],
  ["a password in an address", "REPO=https://me:one-hidden@host/x", "REPO=https://me:two-hidden@host/x"],
  ["a token in an address", "REPO=https://one-hidden@host/x", "REPO=https://two-hidden@host/x"],
  ["a slash in the password", "DB=postgres://me:p/one-hidden@host/x", "DB=postgres://me:p/two-hidden@host/x"],
  ["an at sign in the password", "DB=postgres://me:p@one-hidden@host/x", "DB=postgres://me:p@two-hidden@host/x"],
])("%s: it is told that the value changed, and it is nowhere", (_, before, now) => {
  expect(JSON.stringify([run(before), run(now)])).not.toContain("hidden");
  const [name] = now.split("=");
  expect(compareParts(run(before), run(now))).toEqual([
    { kind: "variable", text: `variable ${name} changed (its value is not shown)` },
  ]);
});

test("an address without a password is shown", () => {
  expect(run("A=https://host:80/x", "B=https://host/@scope/x").variables).toEqual({
    A: "https://host:80/x",
    B: "https://host/@scope/x",
  });
});

test("a setting that differs in a password alone is told as changed, without it", () => {
  const copy = (password: string): KeyParts => {
    const destination = `/https://me:${password}@host`;
    const op: CopyOp = { kind: "copy", sources: [], destination, unpack: false };
    return keyParts(vertex(op, [], { text: "COPY a $B" }), [], {});
  };
  const causes = compareParts(copy("one-hidden"), copy("two-hidden"));
  expect(causes).toEqual([{ kind: "setting", text: expect.stringMatching(/^destination changed from .* to /) }]);
  expect(JSON.stringify(causes)).not.toContain("hidden");
});
