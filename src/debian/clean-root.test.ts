import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { cleanRoot } from "./clean-root.ts";
import { writeAptSources, writeDockerFiles } from "./docker-files.ts";
import { RootFiles } from "./root-files.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

const epoch = 1_700_000_000;

function tree(files: Readonly<Record<string, string>>): RootFiles {
  const root = tempFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true });
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), root + path);
    else writeFileSync(root + path, content);
  }
  return new RootFiles(root);
}

test("what tells of the making goes, the rest stays", () => {
  const root = tree({
    "/etc/hostname": "x",
    "/etc/resolv.conf": "x",
    "/etc/machine-id": "x",
    "/etc/passwd": "root",
    "/var/log/dpkg.log": "x",
    "/var/log/apt/history.log": "x",
    "/var/log/wtmp": "",
    "/var/lib/dpkg/status": "x",
    "/var/lib/dpkg/status-old": "x",
    "/var/cache/ldconfig/aux-cache": "x",
    "/var/lib/apt/lists/some_InRelease": "x",
    "/var/cache/apt/archives/a.deb": "x",
    "/tmp/leftover": "x",
  });
  cleanRoot(root, { slim: false, epoch });
  const left = execFileSync("find", [".", "-type", "f"], { cwd: root.root, encoding: "utf8" });
  expect(left.trim().split("\n").toSorted()).toEqual(["./etc/passwd", "./var/lib/dpkg/status", "./var/log/wtmp"]);
  expect(existsSync(`${root.root}/var/lib/apt/lists`)).toBe(true);
});

test("no time is later than the archive's, and folders have it", () => {
  const root = tree({ "/a/new": "x", "/a/old": "x", "/a/link": "-> nowhere" });
  utimesSync(`${root.root}/a/old`, 1_600_000_000, 1_600_000_000);
  cleanRoot(root, { slim: false, epoch });
  const time = (path: string): number => lstatSync(root.root + path).mtimeMs / 1000;
  expect(["/a/new", "/a/old", "/a/link", "/a", ""].map(time)).toEqual([epoch, 1_600_000_000, epoch, epoch, epoch]);
});

test("passwords were last changed at the archive's time at the latest", () => {
  const days = Math.floor(epoch / 86_400);
  const root = tree({ "/etc/shadow": `root:*:${days + 9}:0:99999:7:::\nold:*:5:0:99999:7:::\nnone:*::::::\n` });
  cleanRoot(root, { slim: false, epoch });
  expect(readFileSync(`${root.root}/etc/shadow`, "utf8")).toBe(
    `root:*:${days}:0:99999:7:::\nold:*:5:0:99999:7:::\nnone:*::::::\n`,
  );
});

test("slim leaves out documentation but for copyrights", () => {
  const root = tree({
    "/usr/share/doc/a/copyright": "x",
    "/usr/share/doc/a/changelog.gz": "x",
    "/usr/share/doc/b": "-> a",
    "/usr/share/doc/only-readme/README": "x",
    "/usr/share/man/man1/a.1.gz": "x",
    "/usr/share/man/man8/x.8.gz": "-> /etc/alternatives/x.8.gz",
    "/usr/share/man/de/man1/a.1.gz": "x",
    "/usr/share/locale/de/LC_MESSAGES/a.mo": "x",
    "/usr/share/locale/locale.alias": "x",
    "/usr/share/lintian/overrides/a": "x",
    "/usr/bin/a": "x",
  });
  cleanRoot(root, { slim: true, epoch });
  const left = execFileSync("find", [".", "-not", "-type", "d"], { cwd: root.root, encoding: "utf8" });
  expect(left.trim().split("\n").toSorted()).toEqual([
    "./usr/bin/a",
    "./usr/share/doc/a/copyright",
    "./usr/share/doc/b",
    "./usr/share/locale/locale.alias",
  ]);
  expect(root.list("/usr/share/man")).toEqual(["man1", "man8"]);
});

test("nothing outside the root is read, written or removed through its links", () => {
  const outside = tempFolder();
  mkdirSync(`${outside}/log`);
  writeFileSync(`${outside}/log/dpkg.log`, "mine");
  const root = tree({
    "/var/log": `-> ${outside}/log`,
    "/usr/sbin": `-> ${outside}`,
    "/etc/shadow": `-> ${outside}/log`,
  });
  cleanRoot(root, { slim: true, epoch });
  expect(readFileSync(`${outside}/log/dpkg.log`, "utf8")).toBe("mine");
  expect(() => writeDockerFiles(root, { slim: false })).toThrow("/usr/sbin is no folder");
  expect(existsSync(`${outside}/policy-rc.d`)).toBe(false);
});

test("apt's sources name the archive without passwords, and the image's own keyring", () => {
  const root = tree({ "/usr/share/keyrings/debian-archive-keyring.gpg": "x", "/etc/apt/sources.list": "deb x" });
  writeAptSources(root, {
    mirror: "http://user:secret@deb.example/debian",
    securityMirror: "http://deb.example/debian-security",
    suites: ["bookworm", "bookworm-updates", "bookworm-security"],
  });
  expect(readFileSync(`${root.root}/etc/apt/sources.list.d/debian.sources`, "utf8")).toBe(`Types: deb
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`);
  expect(existsSync(`${root.root}/etc/apt/sources.list`)).toBe(false);
});
