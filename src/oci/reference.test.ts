import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { familiarName, formatReference, isValidTag, parseReference } from "./index.ts";

const digest = `sha256:${"ab".repeat(32)}`;

describe("parseReference", () => {
  test.each([
    ["debian", "docker.io/library/debian:latest", "debian:latest"],
    ["debian:bookworm-slim", "docker.io/library/debian:bookworm-slim", "debian:bookworm-slim"],
    ["user/app", "docker.io/user/app:latest", "user/app:latest"],
    ["docker.io/debian", "docker.io/library/debian:latest", "debian:latest"],
    ["index.docker.io/library/debian", "docker.io/library/debian:latest", "debian:latest"],
    ["docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
    ["docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest"],
    ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
    ["localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"],
    ["ghcr.io/owner/app", "ghcr.io/owner/app:latest", "ghcr.io/owner/app:latest"],
    ["REGISTRY/app", "REGISTRY/app:latest", "REGISTRY/app:latest"],
    ["[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"],
    ["a__b/c--d", "docker.io/a__b/c--d:latest", "a__b/c--d:latest"],
    [`app@${digest}`, `docker.io/library/app@${digest}`, `app@${digest}`],
    [`app:1.0@${digest}`, `docker.io/library/app:1.0@${digest}`, `app:1.0@${digest}`],
  ])("%s means %s", (text, whole, familiar) => {
    expect(formatReference(parseReference(text))).toBe(whole);
    expect(familiarName(parseReference(text))).toBe(familiar);
  });

  test.each([
    "",
    "App",
    "app:",
    "app:.x",
    `app:${"x".repeat(129)}`,
    "a//b",
    "/app",
    "app/",
    "-app",
    "a..b",
    "a___b",
    "app@sha256:abc",
    "app@md5:d41d8cd98f00b204e9800998ecf8427e",
    "ab".repeat(32),
    "host:port/app",
    "bad_host.com:80/app",
    "../../etc/passwd",
    "app\n",
    "app:tag\n",
    " app",
    "https://docker.io/app",
    `${"a/".repeat(130)}a`,
    "x".repeat(2000),
  ])("refuses %j", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "SLIP_REFERENCE" }) as Error);
  });

  test("reads any name that it wrote, whole or familiar", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?$/);
    const name = fc.record({
      domain: fc.constantFrom("docker.io", "localhost", "ghcr.io", "host:5000"),
      path: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
      tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
    });
    fc.assert(
      fc.property(name, ({ domain, path, tag }) => {
        const reference = parseReference(`${domain}/${path}:${tag}`);
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseReference(familiarName(reference))).toEqual(reference);
      }),
    );
  });
});

test.each([
  ["latest", true],
  ["1.0_a-b", true],
  ["_x", true],
  ["", false],
  [".x", false],
  ["a b", false],
  ["a/b", false],
])("isValidTag(%j) is %s", (tag, valid) => {
  expect(isValidTag(tag)).toBe(valid);
});

test("a sha512 digest is refused by its name", () => {
  expect(() => parseReference(`a@sha512:${"a".repeat(128)}`)).toThrow(
    "a sha512 digest names it, and slipway reads sha256 alone",
  );
});
