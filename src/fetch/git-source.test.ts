import { expect, test } from "vitest";
import { parseGitSource, shownRemote } from "./git-source.ts";

const id = "a".repeat(40);

test.each([
  ["https://example.com/foo.git", { remote: "https://example.com/foo.git" }],
  ["https://example.com/foo.git#release/1.2", { ref: "release/1.2", remote: "https://example.com/foo.git" }],
  ["https://example.com/foo.git#ref:a/b", { ref: "ref", subdir: "a/b" }],
  ["https://example.com/foo.git#:a", { ref: undefined, subdir: "a" }],
  ["https://example.com/foo.git#ref:../../a//b/.", { subdir: "a/b" }],
  ["https://user:pass@example.com/foo.git", { remote: "https://user:pass@example.com/foo.git" }],
  ["http://example.com/foo.git", { remote: "http://example.com/foo.git" }],
  ["git://example.com/foo", { remote: "git://example.com/foo" }],
  ["ssh://git@example.com:2222/foo#x", { remote: "ssh://git@example.com:2222/foo", ref: "x" }],
  ["git@example.com:org/foo", { remote: "git@example.com:org/foo" }],
  ["git@example.com:org/foo.git#v1:sub", { remote: "git@example.com:org/foo.git", ref: "v1", subdir: "sub" }],
  ["git@example.com:org/foo.git?tag=v1", { remote: "git@example.com:org/foo.git", ref: "refs/tags/v1" }],
  ["https://example.com/foo.git?branch=main", { ref: "refs/heads/main" }],
  ["https://example.com/foo.git?tag=refs/tags/v1", { ref: "refs/tags/v1" }],
  ["https://example.com/foo.git?ref=v1&subdir=/sub", { ref: "v1", subdir: "sub" }],
  ["https://example.com/foo.git?commit=abc123", { checksum: "abc123", ref: undefined }],
  ["https://example.com/foo.git?keep-git-dir&submodules=false", { keepGitDir: true, submodules: false }],
  ["https://example.com/foo.git?mtime=commit", { mtime: "commit" }],
  [`https://example.com/foo.git?checksum=${id}&fetch-by-commit=1`, { fetchByCommit: true, checksum: id }],
])("%s is a repository", (text, wanted) => {
  expect(parseGitSource(text)).toMatchObject(wanted);
});

test.each([
  "https://example.com/",
  "https://example.com/foo",
  "https://example.com/foo.git/",
  "https://example.com/foo.git.bar",
  "custom.xyz/moby/buildkit.git",
  "./.git",
  "../x.git",
  ".git",
  "some/folder.git",
  "ftp://example.com/foo.git",
  "file:///srv/foo.git",
  "ext::sh -c touch% /tmp/x",
  "github.com/org/repo",
])("%s is none", (text) => {
  expect(parseGitSource(text)).toBeUndefined();
});

test("github.com/ORG/REPO is one as a build context alone", () => {
  expect(parseGitSource("github.com/org/repo#x", { context: true })).toMatchObject({
    remote: "https://github.com/org/repo",
    ref: "x",
  });
});

test.each([
  ["https://example.com/foo.git#-x", "no reference"],
  ["https://example.com/foo.git#--upload-pack=evil", "no reference"],
  ["https://example.com/foo.git#a..b", "no reference"],
  ["https://example.com/foo.git#a b", "no reference"],
  ["https://example.com/foo.git#refs/heads/*", "no reference"],
  ["https://example.com/foo.git#x%0a", "no reference"],
  ["https://example.com/foo.git?depth=1", '"depth"'],
  ["https://example.com/foo.git?ref=a&ref=b", "several times"],
  ["https://example.com/foo.git?ref=", "without a value"],
  ["https://example.com/foo.git?branch=a&tag=b", "two of a reference"],
  ["https://example.com/foo.git?ref=a#b", "two of a reference"],
  ["https://example.com/foo.git?checksum=xyz", "no commit id"],
  ["https://example.com/foo.git?submodules=maybe", "submodules cannot be"],
  ["https://example.com/foo.git?mtime=now", "mtime cannot be"],
  ["https://example.com/foo.git?fetch-by-commit=1&checksum=abc", "whole id"],
  ["ssh://-oProxyCommand=evil/x", "names no host"],
  ["git@example.com:-x", "begins with a dash"],
])("%s is refused: %s", (text, why) => {
  expect(() => parseGitSource(text)).toThrow(
    expect.objectContaining({ code: "SLIP_USAGE", message: expect.stringContaining(why) }),
  );
});

test("addresses are shown without passwords", () => {
  expect(shownRemote("https://user:pass@example.com/foo.git")).toBe("https://example.com/foo.git");
  expect(shownRemote("git@example.com:foo")).toBe("git@example.com:foo");
});
