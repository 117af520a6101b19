import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FakeArchive, makeDeb, options } from "../../../test/support/fake-archive.ts";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { tarOf } from "../../layer/fixtures.ts";
import { writeLayer } from "../../layer/index.ts";
import { openSnapshotter } from "../../snapshot/index.ts";
import type { ArchiveChoice } from "../contract.ts";
import { makeFromRecipe } from "./make-from-recipe.ts";
import { currentRecipePackages } from "./recipe-packages.ts";
import type { BaseRecipe } from "./recipe.ts";

const pem = "-----BEGIN CERTIFICATE-----\nMAEF\n-----END CERTIFICATE-----\n";

async function fakeArchive(): Promise<FakeArchive> {
  const archive = await FakeArchive.start();
  const deb = async (name: string, data: Record<string, string>, control: Record<string, string> = {}) => ({
    name,
    deb: await makeDeb({ control: { control: `Package: ${name}\nVersion: 1.0\n`, ...control }, data }),
  });
  await archive.publishAll([
    await deb("base-files", { "etc/debian_version": "12.9\n", "usr/lib/os-release": "ID=debian\n" }),
    await deb(
      "libfoo",
      {
        "usr/share/doc/libfoo/copyright": "c",
        "usr/share/doc/libfoo/changelog.gz": "x",
        "usr/share/man/man1/foo.1": "m",
      },
      { md5sums: sums, postinst: "#!/bin/sh\nexit 1\n" },
    ),
    await deb("libc-bin", { "usr/lib/locale/C.utf8/LC_CTYPE": "ctype", "usr/bin/locale": "#!tool" }),
    await deb("ca-certificates", {
      "usr/share/ca-certificates/mozilla/b.crt": pem,
      "usr/share/ca-certificates/mozilla/a.crt": `# a\n${pem.trim()}`,
      "usr/sbin/update-ca-certificates": "#!/bin/sh\n",
      "usr/share/doc/ca-certificates/copyright": "c",
    }),
    await deb("busybox-static", { "bin/busybox": "ELF[\0[[\0ash\0busybox\0sh\0\0" }),
  ]);
  return archive;
}

/** Two of its files, one that is none, and one that nobody has. */
const sums = ["usr/share/doc/libfoo/copyright", "usr/share/man/man1/foo.1", "../../etc/passwd", "usr/gone"]
  .map((path) => `${"0".repeat(32)}  ${path}\n`)
  .join("");

const recipe: BaseRecipe = {
  name: "test",
  suite: "bookworm",
  arch: "amd64",
  packages: ["libfoo", "base-files"],
  taken: [{ package: "libc-bin", paths: ["/usr/lib/locale/C.utf8"] }],
  certificates: { debian: true, own: [pem], keystore: true },
  busybox: true,
  libraryCache: true,
  users: [{ name: "nonroot", uid: 65532, gid: 65532, home: "/home/nonroot" }],
  groups: [{ name: "staff", gid: 50, members: ["a", "b"] }],
  folders: [
    { path: "/home/nonroot", mode: 0o700 },
    { path: "/tmp", mode: 0o1777 },
  ],
  files: [{ path: "/etc/app.conf", content: "app\n", mode: 0o600 }],
  links: [{ path: "/usr/bin/app", target: "/opt/app" }],
  config: { env: { PATH: "/bin", LANG: "C.UTF-8" }, entrypoint: ["/bin/app"], user: "65532", workdir: "/home/nonroot" },
};

async function make(archive: FakeArchive, more: Partial<BaseRecipe> = {}, choice: ArchiveChoice = {}) {
  const { cache, ctx, store, ...rest } = options(archive, choice);
  const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
  const made = await makeFromRecipe({ ...recipe, ...more }, { ...rest, owner: "squash" }, { cache, ctx, snapshotter });
  return { made, root: store.snapshots.folder(made.snapshot.id), store, cache };
}

describe("a base from a recipe", () => {
  test("has its packages' files and what the recipe says, and lists the packages for scanners", async () => {
    const { made, root, cache } = await make(await fakeArchive());
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    const mode = (path: string) => lstatSync(join(root, path)).mode & 0o7777;
    expect(read("etc/debian_version")).toBe("12.9\n");
    expect(read("usr/lib/locale/C.utf8/LC_CTYPE")).toBe("ctype");
    expect(readdirSync(join(root, "usr/bin"))).toEqual(["app"]);
    expect(readdirSync(join(root, "usr")).sort()).toEqual(["bin", "lib", "share"]);
    expect(made.packages.map(({ name }) => name)).toEqual([
      "base-files",
      "libfoo",
      "busybox-static",
      "ca-certificates",
      "libc-bin",
    ]);

    expect(readdirSync(join(root, "var/lib/dpkg/status.d")).sort()).toEqual([
      "base-files",
      "base-files.md5sums",
      "busybox-static",
      "busybox-static.md5sums",
      "ca-certificates",
      "ca-certificates.md5sums",
      "libc-bin",
      "libc-bin.md5sums",
      "libfoo",
      "libfoo.md5sums",
    ]);
    expect(readdirSync(join(root, "usr/share/doc")).sort()).toEqual(["ca-certificates", "libfoo"]);
    expect(read("var/lib/dpkg/status.d/libfoo")).toBe("Package: libfoo\nVersion: 1.0\nArchitecture: amd64\n");
    expect(read("var/lib/dpkg/status.d/libfoo.md5sums")).toBe(sums.split("\n").slice(0, 2).join("\n") + "\n");

    expect(read("etc/ssl/certs/ca-certificates.crt")).toBe(`# a\n${pem}${pem}${pem}`);
    expect(readlinkSync(join(root, "usr/lib/ssl/certs"))).toBe("/etc/ssl/certs");
    expect(readlinkSync(join(root, "usr/lib/ssl/cert.pem"))).toBe("/etc/ssl/certs/ca-certificates.crt");
    const keystore = readFileSync(join(root, "etc/ssl/certs/java/cacerts"));
    expect(keystore.readUInt32BE(8)).toBe(3);
    expect(keystore.toString("latin1")).toMatch(/debian:a\.crt.*debian:b\.crt.*debian:own-1/s);

    expect(read("etc/passwd")).toBe("nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n");
    expect(read("etc/group")).toBe("staff:x:50:a,b\n");
    expect([mode("home/nonroot"), mode("tmp"), mode("home"), mode("etc/app.conf")]).toEqual([
      0o700, 0o1777, 0o755, 0o600,
    ]);
    expect(readlinkSync(join(root, "usr/bin/app"))).toBe("/opt/app");
    expect(readdirSync(join(root, "busybox")).sort()).toEqual(["[", "[[", "ash", "busybox", "sh"]);
    expect(readlinkSync(join(root, "busybox/sh"))).toBe("busybox");
    expect(readFileSync(join(root, "etc/ld.so.cache")).toString("latin1")).toMatch(/^glibc-ld\.so\.cache1\.1/);

    expect(made.config).toEqual({
      User: "65532",
      Env: ["PATH=/bin", "LANG=C.UTF-8"],
      Entrypoint: ["/bin/app"],
      WorkingDir: "/home/nonroot",
    });
    expect(made.history[0]?.created_by).toMatch(
      /^slipway: distroless test from archive bookworm 99\.1 \d{4}-\d\d-\d\d$/,
    );
    expect(readdirSync(cache.folder).sort()).toEqual(["indexes", "releases", "unpacked"]);
  });

  test("is the same bytes whenever and wherever it is made, and no file is later than the archive", async () => {
    const archive = await fakeArchive();
    const { made, root } = await make(archive);
    const layerOf = async (upper: string) =>
      (await writeLayer({ upper, overlayXattrs: "user", compression: "none" })).diffId;
    const again = await make(archive);
    expect(await layerOf(again.root)).toBe(await layerOf(root));
    expect(again.made.created).toBe(made.created);
    const late = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (path) => lstatSync(join(root, path)).mtimeMs > Date.parse(made.created),
    );
    expect(late).toEqual([]);
  });

  test("is the same image whichever mirror gave it, and its origin tells the mirror", async () => {
    const archive = await fakeArchive();
    const other = archive.url.replace("127.0.0.1", "localhost");
    const [here, there] = [await make(archive), await make(archive, {}, { mirror: other, securityMirror: other })];
    const { origin, packages, snapshot, layers: _layers, ...image } = here.made;
    expect(there.made).toMatchObject(image);
    const layerOf = async (upper: string) =>
      (await writeLayer({ upper, overlayXattrs: "user", compression: "none" })).diffId;
    expect(await layerOf(there.root)).toBe(await layerOf(here.root));
    expect([origin, there.made.origin]).toEqual([
      expect.stringContaining(` ${archive.url} `),
      expect.stringContaining(` ${other} `),
    ]);
    expect(JSON.stringify(image)).not.toMatch(/127\.0\.0\.1|localhost/);
    expect([packages.length, snapshot.size > 0]).toEqual([5, true]);
  });

  test("where one id can be set, a home that should be another's is told of", async () => {
    const archive = await fakeArchive();
    const warnings = async (more: Partial<BaseRecipe>) => {
      const { cache, ctx, store, events, ...rest } = options(archive);
      const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
      await makeFromRecipe({ ...recipe, ...more }, { ...rest, owner: "squash" }, { cache, ctx, snapshotter });
      return events.filter(({ type }) => type === "warning");
    };
    const folders = [{ path: "/home/nonroot", mode: 0o700, uid: 65532, gid: 65532 }];
    expect(await warnings({ folders })).toEqual([
      expect.objectContaining({
        message:
          "In test, /home/nonroot should belong to 65532:65532 and belongs to root: there is one id here, and no other can be set",
      }),
    ]);
    expect(await warnings({})).toEqual([]);
  });

  test.each(["slim", "noDocuments"])("%s leaves out manuals and changelogs, and keeps the licences", async (kind) => {
    const slim = await make(await fakeArchive(), { [kind]: true });
    expect(readFileSync(join(slim.root, "var/lib/dpkg/status.d/libfoo.md5sums"), "utf8")).toBe(
      `${sums.split("\n")[0]}\n`,
    );
    expect(readdirSync(join(slim.root, "usr/share/doc/libfoo"))).toEqual(["copyright"]);
    expect(readdirSync(join(slim.root, "usr/share"))).toEqual(["doc"]);
  });

  test("asks the archive for its packages alone", async () => {
    const { cache, ctx, ...rest } = options(await fakeArchive());
    const { packages, materials } = await currentRecipePackages(recipe, rest, { cache, ctx });
    expect([packages.length, materials.length]).toEqual([2, 3]);
  });

  test("a package that the archive does not have is named", async () => {
    const archive = await fakeArchive();
    await expect(make(archive, { packages: ["libbar"] })).rejects.toThrow(
      'Cannot find the package "libbar" in bookworm for amd64',
    );
    await expect(make(archive, { links: [{ path: "/usr/share", target: "x" }] })).rejects.toThrow(
      "Cannot make the link /usr/share: there is a folder with files in its place",
    );
  });
});

test("links of packages that only give files lead to nothing of this machine", async () => {
  const outside = tempFolder();
  for (const name of ["copyright", "busybox", "a.crt", "LC_CTYPE"]) writeFileSync(join(outside, name), pem);
  const archive = await FakeArchive.start();
  const linked = async (name: string, path: string) => {
    const data = tarOf({ name: path, type: "symlink", linkname: outside });
    return { name, deb: await makeDeb({ control: { control: `Package: ${name}\n` }, data }) };
  };
  const files = await makeDeb({ control: { control: "Package: base-files\n" }, data: { "etc/x": "x" } });
  await archive.publishAll([
    { name: "base-files", deb: files },
    await linked("libc-bin", "usr/lib/locale"),
    await linked("ca-certificates", "usr/share/ca-certificates"),
    await linked("busybox-static", "usr/bin"),
    await linked("docs", "usr/share/doc/docs"),
  ]);
  const bare = { packages: ["base-files"], taken: [], certificates: undefined, busybox: false };
  const tried: readonly Partial<BaseRecipe>[] = [
    { taken: [{ package: "libc-bin", paths: ["/usr/lib/locale/LC_CTYPE"] }] },
    { certificates: { debian: true } },
    { busybox: true },
    { taken: [{ package: "docs", paths: ["/usr/share/doc/docs/copyright"] }] },
  ];
  for (const more of tried) {
    await expect(make(archive, { ...bare, ...more })).rejects.toThrow(
      "Cannot make the base: its packages do not have /usr/",
    );
  }
  // The licence alone may be missing.
  const { root } = await make(archive, { ...bare, taken: [{ package: "docs", paths: [] }] });
  expect(readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.includes("copyright"))).toEqual(
    [],
  );
});

test("where /bin is a link it is followed and never replaced", async () => {
  const archive = await FakeArchive.start();
  const deb = await makeDeb({ control: { control: "Package: old\n" }, data: { "bin/tool": "#!t", "lib/x": "x" } });
  await archive.publish("trixie", { packages: [{ name: "old", deb }] });
  for (const suite of ["trixie-updates", "trixie-security"]) await archive.publish(suite, { packages: [] });
  const { cache, ctx, store, ...rest } = options(archive);
  const made = await makeFromRecipe(
    {
      name: "merged",
      suite: "trixie",
      arch: "amd64",
      packages: ["old"],
      files: [{ path: "/sbin/own", content: "o" }],
      links: [{ path: "/lib/link", target: "x" }],
      config: { env: {} },
    },
    { ...rest, owner: "squash" },
    { cache, ctx, snapshotter: openSnapshotter({ store, overlayXattrs: "user" }) },
  );
  const root = store.snapshots.folder(made.snapshot.id);
  expect(readdirSync(root).sort()).toEqual(["bin", "lib", "lib64", "sbin", "usr", "var"]);
  expect(readlinkSync(join(root, "bin"))).toBe("usr/bin");
  expect(readdirSync(join(root, "usr/bin"))).toEqual(["tool"]);
  expect(readdirSync(join(root, "usr/lib")).sort()).toEqual(["link", "x"]);
  expect(readdirSync(join(root, "usr/sbin"))).toEqual(["own"]);
});
