import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tempStore } from "../../../test/support/store-lab.ts";
import { openSnapshotter } from "../../snapshot/index.ts";
import type { Store } from "../../store/index.ts";
import { setFolderTimes } from "../clean-root.ts";
import type { UnpackedPackage } from "../dpkg-database.ts";
import { splitLayers } from "./split-layers.ts";

/** All that a tar has of a path: two trees of the same facts are the same layer. */
function facts(folder: string, inside = ""): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder + inside, { encoding: "latin1" }).sort()) {
    const path = `${inside}/${name}`;
    const full = Buffer.from(folder + path, "latin1");
    const { mode, uid, gid, mtimeMs, nlink, ino } = lstatSync(full);
    const isFolder = lstatSync(full).isDirectory();
    const content = isFolder
      ? ""
      : lstatSync(full).isSymbolicLink()
        ? readlinkSync(full)
        : readFileSync(full, "latin1");
    found.set(path, [mode.toString(8), uid, gid, mtimeMs, isFolder || nlink === 1 ? "" : ino, content].join(" "));
    if (isFolder) for (const [below, fact] of facts(folder, path)) found.set(below, fact);
  }
  return found;
}

function unpacked(name: string, source: string, paths: readonly string[]): UnpackedPackage {
  const control = `Package: ${name}\n${source === name ? "" : `Source: ${source} (1.0)\n`}`;
  const contents = { control, controlFiles: [], paths, folders: [], conffiles: [] };
  return { name, architecture: "amd64", multiArch: "", contents };
}

function write(root: string, path: string, content = path): void {
  mkdirSync(dirname(root + path), { recursive: true });
  writeFileSync(root + path, content);
  utimesSync(root + path, 1_000_000, 1_000_000);
}

async function split(store: Store, budget: number, packages: readonly UnpackedPackage[], fill: (root: string) => void) {
  const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
  await using active = await snapshotter.prepare();
  const root = active.upper;
  fill(root);
  setFolderTimes(root, 0);
  const flat = facts(root);
  const layers = await splitLayers({ root, unpacked: packages, budget, snapshotter, owner: "squash" });
  const folders = layers.map(({ record }) => store.snapshots.folder(record.id));
  return { flat, layers, trees: folders.map((folder) => facts(folder)), folders };
}

test("files go with the source of their package, folders with what is in them, the rest on top", async () => {
  const packages = [
    unpacked("libc6", "glibc", ["/lib", "/lib/libc.so", "/usr/share/doc"]),
    unpacked("libc-bin", "glibc", ["/usr/bin/ldd", "/usr/bin/ldd-hard"]),
    unpacked("zlib1g", "zlib", ["/usr/lib/libz.so", "/var/empty", "/usr/lib/\u00c3\u00a4"]),
  ];
  const { flat, layers, trees } = await split(tempStore(), 3, packages, (root) => {
    mkdirSync(`${root}/usr/lib`, { recursive: true });
    symlinkSync("usr/lib", `${root}/lib`);
    write(root, "/usr/lib/libc.so", "c".repeat(100));
    write(root, "/usr/bin/ldd");
    linkSync(`${root}/usr/bin/ldd`, `${root}/usr/bin/ldd-hard`);
    linkSync(`${root}/usr/bin/ldd`, `${root}/usr/bin/own-name`);
    write(root, "/usr/lib/libz.so");
    write(root, "/usr/lib/ä");
    mkdirSync(`${root}/var/empty`, { recursive: true });
    chmodSync(`${root}/var/empty`, 0o700);
    chmodSync(`${root}/usr/lib`, 0o711);
    write(root, "/etc/passwd");
  });
  expect(layers.map(({ sources }) => sources)).toEqual([["glibc"], ["zlib"], []]);
  expect(layers.map(({ record }) => record.parent)).toEqual([undefined, layers[0]?.record.id, layers[1]?.record.id]);
  expect(trees.map((tree) => [...tree.keys()])).toEqual([
    [
      "/lib",
      "/usr",
      "/usr/bin",
      "/usr/bin/ldd",
      "/usr/bin/ldd-hard",
      "/usr/bin/own-name",
      "/usr/lib",
      "/usr/lib/libc.so",
    ],
    ["/usr", "/usr/lib", "/usr/lib/libz.so", "/usr/lib/\u00c3\u00a4", "/var", "/var/empty"],
    ["/etc", "/etc/passwd"],
  ]);
  expect(new Map(trees.flatMap((tree) => [...tree]))).toEqual(flat);
});

test("for any tree the budget holds, every file is in one layer, and the layers on each other are the tree", async () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
  const store = tempStore();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(path, fc.constantFrom("one", "two", "three", ""), fc.nat(200)), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.integer({ min: 2, max: 6 }),
      async (given, budget) => {
        const files = given.filter(
          ([file], at) =>
            !given.some(([other], index) => (index < at && other === file) || other.startsWith(`${file}/`)),
        );
        const packages = ["one", "two", "three"].map((source) =>
          unpacked(
            source,
            source,
            files.filter(([, owner]) => owner === source).map(([file]) => file),
          ),
        );
        const { flat, trees } = await split(store, budget, packages, (root) => {
          for (const [file, , size] of files) write(root, `/${file}`.replace("//", "/"), "x".repeat(size));
        });
        expect(trees.length).toBeLessThanOrEqual(budget);
        const all = trees.flatMap((tree) => [...tree.keys()]);
        for (const [file] of files) expect(all.filter((one) => one === file)).toHaveLength(1);
        for (const tree of trees) for (const [one, fact] of tree) expect(fact).toBe(flat.get(one));
        expect(new Set(all)).toEqual(new Set(flat.keys()));
      },
    ),
    { numRuns: 25 },
  );
});
