// What archives that people make for themselves are like: other keys, a signature beside the Release, indexes packed with gzip.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openArchive } from "./archive.ts";
import { FakeArchive, makeKey, options, sha256Hex, times } from "../../test/support/fake-archive.ts";
import { tempFolder } from "../../test/support/store-lab.ts";
import { failure, greet, type Opened, published, release, use } from "../../test/support/tried-archive.ts";

describe("a Release with its signature beside it", () => {
  const [file, signature] = ["dists/bookworm/Release", "dists/bookworm/Release.gpg"];

  async function detached(): Promise<{ readonly archive: FakeArchive; readonly opened: Opened }> {
    const archive = await FakeArchive.start();
    await archive.publishAll([greet], { detached: true });
    return { archive, opened: options(archive) };
  }

  const change = (archive: FakeArchive, path: string, how: (text: string) => string): void =>
    void archive.files.set(path, Buffer.from(how(archive.files.get(path)?.toString("latin1") ?? ""), "latin1"));

  test("is used where there is no InRelease, armoured and binary, and gives way to one that comes", async () => {
    const { archive, opened } = await detached();
    await use(opened);
    const [main] = (await openArchive(opened)).releases;
    expect(main).toMatchObject({
      file: "Release",
      inRelease: `sha256:${sha256Hex(archive.files.get(file) ?? Buffer.alloc(0))}`,
    });
    const binary = await unarmor(archive.files.get(signature)?.toString() ?? "");
    archive.files.set(signature, binary);
    await use(options(archive));
    await archive.publishAll([greet]);
    expect((await openArchive(opened)).releases[0]).toMatchObject({ file: "InRelease" });
  });

  test.each<[string, (archive: FakeArchive) => void | Promise<void>, string]>([
    [
      "whose text was changed",
      (archive) => change(archive, file, (text) => text.replace("99.1", "99.2")),
      "no trusted key",
    ],
    [
      "whose signature was changed",
      (archive) =>
        change(archive, signature, (text) =>
          text.replace(
            /(.)(.{8}\n=[^\n]+\n-----END)/,
            (_, one: string, rest: string) => (one === "A" ? "B" : "A") + rest,
          ),
        ),
      "Cannot verify",
    ],
    [
      "whose signature is none",
      (archive) => change(archive, signature, () => "<html>"),
      "its Release.gpg is no signature",
    ],
    ["whose signature is empty", (archive) => change(archive, signature, () => ""), "Cannot verify"],
    [
      "with the signature of another",
      (archive) =>
        void archive.files.set(signature, archive.files.get("dists/bookworm-updates/Release.gpg") ?? Buffer.alloc(0)),
      "no trusted key",
    ],
    [
      "without its signature",
      (archive) => void archive.files.delete(signature),
      "neither an InRelease nor a Release.gpg",
    ],
    [
      "that a key signed which is not trusted",
      async (archive) => archive.publishAll([greet], { detached: true, keys: [await makeKey("Stranger")] }),
      "no trusted key",
    ],
    [
      "that is older than one before",
      (archive) => archive.publishAll([greet], { detached: true, date: new Date(Date.now() - 9e8) }),
      "older than that of",
    ],
    [
      "that expired",
      (archive) => archive.publishAll([greet], { detached: true, validUntil: new Date(Date.now() - 60_000) }),
      "it expired on",
    ],
  ])("%s is refused, and the one before stays in use", async (_what, tamper, message) => {
    const { archive, opened } = await detached();
    await use(opened);
    await tamper(archive);
    const error = await failure(openArchive(opened));
    expect([error.code, error.message]).toEqual(["SLIP_VERIFY", expect.stringContaining(message)]);
    await use({ ...opened, offline: true });
  });

  test("never stands for an InRelease that does not verify, or that a server cannot give", async () => {
    const { archive, opened } = await detached();
    archive.files.set(release, Buffer.from("<html>"));
    expect((await failure(openArchive(opened))).message).toContain("InRelease: it is no signed text");
    archive.faults.set(
      release,
      times(100, (response) => response.writeHead(403).end()),
    );
    expect((await failure(openArchive(opened))).message).toContain("answered 403");
    expect(archive.requests.filter((path) => path.startsWith(file))).toEqual([]);
  });
});

describe("a keyring", () => {
  const gone = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n-----END PGP PUBLIC KEY BLOCK-----\n";

  test.each<[string, (file: string) => void, string]>([
    ["that is not there", () => undefined, "there is no such file"],
    ["that is a folder", (file) => mkdirSync(file), "it is a folder"],
    ["that is empty", (file) => writeFileSync(file, ""), "it has no OpenPGP keys"],
    ["that is no keyring", (file) => writeFileSync(file, "hello"), "it has no OpenPGP keys"],
    ["whose armour is damaged", (file) => writeFileSync(file, gone), "its armour is damaged, or around something else"],
    [
      "of GnuPG's own kind",
      (file) => writeFileSync(file, "\0\0\0 \x01\x01\0\x02KBXf\0\0\0\0"),
      "it is a keybox of GnuPG",
    ],
  ])("%s is refused", async (_what, write, message) => {
    const { opened } = await published();
    const keyring = join(tempFolder(), "keys.pgp");
    write(keyring);
    const error = await failure(openArchive({ ...opened, keyring }));
    expect([error.code, error.message]).toEqual(["SLIP_VERIFY", `Cannot read the keyring ${keyring}: ${message}`]);
    expect(error.hint).toContain("gpg --export");
  });

  test("is binary or armoured, in one block or several; without the archive's key it names itself", async () => {
    const { archive, opened } = await published();
    const others = (await makeKey("Stranger")).armoured;
    const keyring = join(tempFolder(), "keys");
    for (const content of [`${others}\n${archive.key.armoured}`, await unarmor(archive.key.armoured)]) {
      writeFileSync(keyring, content);
      await use({ ...opened, keyring });
    }
    writeFileSync(keyring, others);
    const error = await failure(openArchive({ ...opened, keyring }));
    expect([error.code, error.hint]).toEqual([
      "SLIP_VERIFY",
      expect.stringContaining(`only keys in ${keyring} are trusted`),
    ]);
  });
});

/** Armour taken off. */
async function unarmor(text: string): Promise<Buffer> {
  const { unarmor: take } = await import("openpgp");
  return Buffer.from((await take(text)).data as unknown as Uint8Array);
}

test("an index that is packed with gzip alone, as aptly does it, is read", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet], { packing: "gz" });
  await use(options(archive));
});
