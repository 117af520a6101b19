import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectRoot } from "./inspect-root.ts";
import { inspectTree } from "./inspect-tree.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-inspect-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, content: string | Uint8Array = "", mode = 0o644): void {
  mkdirSync(dirname(root + path), { recursive: true });
  writeFileSync(root + path, content);
  chmodSync(root + path, mode);
}
function link(path: string, target: string): void {
  mkdirSync(dirname(root + path), { recursive: true });
  symlinkSync(target, root + path);
}

test("counts entries and sizes, a hard-linked file's bytes once", () => {
  file("/usr/lib/a/b/one", "12345");
  file("/usr/lib/two", "123");
  file("/etc/conf", "1");
  file("/app", "12");
  linkSync(`${root}/app`, `${root}/app-again`);
  link("/etc/link", "conf");
  const tree = inspectTree(root);
  expect(tree).toMatchObject({ files: 5, links: 1, folders: 5, bytes: 11, notes: [] });
  expect(tree.largest).toEqual([
    { path: "/usr/lib", size: 8 },
    { path: "/", size: 2 },
    { path: "/etc", size: 1 },
  ]);
});

test("an empty root has nothing in it", () => {
  expect(inspectTree(root)).toEqual({
    files: 0,
    links: 0,
    folders: 0,
    bytes: 0,
    packages: [],
    shells: [],
    packageManagers: [],
    compilers: [],
    setuid: [],
    largest: [],
    notes: [],
  });
});

test("shells behind links count as the file they lead to, through a merged /usr", () => {
  link("/bin", "usr/bin");
  file("/usr/bin/bash", "", 0o755);
  file("/usr/bin/dash", "", 0o755);
  link("/usr/bin/sh", "dash");
  link("/usr/bin/rbash", "bash");
  file("/usr/bin/fancyshell", "", 0o755);
  file("/etc/shells", "# valid\n/bin/sh\n/bin/fancyshell\n/bin/missing\n");
  file("/usr/share/completions/fish", "");
  expect(inspectTree(root).shells).toEqual(["/usr/bin/bash", "/usr/bin/dash", "/usr/bin/fancyshell"]);
});

test("busybox counts once, whether its applets are links or hard links", () => {
  file("/bin/busybox", "", 0o755);
  link("/bin/ash", "/bin/busybox");
  linkSync(`${root}/bin/busybox`, `${root}/bin/sh`);
  expect(inspectTree(root).shells).toEqual(["/bin/sh"]);
});

test("finds package managers and compilers, with targets and versions in their names", () => {
  for (const name of ["apt-get", "dpkg", "x86_64-linux-gnu-gcc-12", "clang++-14", "gccmakedep"]) {
    file(`/usr/bin/${name}`, "", 0o755);
  }
  link("/usr/bin/cc", "/etc/alternatives/cc");
  link("/etc/alternatives/cc", "/usr/bin/gcc");
  link("/usr/bin/gcc", "x86_64-linux-gnu-gcc-12");
  file("/usr/lib/go-1.19/bin/go", "", 0o755);
  file("/usr/share/bug/dpkg", "", 0o755);
  file("/etc/cron.daily/dpkg", "", 0o755);
  const tree = inspectTree(root);
  expect(tree.packageManagers).toEqual(["/usr/bin/apt-get", "/usr/bin/dpkg"]);
  expect(tree.compilers).toEqual([
    "/usr/bin/clang++-14",
    "/usr/bin/x86_64-linux-gnu-gcc-12",
    "/usr/lib/go-1.19/bin/go",
  ]);
});

test("lists setuid and setgid files with their modes", () => {
  file("/usr/bin/su", "", 0o4755);
  file("/usr/bin/wall", "", 0o2755);
  file("/usr/bin/true", "", 0o755);
  expect(inspectTree(root).setuid).toEqual([
    { path: "/usr/bin/su", mode: "4755" },
    { path: "/usr/bin/wall", mode: "2755" },
  ]);
});

test("reads dpkg's status, status.d without Status, and apk's database", () => {
  file(
    "/var/lib/dpkg/status",
    "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nDescription: shell\n Package: not-this\n\n" +
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
  );
  file("/var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a\n");
  file("/var/lib/dpkg/status.d/tzdata.md5sums", "Package: wrong\n");
  file("/lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.5-r0\nF:lib\n\nP:zlib\nV:1.3-r2\n");
  expect(inspectTree(root).packages).toEqual([
    { name: "bash", version: "5.2-1", manager: "dpkg" },
    { name: "musl", version: "1.2.5-r0", manager: "apk" },
    { name: "tzdata", version: "2024a", manager: "dpkg" },
    { name: "zlib", version: "1.3-r2", manager: "apk" },
  ]);
});

/** An rpm header blob with string tags. */
function header(tags: Readonly<Record<number, string>>): Buffer {
  const data: Buffer[] = [];
  let offset = 0;
  const index = Object.entries(tags).map(([tag, value]) => {
    const entry = Buffer.alloc(16);
    [Number(tag), 6, offset, 1].forEach((number, at) => entry.writeUInt32BE(number, at * 4));
    const bytes = Buffer.from(`${value}\0`);
    data.push(bytes);
    offset += bytes.length;
    return entry;
  });
  const start = Buffer.alloc(8);
  start.writeUInt32BE(index.length, 0);
  start.writeUInt32BE(offset, 4);
  return Buffer.concat([start, ...index, ...data]);
}

test("reads an rpm database in SQLite format", () => {
  mkdirSync(`${root}/var/lib/rpm`, { recursive: true });
  const database = new DatabaseSync(`${root}/var/lib/rpm/rpmdb.sqlite`);
  database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)");
  const insert = database.prepare("INSERT INTO Packages (blob) VALUES (?)");
  insert.run(header({ 1000: "bash", 1001: "5.2", 1002: "3.fc40" }));
  insert.run(header({ 1000: "gpg-pubkey", 1001: "1" }));
  insert.run(Buffer.from("damaged"));
  database.close();
  expect(inspectTree(root)).toMatchObject({
    packages: [{ name: "bash", version: "5.2-3.fc40", manager: "rpm" }],
    notes: [],
  });
});

test("says that an old or damaged rpm database is not read", () => {
  file("/var/lib/rpm/Packages", "berkeley");
  expect(inspectTree(root).notes).toEqual([expect.stringContaining("/var/lib/rpm/Packages is no rpm database")]);
  file("/var/lib/rpm/rpmdb.sqlite", "no database at all, but long enough to be read as one");
  expect(inspectTree(root).notes).toEqual([expect.stringContaining("cannot be read")]);
});

test("an rpm database whose table is a view of something else gives nothing", () => {
  mkdirSync(`${root}/var/lib/rpm`, { recursive: true });
  const database = new DatabaseSync(`${root}/var/lib/rpm/rpmdb.sqlite`);
  database.exec(
    "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n",
  );
  database.close();
  expect(inspectTree(root).packages).toEqual([]);
});

test("an rpm database of endless headers or names is not read whole", () => {
  mkdirSync(`${root}/var/lib/rpm`, { recursive: true });
  const database = new DatabaseSync(`${root}/var/lib/rpm/rpmdb.sqlite`);
  database.exec(
    "CREATE TABLE Packages (at INTEGER, blob BLOB AS (CASE WHEN at < 0 THEN name ELSE zeroblob(16000000) END), name)",
  );
  database.prepare("INSERT INTO Packages (at, name) VALUES (-1, ?)").run(header({ 1000: "n".repeat(5000) }));
  database.prepare("INSERT INTO Packages (at, name) VALUES (-2, ?)").run(header({ 1000: "bash" }));
  const insert = database.prepare("INSERT INTO Packages (at) VALUES (?)");
  for (let at = 0; at < 80; at++) insert.run(at);
  database.close();
  const { packages, notes } = inspectTree(root);
  expect(packages.map(({ name }) => name)).toEqual(["bash"]);
  expect(notes).toEqual([expect.stringContaining("not read to its end")]);
});

test("no link leads out of the root", () => {
  const secret = mkdtempSync(join(tmpdir(), "slipway-outside-"));
  try {
    writeFileSync(join(secret, "status"), "Package: outside\nStatus: install ok installed\nVersion: 1\n");
    writeFileSync(join(secret, "bash"), "", { mode: 0o755 });
    mkdirSync(`${root}/var/lib`, { recursive: true });
    link("/var/lib/dpkg", secret);
    link("/lib/apk/db", `../../../../../../../..${secret}`);
    link("/bin/bash", `${secret}/bash`);
    link("/loop", "loop");
    link("/bin/zsh", "/loop/zsh");
    const tree = inspectTree(root);
    expect(tree).toMatchObject({ packages: [], shells: [], links: 5, notes: [] });
    expect(tree.files).toBe(0);
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
});

test("links that leave the root upwards stay at its top", () => {
  file("/real/bash", "", 0o755);
  link("/usr/bin/bash", "../../../../../../real/bash");
  expect(inspectTree(root).shells).toEqual(["/real/bash"]);
});

test("pipes and too large databases are not read", () => {
  mkdirSync(`${root}/var/lib/dpkg`, { recursive: true });
  execFileSync("sh", ["-c", 'mkfifo "$@"', "sh", `${root}/var/lib/dpkg/status`, `${root}/bash`]);
  file("/lib/apk/db/installed");
  truncateSync(`${root}/lib/apk/db/installed`, 65 * 1024 * 1024);
  const tree = inspectTree(root);
  expect(tree.packages).toEqual([]);
  expect(tree.files).toBe(1);
  expect(tree.notes).toEqual(["/lib/apk/db/installed is larger than 64 MB and was not read"]);
});

test("names that are not UTF-8 are counted and shown", () => {
  const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff, 0x2e])]);
  writeFileSync(name, "123");
  chmodSync(name, 0o4755);
  const tree = inspectTree(root);
  expect(tree).toMatchObject({ files: 1, bytes: 3 });
  expect(tree.setuid).toEqual([{ path: "/f\uFFFD.", mode: "4755" }]);
});

test("in a worker thread it finds the same", async () => {
  file("/bin/sh", "x", 0o755);
  expect(await inspectRoot(root)).toEqual(inspectTree(root));
});
