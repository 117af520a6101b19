// `slipway base build` of a small archive with a key of its own: what was tampered with is one error, nothing of it stays, and the good archive works right after.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { FakeArchive, type FakePackage, type FakeSuite, makeDeb, makeKey, times } from "../support/fake-archive.ts";
import { because, openLab, verifier, whyNoLab } from "./support/lab.ts";
import { type Ended, keptEnvironment, program, startGroup } from "./support/slipway.ts";

const lab = openLab();
const store = join(lab.folder, "own-store");
const description = `name: own
suite: bookworm
arch: amd64
packages: [hello]
certificates: { debian: false }
timezones: none
`;
const file = join(lab.context({ "own.yaml": description }), "own.yaml");

/** Each has other bytes, so that nothing of an earlier one in the store is what is asked for. */
let state = 0;

async function packages(size = 1000): Promise<readonly FakePackage[]> {
  const version = `${++state}`;
  const head = (name: string): string => `Package: ${name}\nVersion: ${version}\n`;
  const files = { "etc/os-release": "ID=debian\n", "usr/share/hello": randomBytes(size).toString("latin1") };
  return [
    { name: "base-files", version, deb: await makeDeb({ control: { control: head("base-files") }, data: files }) },
    {
      name: "hello",
      version,
      deb: await makeDeb({ control: { control: head("hello") }, data: { "usr/hello": version } }),
    },
  ];
}

function variables({ url }: FakeArchive): Readonly<Record<string, string>> {
  return { SLIPWAY_DEBIAN_MIRROR: url, SLIPWAY_DEBIAN_SECURITY_MIRROR: url, SLIPWAY_CONFIG: "" };
}

function build(archive: FakeArchive, keyring = archive.keyring): Promise<Ended> {
  const args = ["base", "build", "-q", "--debian-keyring", keyring, file];
  return lab.start(args, { store, env: variables(archive) }).ended;
}

/** Everything in the store that is not whole, or that an image would be made of. */
async function leftovers(): Promise<readonly string[]> {
  using opened = openStore(store);
  const list = (folder: string): readonly string[] =>
    existsSync(join(store, folder)) ? readdirSync(join(store, folder), { recursive: true, encoding: "utf8" }) : [];
  const images = opened.images.list().map(({ id }) => id);
  const halves = list("debian").filter((name) => !/^[a-z]+(?:\/[0-9a-z.-]+)?$/.test(name) || /\.\d+\./.test(name));
  return [...images, ...list("active"), ...halves, ...(await lab.verify(store))];
}

/** One line, the code and a remedy. */
function refused({ code, stdout, stderr }: Ended, exit: number, error: RegExp): void {
  expect(stderr.match(/^ERROR: .*$/gm)).toEqual([expect.stringMatching(error)]);
  expect(stderr).toMatch(/^ {2}hint: ./m);
  expect([code, stdout]).toEqual([exit, ""]);
}

async function works(archive: FakeArchive): Promise<void> {
  const { code, stdout, stderr } = await build(archive);
  expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/), ""]);
  using opened = openStore(store);
  const id = opened.images.untag("own");
  if (id !== undefined) opened.images.remove(id);
}

describe.skipIf(whyNoLab)(`an archive with a key of its own${because}`, () => {
  const change = (archive: FakeArchive, path: RegExp, how: (bytes: Buffer) => Buffer): void => {
    for (const [name, bytes] of archive.files) if (path.test(name)) archive.files.set(name, how(bytes));
  };
  const again = async (archive: FakeArchive, content: Partial<FakeSuite>): Promise<void> =>
    archive.publishAll(await packages(), content);
  const stranger = join(lab.folder, "stranger.asc");

  test.each<[string, (archive: FakeArchive) => unknown, number, RegExp]>([
    [
      "a tampered InRelease",
      (archive) =>
        change(archive, /bookworm\/InRelease/, (bytes) => Buffer.from(bytes.toString().replace("99.1", "99.2"))),
      6,
      /Cannot verify .*InRelease: no trusted key signed it .*\(SLIP_VERIFY\)$/,
    ],
    [
      "tampered Packages",
      (archive) =>
        change(archive, /bookworm\/main/, (bytes) => Buffer.from(bytes).fill(bytes.readUInt8(60) ^ 1, 60, 61)),
      6,
      /Cannot use .*by-hash.*: its bytes are not those .*\(SLIP_VERIFY\)$/,
    ],
    [
      "a tampered package",
      (archive) => change(archive, /hello_.*deb$/, (bytes) => Buffer.from(bytes).fill(1, 200, 201)),
      6,
      /Cannot use the package hello \d+ from .*\(SLIP_VERIFY\)$/,
    ],
    [
      "an expired InRelease",
      (archive) => again(archive, { validUntil: new Date(Date.now() - 60_000) }),
      6,
      /: it expired on .*\(SLIP_VERIFY\)$/,
    ],
    [
      "an older InRelease",
      async (archive) => {
        await works(archive);
        await again(archive, { date: new Date(Date.now() - 9e8) });
      },
      6,
      /older than that of .* which was seen before \(SLIP_VERIFY\)$/,
    ],
    [
      "downloads that are cut",
      (archive) =>
        change(archive, /hello_.*deb$/, (bytes) => {
          const [path = ""] = [...archive.files].find(([, other]) => other === bytes) ?? [];
          const cut = times(100, (response, body) => {
            response.writeHead(200, { "content-length": body.length });
            response.write(body.subarray(0, 100), () => response.socket?.resetAndDestroy());
          });
          archive.faults.set(path, cut);
          return bytes;
        }),
      6,
      /\(tried 4 times\) \(SLIP_NETWORK\)$/,
    ],
  ])("%s: one error, nothing half made, and the good one works right after", async (_what, tamper, exit, error) => {
    const archive = await FakeArchive.start();
    await archive.publishAll(await packages());
    await tamper(archive);
    refused(await build(archive), exit, error);
    expect(await leftovers()).toEqual([]);
    archive.faults.clear();
    await archive.publishAll(await packages());
    await works(archive);
  });

  test("without its key, or with a file that is no keyring, it is not read", async () => {
    const archive = await FakeArchive.start();
    await archive.publishAll(await packages());
    writeFileSync(stranger, (await makeKey("Stranger")).armoured);
    const usual = await lab.start(["base", "build", "-q", file], { store, env: variables(archive) }).ended;
    refused(usual, 6, /InRelease: no trusted key signed it .*\(SLIP_VERIFY\)$/);
    expect(usual.stderr).toContain("--debian-keyring");
    refused(await build(archive, stranger), 6, /InRelease: no trusted key signed it .*\(SLIP_VERIFY\)$/);
    refused(
      await build(archive, file),
      6,
      /Cannot read the keyring .*own\.yaml: it has no OpenPGP keys \(SLIP_VERIFY\)$/,
    );
    refused(await build(archive, join(lab.folder, "none")), 6, /Cannot read the keyring .*none: there is no such file/);
    expect(await leftovers()).toEqual([]);
    await works(archive);
  });

  test("the variable and the configuration name its key too; a lock names it, and needs none", async () => {
    const archive = await FakeArchive.start();
    await archive.publishAll(await packages(), { detached: true, packing: "gz" });
    const config = join(lab.folder, "config.json");
    writeFileSync(config, JSON.stringify({ debian: { keyring: archive.keyring } }));
    const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
      lab.start(args, { store, env: { ...variables(archive), ...env } }).ended;
    const key = archive.key.privateKey.getFingerprint().toUpperCase();
    expect(await run(["base", "lock", file], { SLIPWAY_DEBIAN_KEYRING: archive.keyring })).toMatchObject({ code: 0 });
    const lock = readFileSync(file.replace(/yaml$/, "lock"), "utf8");
    expect([
      lock.includes("dists/bookworm/Release\n") || lock.includes('"dists/bookworm/Release"'),
      lock.includes(key),
    ]).toEqual([true, true]);
    expect(await run(["base", "build", "-q", "--locked", file], {})).toMatchObject({ code: 0 });
    expect(await run(["base", "lock", "--check", file], { SLIPWAY_CONFIG: config })).toMatchObject({ code: 0 });
  });

  const whyNot = process.getuid?.() === 0 ? undefined : "a small file system can be mounted by root only";

  test.skipIf(whyNot)(`a full disk${whyNot === undefined ? "" : ` (skipped: ${whyNot})`}`, async () => {
    const archive = await FakeArchive.start();
    await archive.publishAll(await packages(6_000_000));
    const disk = join(lab.folder, "disk");
    mkdirSync(disk);
    const script = [
      `mount -t tmpfs -o size=10m none "$1"`,
      `"$2" base build -q --debian-keyring "$3" "$4"; echo "first $?"`,
      `"$5" "$6" "$1/store" && echo whole`,
      `"$2" images -q && ls -A "$1/store/active"`,
      `mount -o remount,size=64m "$1"`,
      `"$2" base build -q --debian-keyring "$3" "$4" && "$5" "$6" "$1/store" && echo whole`,
    ].join(" ; ");
    const given = [disk, program, archive.keyring, file, process.execPath, verifier];
    const env = { ...keptEnvironment("HOME"), ...variables(archive), SLIPWAY_ROOT: join(disk, "store") };
    const wrapped = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", ...given];
    const { stdout, stderr } = await startGroup(wrapped, { cwd: undefined, env }).ended;
    expect(stderr.match(/^ERROR: .*$/gm)).toEqual([expect.stringMatching(/\(SLIP_DISK_FULL\)$/)]);
    expect(stdout).toMatch(/^first 8\nwhole\nsha256:[0-9a-f]{64}\nwhole\n$/);
  });
});
