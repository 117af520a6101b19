import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { openArchive } from "./archive.ts";
import { FakeArchive, makeKey, options, sha256Hex, times } from "../../test/support/fake-archive.ts";

const hour = 3_600_000;
const hello = { name: "hello", version: "2.10-3", fields: { Depends: "libgreet (>= 1)" } };
const greet = { name: "libgreet", version: "1:0.9" };

async function failure(action: Promise<unknown>): Promise<SlipwayError> {
  const error = await action.then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SlipwayError);
  return error as SlipwayError;
}

test("packages of a signed archive are resolved and brought into the store", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([hello, greet]);
  const opened = options(archive, { step: "base" });
  const debian = await openArchive(opened);
  expect(debian.releases.map((release) => release.suite)).toEqual([
    "bookworm",
    "bookworm-updates",
    "bookworm-security",
  ]);
  expect(debian.origin).toMatch(/^archive http:\/\/127\.0\.0\.1:\d+\/debian bookworm 99\.1 \d{4}-\d\d-\d\d$/);
  const packages = debian.resolve(["hello"]);
  expect(packages.map((entry) => entry.name)).toEqual(["hello", "libgreet"]);
  const files = await debian.fetch(packages);
  expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(["hello 2.10-3", "libgreet 1:0.9"]);
  expect(archive.requests.filter((path) => path.includes("by-hash"))).toHaveLength(3);
  expect(opened.events.findLast((event) => event.type === "step-progress")).toMatchObject({
    label: "fetching packages",
    current: 2,
    total: 2,
  });

  archive.requests.length = 0;
  await (await openArchive(opened)).fetch(packages);
  expect(archive.requests).toHaveLength(3);
  expect(archive.requests.every((path) => path.endsWith("/InRelease"))).toBe(true);
});

test("within maxAge a checked release is not asked for again", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const opened = options(archive, { maxAge: hour });
  await openArchive(opened);
  archive.requests.length = 0;
  await openArchive(opened);
  expect(archive.requests).toEqual([]);
});

test("the highest version of all suites wins", async () => {
  const archive = await FakeArchive.start();
  await archive.publish("bookworm", { packages: [greet, { name: "tool", version: "2.0" }] });
  await archive.publish("bookworm-updates", { packages: [{ name: "tool", version: "1.9" }] });
  await archive.publish("bookworm-security", { packages: [{ name: "libgreet", version: "1:0.9+deb12u1" }] });
  const debian = await openArchive(options(archive));
  expect(debian.versions("libgreet").map((entry) => [entry.version, entry.suite])).toEqual([
    ["1:0.9+deb12u1", "bookworm-security"],
    ["1:0.9", "bookworm"],
  ]);
  expect(debian.resolve(["tool"])[0]?.version).toBe("2.0");
  expect(debian.select((entry) => entry.name.startsWith("lib")).map((entry) => entry.version)).toEqual([
    "1:0.9+deb12u1",
  ]);
});

test("a moving name is followed to its release, sid has nothing beside itself", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  await archive.publish("oldstable", { packages: [], codename: "bookworm" });
  await archive.publish("sid", { packages: [greet] });
  const old = await openArchive(options(archive, { suite: "oldstable" }));
  expect([old.suite, old.codename, old.versions("libgreet").length]).toEqual(["oldstable", "bookworm", 1]);
  const sid = await openArchive(options(archive, { suite: "sid" }));
  expect([sid.releases.length, sid.securityMirror]).toEqual([1, undefined]);
});

test("a changed InRelease is refused", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const text = archive.files.get("dists/bookworm/InRelease")?.toString() ?? "";
  archive.files.set("dists/bookworm/InRelease", Buffer.from(text.replace("Version: 99.1", "Version: 99.2")));
  const error = await failure(openArchive(options(archive)));
  expect(error.code).toBe("SLIP_VERIFY");
  expect(error.message).toContain("no trusted key signed it");
});

test("text around the signed text does not count", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const text = archive.files.get("dists/bookworm/InRelease")?.toString() ?? "";
  archive.files.set("dists/bookworm/InRelease", Buffer.from(`Codename: evil\nVersion: 1\n\n${text}\nVersion: 2\n`));
  const result = await openArchive(options(archive)).then(
    (debian) => debian.releases[0]?.version,
    (error: SlipwayError) => error.code,
  );
  expect(["99.1", "SLIP_VERIFY"]).toContain(result);
});

test("a Release signed by another key is refused, one signed by several is accepted when any is trusted", async () => {
  const archive = await FakeArchive.start();
  const stranger = await makeKey("Stranger");
  await archive.publishAll([greet], { keys: [stranger, archive.key] });
  expect((await openArchive(options(archive))).versions("libgreet")).toHaveLength(1);
  await archive.publishAll([greet], { keys: [stranger] });
  const opened = options(archive);
  expect((await failure(openArchive(opened))).code).toBe("SLIP_VERIFY");
  expect((await failure(openArchive({ ...opened, keyring: undefined }))).code).toBe("SLIP_VERIFY");
});

test("what one keyring made trusted is not trusted under another", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const opened = options(archive, { maxAge: hour });
  await openArchive(opened);
  expect((await failure(openArchive({ ...opened, keyring: undefined }))).code).toBe("SLIP_VERIFY");
  expect((await failure(openArchive({ ...opened, keyring: undefined, offline: true }))).code).toBe("SLIP_NETWORK");
});

test("a log-in page instead of a Release is told as such", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  archive.files.set("dists/bookworm/InRelease", Buffer.from("<html>Log in</html>"));
  const error = await failure(openArchive(options(archive)));
  expect([error.code, error.hint]).toEqual([
    "SLIP_VERIFY",
    "a proxy or a log-in page may have answered instead of the mirror",
  ]);
});

test("an expired Release is refused", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet], { validUntil: new Date(Date.now() - hour) });
  const error = await failure(openArchive(options(archive)));
  expect(error.code).toBe("SLIP_VERIFY");
  expect(error.message).toMatch(/expired on/);
});

test("whoever knows which packages must come of it may read an old and expired Release, which does not become the latest", async () => {
  const archive = await FakeArchive.start();
  const opened = options(archive);
  await archive.publishAll([greet]);
  const dateOf = ({ releases }: Awaited<ReturnType<typeof openArchive>>): number => releases[0]?.date ?? 0;
  const latest = dateOf(await openArchive(opened));
  await archive.publishAll([greet], { date: new Date(Date.now() - 2 * hour), validUntil: new Date(Date.now() - hour) });
  expect((await failure(openArchive(opened))).code).toBe("SLIP_VERIFY");
  expect(dateOf(await openArchive({ ...opened, anyAge: true }))).toBeLessThan(latest - hour);
  expect(dateOf(await openArchive({ ...opened, offline: true }))).toBe(latest);
});

test("a Release older than the last one seen is refused, whichever mirror has it", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet], { date: new Date(Date.now() - hour) });
  const opened = options(archive);
  await openArchive(opened);
  await archive.publishAll([greet], { date: new Date(Date.now() - 48 * hour) });
  const error = await failure(openArchive(opened));
  expect(error.code).toBe("SLIP_VERIFY");
  expect(error.message).toMatch(/older than that of/);
  const mirror = archive.url.replace("127.0.0.1", "localhost");
  expect((await failure(openArchive({ ...opened, mirror }))).message).toMatch(/older than that of/);
});

test("the Release of another suite is refused", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  await archive.publish("buster", { packages: [greet] });
  archive.files.set("dists/bookworm/InRelease", archive.files.get("dists/buster/InRelease") ?? Buffer.alloc(0));
  expect((await failure(openArchive(options(archive)))).message).toContain("it is the Release of buster");
});

test("an index with other bytes than the signed ones is refused and not kept", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  for (const [path, bytes] of archive.files) {
    if (!path.startsWith("dists/bookworm/main")) continue;
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(60) ^ 1, 60);
    archive.files.set(path, changed);
  }
  const opened = options(archive);
  const error = await failure(openArchive(opened));
  expect(error.code).toBe("SLIP_VERIFY");
  expect(error.message).toContain("by-hash");
  expect(readdirSync(`${opened.cache.folder}/indexes`).filter((name) => name.includes("."))).toEqual([]);
});

test("a mirror without by-hash folders is read by name", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  for (const path of archive.files.keys()) if (path.includes("by-hash")) archive.files.delete(path);
  expect((await openArchive(options(archive))).versions("libgreet")).toHaveLength(1);
});

test("a package with other bytes than the index names is refused and not kept", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  archive.files.set("pool/main/libgreet_0.9_amd64.deb", Buffer.from("libgreet 1:0.8"));
  const opened = options(archive);
  const debian = await openArchive(opened);
  const error = await failure(debian.fetch(debian.resolve(["libgreet"])));
  expect(error.code).toBe("SLIP_VERIFY");
  expect(error.message).toContain("the package libgreet 1:0.9");
  expect(await opened.cache.blobs.stat(`sha256:${sha256Hex(Buffer.from("libgreet 1:0.9"))}`)).toBeUndefined();
});

test("downloads that break off, and servers that are busy, are tried again", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([{ name: "big", deb: Buffer.alloc(300_000, "x") }]);
  archive.faults.set(
    "dists/bookworm/InRelease",
    times(1, (response) => response.writeHead(503, { "retry-after": "0" }).end()),
  );
  archive.faults.set(
    "pool/main/big_1.0_amd64.deb",
    times(2, (response, body) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 100_000), () => response.destroy());
    }),
  );
  const debian = await openArchive(options(archive));
  const [file = ""] = await debian.fetch(debian.resolve(["big"]));
  expect(readFileSync(file)).toHaveLength(300_000);
  expect(archive.requests.filter((path) => path.startsWith("pool/"))).toHaveLength(3);
});

test("a server that stays broken ends in one error that names it", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  archive.faults.set(
    "dists/bookworm/InRelease",
    times(100, (response) => response.writeHead(500).end()),
  );
  const error = await failure(openArchive(options(archive)));
  expect(error.code).toBe("SLIP_NETWORK");
  expect(error.message).toMatch(/bookworm of http:\/\/127\.0\.0\.1:\d+\/debian: .* answered 500/);
});

test("a missing suite and a missing package are told apart from a missing network", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  archive.files.delete("pool/main/libgreet_0.9_amd64.deb");
  const debian = await openArchive(options(archive));
  const gone = await failure(debian.fetch(debian.resolve(["libgreet"])));
  expect([gone.code, gone.hint?.includes("in the middle of an update")]).toEqual(["SLIP_NETWORK", true]);
  const missing = await failure(openArchive(options(archive, { suite: "trixie" })));
  expect(missing.message).toContain("answered 404");
  expect(missing.hint).toMatch(/--debian-mirror|SECURITY_MIRROR/);
});

test("without a network and without a cache the host and the remedy are named", async () => {
  const archive = await FakeArchive.start();
  const opened = options(archive, { mirror: "http://nowhere.invalid/debian", securityMirror: "none" });
  const error = await failure(openArchive(opened));
  expect(error.code).toBe("SLIP_NETWORK");
  expect(error.message).toContain("nowhere.invalid");
  expect(error.hint).toContain("SLIPWAY_DEBIAN_MIRROR");
});

test("without a network a recent cache answers, with a warning", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet], { validUntil: new Date(Date.now() + hour) });
  const opened = options(archive);
  const fetched = await openArchive(opened);
  await fetched.fetch(fetched.resolve(["libgreet"]));
  const away = { ...opened, mirror: "http://nowhere.invalid/debian", securityMirror: "http://nowhere.invalid/debian" };
  const debian = await openArchive(away);
  expect(debian.fromCache).toBe(true);
  expect(await debian.fetch(debian.resolve(["libgreet"]))).toHaveLength(1);
  expect(opened.events.filter((event) => event.type === "warning")).toHaveLength(3);

  archive.requests.length = 0;
  expect((await openArchive({ ...opened, offline: true })).fromCache).toBe(true);
  expect(archive.requests).toEqual([]);
});

test("cancelling ends the work", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const stop = new AbortController();
  archive.faults.set("dists/bookworm/InRelease", () => {
    stop.abort();
    return true;
  });
  const opened = options(archive, { ctx: { signal: stop.signal, emit: () => undefined } });
  expect((await failure(openArchive(opened))).code).toBe("SLIP_CANCELLED");
});
