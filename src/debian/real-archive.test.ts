// Against the Debian archive itself, through whatever mirror this machine uses.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openArchive } from "./archive.ts";
import { basePackages } from "./base-packages.ts";
import { bringRuntime } from "./bring-runtime.ts";
import { builtInRecipe } from "./distroless/built-in.ts";
import { makeFromRecipe } from "./distroless/make-from-recipe.ts";
import { readLdCache } from "../inspect/result/ld-cache.ts";
import { openSnapshotter } from "../snapshot/index.ts";
import { tempStore } from "../../test/support/store-lab.ts";

const ctx = { signal: new AbortController().signal, emit: () => undefined };

test("a release is verified with the shipped keys, and the base resolves to Docker's packages", async () => {
  const store = tempStore();
  const cache = { folder: join(store.root, "debian"), blobs: store.blobs };
  const archive = await openArchive({ suite: "bookworm", arch: "amd64", cache, ctx });
  expect(archive.codename).toBe("bookworm");
  expect(archive.releases).toHaveLength(3);
  expect(archive.date).toBeGreaterThan(Date.UTC(2026, 0));

  const names = basePackages(archive).map((entry) => entry.name);
  expect(names).toEqual(
    expect.arrayContaining(["apt", "base-files", "bash", "dpkg", "libc6", "tzdata", "usr-is-merged"]),
  );
  expect(names).not.toContain("usrmerge");
  expect(names).not.toContain("perl");
  expect(names).toHaveLength(88);
  expect(archive.resolve(["golang-go"]).map((entry) => entry.name)).toContain("golang-src");
  expect(() => archive.resolve(["golnag-go"])).toThrow('Cannot find the package "golnag-go"');
});

test("crun is brought once, by several at the same time too", async () => {
  const store = tempStore();
  const cache = { folder: join(store.root, "debian"), blobs: store.blobs };
  const into = join(store.root, "runtime");
  const bring = (offline: boolean): Promise<string> => bringRuntime({ arch: "amd64", into, cache, ctx, offline });
  const trees = await Promise.all([bring(false), bring(false)]);
  expect(new Set(trees).size).toBe(1);
  const [tree] = trees;
  expect(readFileSync(join(tree, "usr/bin/crun")).subarray(1, 4).toString()).toBe("ELF");
  expect(existsSync(join(tree, "lib/x86_64-linux-gnu/libc.so.6"))).toBe(true);
  expect(readdirSync(into)).toHaveLength(1);
  expect(await bring(true)).toBe(tree);
});

test("static and base are made without a namespace, with what Debian signs", async () => {
  const store = tempStore();
  const cache = { folder: join(store.root, "debian"), blobs: store.blobs };
  const snapshotter = openSnapshotter({ store, overlayXattrs: "user" });
  const choice = { suite: "trixie", nonroot: false, debug: false } as const;
  const make = async (name: string) => {
    const made = await makeFromRecipe(
      builtInRecipe({ ...choice, name }, "amd64"),
      { owner: "squash" },
      { cache, ctx, snapshotter },
    );
    return { root: store.snapshots.folder(made.snapshot.id), size: made.snapshot.size };
  };
  const { root, size } = await make("static");
  expect(size).toBeLessThan(3.4e6);
  expect(readFileSync(join(root, "usr/lib/os-release"), "utf8")).toMatch(/^ID=debian$/m);
  const bundle = readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "latin1");
  expect(bundle.split("BEGIN CERTIFICATE").length).toBeGreaterThan(140);
  expect(existsSync(join(root, "usr/share/zoneinfo/Europe/Berlin"))).toBe(true);

  const base = await make("base");
  expect(base.size).toBeLessThan(25.7e6);
  const libraries = readLdCache(readFileSync(join(base.root, "etc/ld.so.cache")));
  expect(libraries.get("libssl.so.3")).toEqual(["/lib/x86_64-linux-gnu/libssl.so.3"]);
  expect(libraries.get("libc.so.6")).toEqual(["/lib/x86_64-linux-gnu/libc.so.6"]);
  expect(readdirSync(join(base.root, "var/lib/dpkg/status.d"))).toHaveLength(22);
});
