import { expect, test } from "vitest";
import { type Digest, SlipwayError } from "../base/index.ts";
import { compareLocks, formatLock, type LockEntry, parseLock } from "./index.ts";

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const commit = "c".repeat(40);

const entries: readonly LockEntry[] = [
  { kind: "git", remote: "https://example/r.git", ref: "main", commit, used: ["ADD https://example/r.git#main /r"] },
  { kind: "git", remote: "https://example/r.git", commit, used: [] },
  { kind: "file", url: 'https://example/f?a="b"', digest: digest("f"), used: ["ADD https://example/f /f"] },
  {
    kind: "image",
    name: "debian:bookworm",
    source: "archive",
    platform: "linux/amd64",
    release: "bookworm 12.15",
    date: "2026-07-11T09:00:00Z",
    key: "4D64FEC119C2029067D6E791F8D2585B8783D481",
    packages: digest("b"),
    used: ["FROM debian:bookworm AS b", "FROM debian:bookworm AS a"],
  },
  { kind: "image", name: "alpine:3.20", source: "registry", digest: digest("a"), used: ["FROM alpine:3.20"] },
  { kind: "image", name: "own", source: "store", platform: "linux/amd64", id: digest("d"), used: ["FROM own"] },
];

const text = `# Written by \`slipway lock\`: what the names in the Dockerfile stand for. \`slipway build --locked\` builds with just this.
version = 1

[[image]]
name = "alpine:3.20"
source = "registry"
digest = "${digest("a")}"
used = ["FROM alpine:3.20"]

[[image]]
name = "debian:bookworm"
source = "archive"
platform = "linux/amd64"
release = "bookworm 12.15"
date = "2026-07-11T09:00:00Z"
key = "4D64FEC119C2029067D6E791F8D2585B8783D481"
packages = "${digest("b")}"
used = [
  "FROM debian:bookworm AS a",
  "FROM debian:bookworm AS b",
]

[[image]]
name = "own"
source = "store"
platform = "linux/amd64"
id = "${digest("d")}"
used = ["FROM own"]

[[file]]
url = "https://example/f?a=\\"b\\""
digest = "${digest("f")}"
used = ["ADD https://example/f /f"]

[[git]]
remote = "https://example/r.git"
commit = "${commit}"
used = []

[[git]]
remote = "https://example/r.git"
ref = "main"
commit = "${commit}"
used = ["ADD https://example/r.git#main /r"]
`;

test("a lock file is the same text for the same entries, in whatever order they come", () => {
  expect(formatLock({ entries })).toBe(text);
  expect(formatLock({ entries: entries.toReversed() })).toBe(text);
  expect(formatLock(parseLock(text, "slipway.lock"))).toBe(text);
});

test("spaces, comments and line ends of others are read", () => {
  const loose = text.replaceAll(" = ", "=").replaceAll("\n", "\r\n").replace("version=1", "version = 1\n# merged\n\n");
  expect(formatLock(parseLock(loose, "slipway.lock"))).toBe(text);
});

test("what any name may hold comes back", () => {
  const odd = 'a "b" \\ \u007f \u2028 \u00e4 \ud83d\ude00 \n \t [x] # ] ,';
  const entry: LockEntry = { kind: "file", url: odd, digest: digest("a"), used: [odd, `${odd},`] };
  expect(parseLock(formatLock({ entries: [entry] }), "l").entries).toEqual([entry]);
  const one: LockEntry = { ...entry, used: [`${odd},`] };
  expect(parseLock(formatLock({ entries: [one] }), "l").entries).toEqual([one]);
});

const file = `[[file]]\nurl = "u"\ndigest = "${digest("a")}"\nused = []\n`;

test.each([
  ["", 1, "it has no version"],
  ["# nothing\n", 1, "it has no version"],
  ["[[image]]", 1, "it has no version"],
  ["version = 2", 1, "it is of version 2"],
  ["version = 1\nversion = 1", 2, "version cannot stand there"],
  ["name = 1", 1, "name cannot stand there"],
  ["version = 1\nhello", 2, "that is no line of a lock file"],
  ["version = 1\n[[imag]]", 2, 'unknown table "imag"'],
  ["version = 1\n[[__proto__]]", 2, 'unknown table "__proto__"'],
  ["version = 1\n\n[[file]]\nurl = u", 4, "a text in quotes must stand there"],
  ["version = 1\n[[file]]\nurl = {}", 3, "a text in quotes"],
  ['version = 1\n[[file]]\nurl = "u', 3, "a text in quotes"],
  ['version = 1\n[[file]]\nurl = ""', 3, "url is empty"],
  ['version = 1\n[[file]]\nurl = "u"\nurl = "v"', 4, "url stands there twice"],
  ['version = 1\n[[file]]\nurl = "u"', 2, "an entry of file must have digest"],
  [`version = 1\n[[file]]\nurl = "u"\ndigest = "${digest("a")}"`, 2, "must have used"],
  ['version = 1\n[[file]]\ndigest = "sha256:12"', 3, "digest must be sha256: and 64"],
  ['version = 1\n[[file]]\n__proto__ = "x"', 3, "__proto__ is unknown for an entry of file"],
  ['version = 1\n[[git]]\ncommit = "main"', 3, "commit must be the whole id"],
  ['version = 1\n[[image]]\nsource = "file"', 3, 'unknown source "file"'],
  ['version = 1\n[[image]]\nsource = "toString"', 3, 'unknown source "toString"'],
  ['version = 1\n[[image]]\nsource = "archive"\ndigest = "x"', 4, "digest is unknown for an image of source archive"],
  ['version = 1\n[[image]]\nsource = "store"\nplatform = "linux"', 4, "platform must be OS/ARCH"],
  ['version = 1\n[[file]]\nused = "x"', 3, "used must be a list"],
  ['version = 1\n[[file]]\nused = [\n  "a",\n', 3, "the list has no end"],
  ['version = 1\n[[file]]\nused = ["a"', 3, "the list has no end"],
  ["version = 1\n<<<<<<< ours", 2, "two branches were not merged"],
  ["version = 1\n\u001b[2J", 2, "control character"],
  [`version = 1\n${file}${file}`, 6, "it has file u twice"],
  ["x".repeat(2 << 20), 1, "larger than any lock file"],
])("text %# is refused at its line", (written, line, message) => {
  let caught: unknown;
  try {
    parseLock(written, "slipway.lock");
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(SlipwayError);
  const { code, message: said, location } = caught as SlipwayError;
  expect([code, location?.span.startLine]).toEqual(["SLIP_LOCK", line]);
  expect(said).toContain(`Cannot use slipway.lock: line ${line}: `);
  expect(said).toContain(message);
});

test("what moved is told, and what comes from elsewhere now has moved", () => {
  const after: readonly LockEntry[] = [
    { kind: "image", name: "alpine:3.20", source: "registry", digest: digest("e"), used: [] },
    { kind: "image", name: "debian:bookworm", source: "registry", digest: digest("b"), used: [] },
    { kind: "image", name: "new", source: "registry", digest: digest("1"), used: [] },
    ...entries.filter(({ kind }) => kind === "git"),
  ];
  const changes = compareLocks({ entries }, { entries: after });
  expect(changes.map((change) => [change.type, "after" in change ? change.after : change.before])).toEqual([
    ["moved", after[0]],
    ["moved", after[1]],
    ["added", after[2]],
    ["removed", entries[2]],
    ["removed", entries[5]],
  ]);
});

test("lines that use an entry, and an archive that was signed anew, have not moved", () => {
  const after = entries.map((entry) =>
    "date" in entry ? { ...entry, date: "2027-01-01T00:00:00Z", key: "AB".repeat(20), used: ["FROM other"] } : entry,
  );
  expect(compareLocks({ entries }, { entries: after })).toEqual([]);
});

test("a lock without the key of the archive, as they were written first, is read", () => {
  const older = text.replace(/^key = .*\n/m, "");
  const found = parseLock(older, "slipway.lock").entries.find((entry) => "date" in entry);
  expect(found).toMatchObject({ name: "debian:bookworm", packages: digest("b") });
  expect(found).not.toHaveProperty("key");
  const wrong = text.replace(/^key = .*$/m, 'key = "nobody"');
  expect(() => parseLock(wrong, "slipway.lock")).toThrow("key must be the fingerprint of a key");
});
