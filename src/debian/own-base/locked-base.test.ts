import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FakeArchive, makeDeb, options } from "../../../test/support/fake-archive.ts";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { SlipwayError } from "../../base/index.ts";
import { writeLayer } from "../../layer/index.ts";
import { openSnapshotter } from "../../snapshot/index.ts";
import { makeFromRecipe } from "../distroless/make-from-recipe.ts";
import { currentRecipePackages } from "../distroless/recipe-packages.ts";
import { type BaseLock, formatBaseLock, parseBaseLock } from "./base-lock.ts";
import { compareBaseLocks } from "./compare-base-locks.ts";
import { lockedArchive, lockRecipe } from "./locked-archive.ts";
import { readOwnBase } from "./own-base.ts";

const description = `suite: bookworm
packages: [app]
dependencies: true
without: [helper]
certificates: { debian: true }
timezones: none
env: { A: b }
`;

async function fakeArchive(version = "1.0"): Promise<FakeArchive> {
  const archive = await FakeArchive.start();
  await publish(archive, version);
  return archive;
}

async function publish(archive: FakeArchive, version: string): Promise<void> {
  const deb = async (name: string, data: Record<string, string>, fields: Record<string, string> = {}) => ({
    name,
    version,
    fields,
    deb: await makeDeb({
      control: { control: `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\n` },
      data,
    }),
  });
  await archive.publishAll([
    await deb("app", { "usr/bin/app": `app ${version}` }, { Depends: "libapp, helper" }),
    await deb("base-files", { "usr/lib/os-release": "ID=debian\n" }),
    await deb("ca-certificates", {
      "usr/share/ca-certificates/a.crt": "-----BEGIN CERTIFICATE-----\nMAEF\n-----END CERTIFICATE-----\n",
    }),
    await deb("helper", { "usr/bin/helper": "h" }),
    await deb("libapp", { "usr/lib/libapp.so": "lib" }),
  ]);
}

async function ownBase(text = description) {
  const file = join(tempFolder(), "own.yaml");
  writeFileSync(file, text);
  return readOwnBase(file);
}

async function lockOf(archive: FakeArchive): Promise<BaseLock> {
  const { cache, ctx, ...rest } = options(archive);
  const recipe = (await ownBase()).recipe("amd64");
  const { archive: opened, ...packages } = await currentRecipePackages(recipe, rest, { cache, ctx });
  const { releases, arch } = lockRecipe(opened, recipe, packages);
  return { suite: "bookworm", releases, archs: [arch] };
}

type Where = ReturnType<typeof options>;

/** Builds with a lock, in a store of its own unless one is given; without a network when the mirror is one that nobody answers. */
async function buildLocked(lock: BaseLock, where: Where, mirror: string, text = description) {
  const { cache, ctx, store } = where;
  const source = { lock, file: "own.lock", base: "own.yaml" };
  const choice = { mirror, securityMirror: mirror };
  const { archive, recipe } = lockedArchive(source, (await ownBase(text)).recipe("amd64"), { ...choice, cache, ctx });
  const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
  const made = await makeFromRecipe(recipe, { ...choice, archive, owner: "squash" }, { cache, ctx, snapshotter });
  const upper = store.snapshots.folder(made.snapshot.id);
  const { diffId } = await writeLayer({ upper, overlayXattrs: "user", compression: "none" });
  const { history, config, created } = made;
  return { upper, same: { diffId, history, config, created } };
}

const nobody = "http://127.0.0.1:9/debian";

describe("a lock of a base", () => {
  test("has the releases and every package, but not where this machine reads them", async () => {
    const archive = await fakeArchive();
    const lock = await lockOf(archive);
    expect(lock.releases).toMatchObject([
      { suite: "bookworm", archive: "debian", path: "dists/bookworm/InRelease", version: "99.1" },
      { suite: "bookworm-updates", archive: "debian" },
      { suite: "bookworm-security", archive: "debian-security" },
    ]);
    const [arch] = lock.archs;
    expect(arch?.wants).toEqual([
      "app",
      "base-files",
      "dependencies of app",
      "without helper",
      "files of ca-certificates",
    ]);
    expect(arch?.packages.map(({ name, use, arch: own, path }) => [name, use, own, path])).toEqual([
      ["app", "image", "amd64", "pool/main/app_1.0_amd64.deb"],
      ["base-files", "image", "amd64", "pool/main/base-files_1.0_amd64.deb"],
      ["ca-certificates", "files", "amd64", "pool/main/ca-certificates_1.0_amd64.deb"],
      ["libapp", "image", "amd64", "pool/main/libapp_1.0_amd64.deb"],
    ]);
    expect(arch?.indexes.map(({ path }) => path)).toContain("dists/bookworm/main/binary-amd64/Packages.xz");
    const text = formatBaseLock(lock);
    expect(text).not.toContain("127.0.0.1");
    expect(await parseBaseLock(text, "own.lock")).toEqual(lock);
    expect(formatBaseLock(await parseBaseLock(text, "own.lock"))).toBe(text);
  });

  test("gives the same image each time: online, in another store, and with the network cut off", async () => {
    const archive = await fakeArchive();
    const lock = await lockOf(archive);
    const [here, there] = [options(archive), options(archive)];
    const first = await buildLocked(lock, here, archive.url);
    const asked = archive.requests.length;
    expect((await buildLocked(lock, here, nobody)).same).toEqual(first.same);
    expect((await buildLocked(lock, there, archive.url)).same).toEqual(first.same);
    expect(archive.requests.slice(asked).every((path) => path.startsWith("pool/"))).toBe(true);
    // What the archive has by now does not matter.
    await publish(archive, "2.0");
    expect((await buildLocked(lock, here, archive.url)).same).toEqual(first.same);
    expect(readdirSync(join(first.upper, "usr/bin"))).toEqual(["app"]);
  });

  test("is the same image as without it, of the same state of the archive", async () => {
    const archive = await fakeArchive();
    const locked = await buildLocked(await lockOf(archive), options(archive), archive.url);
    const { cache, ctx, store, ...rest } = options(archive);
    const recipe = (await ownBase()).recipe("amd64");
    const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
    const { snapshot, history, config, created } = await makeFromRecipe(
      recipe,
      { ...rest, owner: "squash" },
      { cache, ctx, snapshotter },
    );
    const upper = store.snapshots.folder(snapshot.id);
    const { diffId } = await writeLayer({ upper, overlayXattrs: "user", compression: "none" });
    expect({ diffId, history, config, created }).toEqual(locked.same);
  });

  test("of packages that are gone, or without a network, is one error that says so", async () => {
    const archive = await fakeArchive();
    const lock = await lockOf(archive);
    const refused = async (mirror: string): Promise<SlipwayError> =>
      buildLocked(lock, options(archive), mirror).then(
        () => Promise.reject(new Error("it was built")),
        (error: unknown) => error as SlipwayError,
      );
    const away = await refused(nobody);
    expect([away.code, away.message]).toEqual([
      "SLIP_NETWORK",
      expect.stringContaining(
        "Cannot build own.yaml with own.lock: the store lacks app, base-files and 2 more, and cannot reach 127.0.0.1:9",
      ),
    ]);
    archive.files.delete("pool/main/app_1.0_amd64.deb");
    const gone = await refused(archive.url);
    expect([gone.code, gone.message]).toEqual([
      "SLIP_LOCK",
      expect.stringMatching(
        /^Cannot build own\.yaml with own\.lock: the mirror has no app 1\.0 any more, and the store lacks app/,
      ),
    ]);
    expect(gone.hint).toContain("a mirror that keeps old packages with --debian-mirror");
    expect(gone.hint).toContain("`slipway base lock own.yaml` writes it anew");
    archive.files.set("pool/main/app_1.0_amd64.deb", Buffer.from("tampered"));
    expect((await refused(archive.url)).code).toBe("SLIP_VERIFY");
  });

  test("of another list of packages, suite or architecture is refused by name", async () => {
    const archive = await fakeArchive();
    const lock = await lockOf(archive);
    const refused = (text: string, of: BaseLock = lock): Promise<unknown> =>
      buildLocked(of, options(archive), nobody, text);
    await expect(refused(description.replace("[app]", "[app, libapp]"))).rejects.toThrow(
      "own.lock: the base asks for libapp, dependencies of libapp, which it does not know",
    );
    await expect(refused(description.replace("without: [helper]\n", ""))).rejects.toThrow(
      "it has without helper, which the base does not ask for any more",
    );
    await expect(refused(description.replace("[app]", "[app, a1, b1, c1]"))).rejects.toThrow(
      "the base asks for a1, b1 and 4 more, which it does not know",
    );
    await expect(refused(description.replace("bookworm", "trixie"))).rejects.toThrow(
      "it is for bookworm, and the base of trixie",
    );
    await expect(refused(description, { ...lock, archs: [] })).rejects.toThrow("it has nothing for amd64");
  });

  test("tells which packages moved", async () => {
    const archive = await fakeArchive();
    const before = await lockOf(archive);
    expect(compareBaseLocks(before, await lockOf(archive))).toEqual([]);
    await publish(archive, "2.0");
    const after = await lockOf(archive);
    expect(compareBaseLocks(before, after)).toContainEqual({
      type: "moved",
      arch: "amd64",
      name: "app",
      before: "1.0",
      after: "2.0",
    });
    expect(compareBaseLocks(undefined, after).map(({ type }) => type)).toEqual(["added", "added", "added", "added"]);
    expect(compareBaseLocks(after, { ...after, archs: [] })).toHaveLength(4);
  });
});

const head = 'version: 1\nsuite: "trixie"\n';
const release = `  - { suite: "trixie", archive: "debian", path: "dists/trixie/InRelease", date: "2026-11-20T00:00:00Z", sha256: "${"a".repeat(64)}", key: "${"A".repeat(40)}" }\n`;
const one = `      - { name: "a1", version: "1", arch: "all", use: "image", archive: "debian", path: "pool/a.deb", size: 1, sha256: "${"b".repeat(64)}" }\n`;
const whole = `${head}releases:\n${release}archs:\n  - arch: "amd64"\n    wants: []\n    indexes: []\n    packages:\n${one}`;

test.each([
  ["", "own.lock:1:1: it is empty"],
  ["<<<<<<< ours\n", "own.lock:1:1: two branches were not merged there"],
  ["version: 2\n", "own.lock:1:10: version cannot be 2"],
  ['suite: "trixie"\n', "own.lock:1:1: the file needs version"],
  [`${head}releases: []\narchs: []\n`, "it has no release"],
  [whole.replace("pool/a.deb", "pool/../../etc/passwd"), "archs.packages.path cannot be"],
  [whole.replace("pool/a.deb", "/pool/a.deb"), "archs.packages.path cannot be"],
  [whole.replace("pool/a.deb", "http://elsewhere/a.deb"), "archs.packages.path cannot be"],
  [whole.replace('"debian", path: "pool', '"other", path: "pool'), "archs.packages.archive cannot be"],
  [whole.replace("size: 1", "size: -1"), "archs.packages.size cannot be -1"],
  [whole.replace("bbbb", "xxxx"), "archs.packages.sha256 cannot be"],
  [whole + one, "it has the package a1 twice"],
  [whole + whole.slice(whole.indexOf('  - arch: "amd64"')), "it has amd64 twice"],
  [`${whole}more: 1\n`, 'unknown key "more"'],
])("lock %# is refused at its place", async (text, message) => {
  const error = await parseBaseLock(text, "own.lock").then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(SlipwayError);
  expect((error as SlipwayError).code).toBe("SLIP_LOCK");
  expect((error as SlipwayError).message).toContain(message);
  if (text.startsWith("version: 2")) expect((error as SlipwayError).hint).toBe("it is 1");
});
