import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addImage, addLayer, tempFolder, tempStore } from "../../../test/support/store-lab.ts";
import { type BuildEvent, type Digest, sha256, SlipwayError, type SourceLocation } from "../../base/index.ts";
import { parseDockerfile } from "../../dockerfile/index.ts";
import type { GitOp, HttpOp } from "../../graph/index.ts";
import type { LockEntry } from "../../lockfile/index.ts";
import type { ImageResolver } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import { packagesKey } from "../bases/stored-base.ts";
import { findLock, lockPlace } from "./lock-place.ts";
import { LockedInputs } from "./locked-inputs.ts";

const platform = { os: "linux", architecture: "amd64" } as const;
const digest: Digest = `sha256:${"a".repeat(64)}`;
const other: Digest = `sha256:${"b".repeat(64)}`;
const commit = "c".repeat(40);
const location: SourceLocation = {
  file: "Dockerfile",
  text: "FROM x",
  span: { start: 0, end: 6, startLine: 1, endLine: 1 },
};

function locked(
  entries: readonly LockEntry[],
  given: { readonly resolve?: ImageResolver; readonly baseImages?: "registry" } = {},
) {
  const store = tempStore();
  const events: BuildEvent[] = [];
  const inputs = new LockedInputs(
    { entries, name: "slipway.lock", folder: "/project" },
    {
      store,
      engine: undefined,
      options: { context: ".", baseImages: given.baseImages },
      ctx: { signal: new AbortController().signal, emit: (event) => events.push(event) },
      resolveImage: given.resolve ?? (() => Promise.reject(new NeedsRun())),
    },
  );
  return { store, inputs, events };
}

function failure(action: () => unknown): SlipwayError {
  try {
    action();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
  }
  throw new Error("it did not fail");
}

const alpine: LockEntry = { kind: "image", name: "alpine:latest", source: "registry", digest, used: ["FROM alpine"] };
const file: LockEntry = { kind: "file", url: "https://example/f", digest, used: ["ADD https://example/f /"] };
const git: LockEntry = { kind: "git", remote: "https://example/r.git", ref: "main", commit, used: [] };
const http: HttpOp = { kind: "http", url: "https://user:secret@example/f", name: "f" };
const clone: GitOp = {
  kind: "git",
  source: { remote: "https://example/r.git", ref: "main", submodules: false, mtime: "checkout", fetchByCommit: false },
  keepGitDir: false,
};

describe("an image of a registry", () => {
  test("is asked for by its digest alone, and keeps the name that it has in the Dockerfile", async () => {
    const asked: string[] = [];
    const { inputs } = locked([alpine], {
      resolve: async (name) => {
        asked.push(name);
        return {
          id: other,
          name,
          origin: "registry",
          config: { ...platform, rootfs: { type: "layers", diff_ids: [] } },
        };
      },
    });
    expect(await inputs.resolveImage("alpine", platform)).toMatchObject({ id: other, name: "alpine" });
    expect(asked).toEqual([`docker.io/library/alpine@${digest}`]);
  });

  test("that its registry has not got any more is an error that names the lock", async () => {
    const gone = new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: "Cannot look up alpine: 404" });
    const { inputs } = locked([alpine], { resolve: () => Promise.reject(gone) });
    await expect(inputs.resolveImage("alpine", platform)).rejects.toMatchObject({
      code: "SLIP_LOCK",
      message: "Cannot have alpine:latest as slipway.lock has it: Cannot look up alpine: 404",
    });
  });

  test("whose registry cannot be asked is not said to be gone", async () => {
    const cause = new SlipwayError({ code: "SLIP_NETWORK", message: "Cannot look up alpine: refused" });
    const away = new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: "Cannot find the image", cause });
    const { inputs } = locked([alpine], { resolve: () => Promise.reject(away) });
    await expect(inputs.resolveImage("alpine", platform)).rejects.toBe(away);
  });

  test("that the lock does not know is an error at its line", () => {
    const { inputs } = locked([alpine]);
    const error = failure(() => inputs.inputs.image("debian", platform, location));
    expect(error).toMatchObject({
      code: "SLIP_LOCK",
      message: "slipway.lock does not know the image debian:latest",
      location,
    });
    expect(error.hint).toContain("slipway lock --update debian:latest .");
  });
});

test("a file must be the locked one, whoever asks for it", () => {
  const { inputs } = locked([file]);
  expect(inputs.inputs.source(http, location)).toEqual({ ...http, checksum: digest, checksumFrom: "slipway.lock" });
  expect(inputs.inputs.source({ ...http, checksum: digest }, location)).toEqual({ ...http, checksum: digest });
  const error = failure(() => inputs.inputs.source({ ...http, checksum: other }, location));
  expect([error.code, error.location]).toEqual(["SLIP_LOCK", location]);
  expect(JSON.stringify(error)).not.toContain("secret");
  expect(failure(() => inputs.inputs.source({ ...http, url: "https://example/g" }, location)).code).toBe("SLIP_LOCK");
});

test("a repository is checked out at the locked commit", () => {
  const { inputs } = locked([git]);
  expect(inputs.inputs.source(clone, location)).toEqual({
    ...clone,
    source: { ...clone.source, checksum: commit, fetchByCommit: true },
  });
  const short = { ...clone, source: { ...clone.source, checksum: "cccc" } };
  expect(inputs.inputs.source(short, location)).toMatchObject({ source: { checksum: commit } });
  const wrong = { ...clone, source: { ...clone.source, checksum: "dddd" } };
  expect(failure(() => inputs.inputs.source(wrong, location)).message).toContain(
    "differ about https://example/r.git#main",
  );
  const unknown = { ...clone, source: { ...clone.source, ref: "next" } };
  expect(failure(() => inputs.inputs.source(unknown, location)).hint).toContain("https://example/r.git#next");
});

describe("a base of the archive", () => {
  const entry: LockEntry = {
    kind: "image",
    name: "debian:bookworm",
    source: "archive",
    platform: "linux/amd64",
    release: "bookworm 12.15",
    date: "2026-07-11T09:00:00Z",
    packages: digest,
    used: [],
  };

  test("is one of the same packages, whatever the name stands for by now", async () => {
    const { store, inputs } = locked([entry]);
    const make = (label: string, packages: Digest): Digest => {
      const { id } = addImage(store, [addLayer(store, undefined)], label, false);
      store.images.tag("debian:bookworm", id);
      store.facts.set(packagesKey(id), packages, id);
      return id;
    };
    await expect(inputs.resolveImage("debian:bookworm", platform)).rejects.toBeInstanceOf(NeedsRun);
    const right = make("right", digest);
    expect((await inputs.resolveImage("debian:bookworm", platform)).id).toBe(right);
    make("later", other);
    expect((await inputs.resolveImage("debian:bookworm", platform)).id).toBe(right);
  });

  test("is for its platform, and not to be had where the archive is excluded", async () => {
    const { inputs } = locked([entry], { baseImages: "registry" });
    expect(
      failure(() => inputs.inputs.image("debian:bookworm", { os: "linux", architecture: "arm64" }, location)).code,
    ).toBe("SLIP_LOCK");
    await expect(inputs.resolveImage("debian:bookworm", platform)).rejects.toThrow("excludes the Debian archive");
  });
});

test("an image of this store is found by its id, and nowhere else", async () => {
  const { store, inputs } = locked([
    { kind: "image", name: "own:latest", source: "store", platform: "linux/amd64", id: sha256("nothing"), used: [] },
  ]);
  addImage(store, [], "own");
  await expect(inputs.resolveImage("own", platform)).rejects.toThrow("was built or loaded elsewhere");
});

test("what no line uses is warned of; what another target uses is not", () => {
  const { inputs, events } = locked([alpine, file, git]);
  inputs.inputs.source(http, location);
  inputs.tellUnused(parseDockerfile("FROM scratch AS one\nFROM   alpine\n", { file: "Dockerfile" }));
  expect(events).toMatchObject([
    { type: "warning", message: "slipway.lock has what no line uses: https://example/r.git#main" },
  ]);
});

test("a lock lies beside its Dockerfile", () => {
  const folder = tempFolder();
  const place = (context: string, dockerfile?: string): string => lockPlace({ context, dockerfile });
  expect(place(folder)).toBe(join(folder, "slipway.lock"));
  expect(place(folder, join(folder, "ci/Containerfile"))).toBe(join(folder, "ci/slipway.lock"));
  expect(place(folder, "/x/app.Dockerfile")).toBe("/x/app.Dockerfile.slipway.lock");
  expect(place("https://example/r.git", "/x/Dockerfile")).toBe("/x/slipway.lock");
  for (const [context, dockerfile] of [
    ["-"],
    ["https://example/r.git"],
    ["https://example/r.git", "Dockerfile"],
    [folder, "-"],
  ])
    expect(() => place(context as string, dockerfile)).toThrow("the Dockerfile is no file of this machine");
});

test("what is no lock file is not read for one", () => {
  const folder = tempFolder();
  const path = (name: string): string => join(folder, name);
  expect(findLock(path("missing"))).toBeUndefined();
  mkdirSync(path("folder"));
  expect(() => findLock(path("folder"))).toThrow("it is no file");
  writeFileSync(path("large"), "");
  truncateSync(path("large"), 2 ** 40);
  expect(() => findLock(path("large"))).toThrow("which no lock file has");
  writeFileSync(path("slipway.lock"), "version = 1\n");
  expect(findLock(path("slipway.lock"))).toEqual({ entries: [], name: "slipway.lock", folder });
});
