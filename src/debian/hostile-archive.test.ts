// What a mirror, a proxy or whoever is between may do to an archive: each is refused with one error, and nothing of it is used afterwards.
import { gzipSync } from "node:zlib";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SlipwayError } from "../base/index.ts";
import { openArchive } from "./archive.ts";
import { FakeArchive, makeKey, options, sha256Hex, times } from "../../test/support/fake-archive.ts";
import { failure, greet, type Opened, published, release, use } from "../../test/support/tried-archive.ts";

const deb = "pool/main/libgreet_1.0_amd64.deb";

/** Everything that is kept of an archive, but for whole verified packages and the times of looks at it. */
function keptOf({ cache, store }: Opened): readonly string[] {
  const list = (folder: string): readonly string[] =>
    existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort() : [];
  return [
    ...list(cache.folder).filter((name) => name !== "indexes" && name !== "releases"),
    ...list(join(store.root, "active")),
  ];
}

describe("a Release", () => {
  const change = (archive: FakeArchive, how: (text: string) => string): void => {
    archive.files.set(release, Buffer.from(how(archive.files.get(release)?.toString() ?? "")));
  };

  test.each<[string, (archive: FakeArchive) => void | Promise<void>, string]>([
    [
      "whose text was changed",
      (archive) => change(archive, (text) => text.replace("99.1", "99.2")),
      "no trusted key signed it",
    ],
    [
      "whose signature was changed",
      // Inside of the base64 lines, at their end: the signature's numbers.
      (archive) =>
        change(archive, (text) =>
          text.replace(
            /(.)(.{8}\n=[^\n]+\n-----END)/,
            (_, one: string, rest: string) => (one === "A" ? "B" : "A") + rest,
          ),
        ),
      "Cannot verify",
    ],
    [
      "without its signature",
      (archive) => change(archive, (text) => text.slice(0, text.indexOf("-----BEGIN PGP SIG"))),
      "it is no signed text",
    ],
    ["that is cut", (archive) => change(archive, (text) => text.slice(0, text.length / 2)), "it is no signed text"],
    ["that is empty", (archive) => change(archive, () => ""), "it is no signed text"],
    [
      "that nobody signed",
      (archive) =>
        change(archive, (text) => text.replace(/^[\s\S]*?\n\n/, "").replace(/-----BEGIN PGP SIG[\s\S]*/, "")),
      "it is no signed text",
    ],
    [
      "that a key signed which is not trusted",
      async (archive) => archive.publishAll([greet], { keys: [await makeKey("Stranger")] }),
      "no trusted key signed it",
    ],
    [
      "whose text was put before a signed one",
      (archive) => change(archive, (text) => text.replace("Hash: SHA512\n\n", "Hash: SHA512\n\nOrigin: evil\n")),
      "no trusted key signed it",
    ],
    [
      "of another suite",
      async (archive) =>
        void archive.files.set(release, archive.files.get("dists/bookworm-updates/InRelease") ?? Buffer.alloc(0)),
      "it is the Release of bookworm-updates",
    ],
    [
      "that expired",
      (archive) => archive.publishAll([greet], { validUntil: new Date(Date.now() - 60_000) }),
      "it expired on",
    ],
    [
      "whose expiry cannot be read",
      (archive) => archive.publishAll([greet], { text: (text) => text.replace("Version: 99.1", "Valid-Until: soon") }),
      "lacks a readable Valid-Until",
    ],
    [
      "without a date",
      (archive) => archive.publishAll([greet], { text: (text) => text.replace(/^Date: .*\n/m, "") }),
      "lacks a date",
    ],
    [
      "that names no suite",
      (archive) => archive.publishAll([greet], { text: (text) => text.replace(/^(?:Suite|Codename): .*\n/gm, "") }),
      "lacks a suite",
    ],
    [
      "with MD5 sums alone",
      (archive) => archive.publishAll([greet], { text: (text) => text.replace("SHA256:", "MD5Sum:") }),
      "lacks sha256 sums",
    ],
    [
      "with SHA-1 sums alone",
      (archive) => archive.publishAll([greet], { text: (text) => text.replace("SHA256:", "SHA1:") }),
      "lacks sha256 sums",
    ],
  ])("%s is refused, and the one before stays in use", async (_what, tamper, message) => {
    const { archive, opened } = await published();
    await use(opened);
    const before = keptOf(opened);
    const text = readFileSync(
      join(opened.cache.folder, "releases", readdirSync(join(opened.cache.folder, "releases"))[0] ?? ""),
      "utf8",
    );
    await tamper(archive);
    const error = await failure(openArchive(opened));
    expect(error.code).toBe("SLIP_VERIFY");
    expect(error.message).toContain(message);
    expect(keptOf(opened)).toEqual(before);
    expect(text).toContain("99.1");
    await use({ ...opened, offline: true });
    // Somebody who starts with it gets nothing at all.
    const fresh = options(archive);
    expect((await failure(openArchive(fresh))).code).toBe("SLIP_VERIFY");
    expect(keptOf(fresh).filter((name) => name.includes("bookworm.") && name.endsWith(".json"))).toEqual([]);
  });

  test("that never ends is given up", async () => {
    const { archive, opened } = await published();
    archive.faults.set(release, (_request, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1 << 20, "a");
      const more = (): void => void (response.destroyed || response.write(chunk, more));
      more();
      return true;
    });
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual([
      "SLIP_VERIFY",
      expect.stringContaining("longer than a Release can be"),
    ]);
  });

  test("that is not there is one error", async () => {
    const { archive, opened } = await published();
    archive.files.delete(release);
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual(["SLIP_NETWORK", expect.stringContaining("InRelease answered 404")]);
  });
});

describe("an index", () => {
  const index = /^dists\/bookworm\/main/;
  const change = (archive: FakeArchive, how: (bytes: Buffer) => Buffer): void => {
    for (const [path, bytes] of archive.files) if (index.test(path)) archive.files.set(path, how(bytes));
  };

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["with a changed byte", (bytes) => Buffer.from(bytes).fill(bytes.readUInt8(60) ^ 1, 60, 61)],
    ["that is cut", (bytes) => bytes.subarray(0, -20)],
    ["that is longer", (bytes) => Buffer.concat([bytes, Buffer.alloc(20)])],
    ["that is another's", () => gzipSync("Package: evil\n")],
    ["that is empty", () => Buffer.alloc(0)],
  ])("%s is refused and not kept", async (_what, how) => {
    const { archive, opened } = await published();
    change(archive, how);
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual(["SLIP_VERIFY", expect.stringContaining("by-hash")]);
    expect(keptOf(opened).filter((name) => name.startsWith("indexes/")).length).toBeLessThan(3);
    expect(keptOf(opened).filter((name) => /\.\d+\./.test(name))).toEqual([]);
    await archive.publishAll([greet]);
    await use(opened);
  });

  test.each<[string, (text: string) => string]>([
    [
      "whose text is not the signed one",
      (text) => text.replace(/ [0-9a-f]{64}( \d+ \S+\/Packages\n)/, ` ${"0".repeat(64)}$1`),
    ],
    [
      "that unpacks to more than was signed",
      (text) => text.replace(/( [0-9a-f]{64}) \d+( \S+\/Packages\n)/, "$1 10$2"),
    ],
  ])("%s is refused", async (_what, text) => {
    const { archive, opened } = await published();
    await archive.publishAll([greet], { text });
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual([
      "SLIP_VERIFY",
      expect.stringContaining("unpacked they are not those"),
    ]);
    expect(keptOf(opened).filter((name) => /\.\d+\./.test(name))).toEqual([]);
  });

  test("without sha256 sums of packages gives none", async () => {
    const archive = await FakeArchive.start();
    for (const suite of ["bookworm-updates", "bookworm-security"]) await archive.publish(suite, { packages: [] });
    await archive.publish("bookworm", { packages: [{ ...greet, sums: { MD5sum: "0".repeat(32) } }] });
    const error = await failure(use(options(archive)));
    expect([error.code, error.message]).toEqual(["SLIP_VERIFY", expect.stringContaining("names no sha256 of it")]);
  });

  test("cut off on the disk is made again", async () => {
    const { archive, opened } = await published();
    await use(opened);
    const folder = join(opened.cache.folder, "indexes");
    for (const name of readdirSync(folder)) {
      const whole = readFileSync(join(folder, name), "latin1");
      writeFileSync(join(folder, name), whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1));
    }
    archive.requests.length = 0;
    await use(opened);
    expect(archive.requests.filter((path) => path.includes("by-hash"))).toHaveLength(3);
  });
});

describe("a package", () => {
  test.each<[string, Buffer]>([
    ["with a changed byte", Buffer.from("libgreet 1.1")],
    ["that is longer", Buffer.from("libgreet 1.0 and more")],
    ["that is shorter", Buffer.from("libgr")],
    ["that is empty", Buffer.alloc(0)],
  ])("%s is refused and not kept", async (_what, bytes) => {
    const { archive, opened } = await published();
    archive.files.set(deb, bytes);
    const error = await failure(use(opened));
    expect([error.code, error.message]).toEqual(["SLIP_VERIFY", expect.stringContaining("the package libgreet 1.0")]);
    expect(await opened.cache.blobs.stat(`sha256:${sha256Hex(bytes)}`)).toBeUndefined();
    expect(keptOf(opened).filter((name) => name.includes("blob"))).toEqual([]);
    archive.files.set(deb, Buffer.from("libgreet 1.0"));
    await use(opened);
  });

  test("that never ends is given up", async () => {
    const { archive, opened } = await published();
    archive.faults.set(deb, (_request, response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(1 << 16, "a"), more));
      more();
      return true;
    });
    expect((await failure(use(opened))).code).toBe("SLIP_VERIFY");
  });

  test("whose download breaks off every time is one error", async () => {
    const { archive, opened } = await published();
    archive.faults.set(
      deb,
      times(100, (response) => {
        response.writeHead(200, { "content-length": 12 });
        response.write("libg", () => response.socket?.resetAndDestroy());
      }),
    );
    const error = await failure(use(opened));
    expect([error.code, error.message]).toEqual(["SLIP_NETWORK", expect.stringContaining("(tried 4 times)")]);
    archive.faults.clear();
    await use(opened);
  });
});

describe("a redirect", () => {
  const redirect = (to: string) => times(100, (response) => response.writeHead(302, { location: to }).end());

  test("to another host is followed, and what it gives is verified all the same", async () => {
    const { archive, opened } = await published();
    const other = await FakeArchive.start();
    other.files.set("moved/package", Buffer.from("libgreet 1.0"));
    archive.faults.set(deb, redirect(`${other.url}/moved/package`));
    await use(opened);
    expect(other.requests).toEqual(["moved/package"]);
    const again = options(archive);
    other.files.set("moved/package", Buffer.from("libgreet 6.6"));
    expect((await failure(use(again))).code).toBe("SLIP_VERIFY");
  });

  test.each<[string, (archive: FakeArchive) => string, string]>([
    ["in a circle", (archive) => `${archive.url}/${release}`, "too many redirects"],
    ["to a file of this machine", () => "file:///etc/passwd", "only http and https are spoken"],
    ["to nowhere", () => "http://[", "what is no address"],
  ])("%s is refused", async (_what, to, message) => {
    const { archive, opened } = await published();
    archive.faults.set(release, redirect(to(archive)));
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual(["SLIP_NETWORK", expect.stringContaining(message)]);
  });
});

describe("a proxy", () => {
  const proxied = async (address: string): Promise<SlipwayError> => {
    const { opened } = await published();
    const before = process.env["http_proxy"];
    process.env["http_proxy"] = address;
    try {
      return await failure(openArchive({ ...opened, mirror: "http://mirror.invalid/debian", securityMirror: "none" }));
    } finally {
      if (before === undefined) delete process.env["http_proxy"];
      else process.env["http_proxy"] = before;
    }
  };

  test("that is not there is named", async () => {
    const error = await proxied("http://127.0.0.1:1");
    expect([error.code, error.message]).toEqual(["SLIP_NETWORK", expect.stringContaining("127.0.0.1:1")]);
    expect(error.hint).toContain("proxy variables");
  });

  test.each([
    [407, "answered 407", "SLIP_NETWORK"],
    [200, "it is no signed text", "SLIP_VERIFY"],
  ])("that answers %i itself is one error", async (status, message, code) => {
    const server = createServer((_request, response) =>
      response.writeHead(status, { "retry-after": "0" }).end("<html>"),
    );
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const error = await proxied(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });
});
