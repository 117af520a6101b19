import { expect, test } from "vitest";
import { parseBaseName } from "./base-name.ts";

test.each([
  ["debian", "stable", false, true],
  ["debian:latest", "stable", false, true],
  ["debian:bookworm", "bookworm", false, false],
  ["debian:bookworm-slim", "bookworm", true, false],
  ["debian:12", "bookworm", false, false],
  ["debian:13-slim", "trixie", true, false],
  ["debian:stable-slim", "stable", true, false],
  ["debian:sid", "sid", false, false],
  ["debian:unstable-slim", "unstable", true, false],
  ["docker.io/library/debian:trixie", "trixie", false, false],
  ["library/debian:forky", "forky", false, false],
  ["docker.io/debian:testing", "testing", false, false],
])("%s is %s, slim %s, pinned %s", (name, suite, slim, pinned) => {
  expect(parseBaseName(name)).toEqual({ suite, slim, pinned });
});

test.each(["ubuntu", "ubuntu:24.04", "alpine", "mydebian", "debian/extra", "ghcr.io/x/debian:bookworm", "scratch"])(
  "%s is none of them",
  (name) => {
    expect(parseBaseName(name)).toBeUndefined();
  },
);

test("a digest is a registry's matter", () => {
  expect(parseBaseName(`debian@sha256:${"0".repeat(64)}`)).toBeUndefined();
  expect(parseBaseName(`debian:bookworm@sha256:${"0".repeat(64)}`)).toBeUndefined();
});

test.each([
  ["debian:bookworm-20260101", "not that of a date"],
  ["debian:12.5", "newest point release"],
  ["debian:bullseye", "releases before bookworm"],
  ["debian:11-slim", "releases before bookworm"],
  ["debian:bookworm-backports", "backports"],
  ["debian:latest-slim", 'the tag "latest-slim"'],
  ["debian:constructor", 'the tag "constructor"'],
])("%s is refused: %s", (name, reason) => {
  expect(() => parseBaseName(name)).toThrow(reason);
});
