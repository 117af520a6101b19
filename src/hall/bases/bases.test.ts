import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { addImage, addLayer, tempStore } from "../../../test/support/store-lab.ts";
import { type BuildEvent, SlipwayError } from "../../base/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import { openStore, type Store } from "../../store/index.ts";
import { imageResolver } from "./bases.ts";
import type { Engine } from "../engine/engine.ts";
import { exportImage } from "../outputs/export-image.ts";
import { originKey } from "./stored-base.ts";

/** A store with a base that was last used long ago. */
function oldBase() {
  const store = tempStore();
  const image = (() => {
    using before = openStore(store.root);
    const made = addImage(before, [addLayer(before, undefined)], "debian", false);
    before.images.tag("debian:bookworm", made.id);
    return made;
  })();
  const rows = new DatabaseSync(join(store.root, "slipway.db"));
  rows.exec("UPDATE images SET last_used = 0; UPDATE snapshots SET last_used = 0");
  rows.close();
  const user = openStore(store.root);
  onTestFinished(() => user[Symbol.dispose]());
  return { store, image, user };
}

const ctx = { signal: new AbortController().signal, emit: () => undefined };
const kept = async (store: Store): Promise<number> => {
  await store.prune({ all: true });
  return store.images.list().length + store.snapshots.list().length;
};

test("a base that a build found stays until its files are asked for", async () => {
  const { store, image, user } = oldBase();
  const find = imageResolver(user, undefined, { baseImages: "auto" }, ctx);
  expect((await find("debian:bookworm", { os: "linux", architecture: "amd64" })).id).toBe(image.id);
  expect(await kept(store)).toBe(2);
  user[Symbol.dispose]();
  expect(await kept(store)).toBe(0);
});

test("an image stays while it is written out", async () => {
  const { store, image, user } = oldBase();
  const engine = { store: user, namespace: { kind: "root", overlayXattrs: "trusted" } } as unknown as Engine;
  expect(exportImage(engine, image).layers).toHaveLength(1);
  expect(await kept(store)).toBe(2);
  user[Symbol.dispose]();
  expect(await kept(store)).toBe(0);
  using late = openStore(store.root);
  expect(() => exportImage({ ...engine, store: late }, image)).toThrow("left the store");
});

const away = new SlipwayError({ code: "SLIP_NETWORK", message: "Cannot look up debian:bookworm: refused" });

describe("a base that is not in the store comes from", () => {
  const platform = { os: "linux", architecture: "amd64" } as const;
  const find = async (name: string, baseImages: "auto" | "registry" | "archive", refusal?: SlipwayError) => {
    const engine = {
      store: tempStore(),
      pull: ({ impatient }: { readonly impatient: boolean }) =>
        refusal ? Promise.reject(refusal) : Promise.resolve(`registry${impatient ? ", at once" : ""}`),
      makeBase: async (asked: string) => (/^(?:debian|gcr)/.test(asked) ? "archive" : undefined),
    } as unknown as Engine;
    return imageResolver(engine.store, engine, { baseImages }, ctx)(name, platform);
  };
  const unknown = new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: "Cannot look up debian:x: 404" });

  test("its registry", async () => {
    expect(await find("alpine", "auto")).toBe("registry");
    expect(await find("debian:bookworm", "auto")).toBe("registry, at once");
    expect(await find("debian:bookworm", "registry")).toBe("registry");
    expect(await find("debian:bookworm", "archive")).toBe("archive");
  });

  test("either for the names of Google's small bases, and a registry for those that the archive does not make", async () => {
    const name = "gcr.io/distroless/cc-debian12:nonroot";
    expect(await find(name, "auto")).toBe("registry, at once");
    expect(await find(name, "auto", away)).toBe("archive");
    expect(await find(name, "archive")).toBe("archive");
    expect(await find("gcr.io/distroless/java17-debian13", "auto")).toBe("registry");
    expect(await find("debian:buster", "auto")).toBe("registry");
  });

  test("the archive where no registry can be reached", async () => {
    expect(await find("debian:bookworm", "auto", away)).toBe("archive");
    await expect(find("debian:bookworm", "registry", away)).rejects.toBe(away);
    await expect(find("debian:bookworm", "auto", unknown)).rejects.toBe(unknown);
  });

  test("nowhere, and the error tells where it was looked for", async () => {
    await expect(find("alpine", "auto", away)).rejects.toThrow("its registry cannot be asked (refused)");
    await expect(find("alpine", "archive")).rejects.toThrow("no registry was asked");
    await expect(find("alpine", "auto", unknown)).rejects.toBe(unknown);
    const digest = `alpine@sha256:${"0".repeat(64)}`;
    await expect(find(digest, "auto", away)).rejects.toThrow("nothing in the store has that digest, and its registry");
    const archived = `gcr.io/distroless/cc-debian12@sha256:${"0".repeat(64)}`;
    await expect(find(archived, "auto", away)).rejects.toMatchObject({
      code: "SLIP_IMAGE_UNKNOWN",
      hint: expect.stringContaining("FROM gcr.io/distroless/cc-debian12 is made from the Debian archive"),
    });
  });

  test("nowhere, and the archive's error says that no registry could be asked", async () => {
    const none = new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: 'There is no built-in base "x"', hint: "y" });
    const engine = {
      store: tempStore(),
      pull: () => Promise.reject(away),
      makeBase: () => Promise.reject(none),
    } as unknown as Engine;
    const find = (baseImages: "auto" | "archive") =>
      imageResolver(engine.store, engine, { baseImages }, ctx)("gcr.io/distroless/x-debian12", platform);
    await expect(find("archive")).rejects.toBe(none);
    await expect(find("auto")).rejects.toMatchObject({
      message: 'There is no built-in base "x", and its registry cannot be asked (refused)',
      hint: "y",
    });
  });
});

test("--pull asks the archive for what came from it, and says so of what did not", async () => {
  const { image, user } = oldBase();
  const platform = { os: "linux", architecture: "amd64" } as const;
  const events: BuildEvent[] = [];
  const asked: unknown[] = [];
  const newer = { ...image, name: "debian:bookworm", origin: "archive http://mirror bookworm" };
  const engine = {
    store: user,
    pull: () => Promise.reject(away),
    makeBase: async (...args: readonly unknown[]) => {
      asked.push(args.at(-1));
      return newer;
    },
  } as unknown as Engine;
  const listening = { ...ctx, emit: (event: BuildEvent) => void events.push(event) };
  const find = (by: Engine | undefined) =>
    imageResolver(user, by, { baseImages: "auto", pull: true }, listening)("debian:bookworm", platform);
  expect(await find(engine)).toMatchObject({ id: image.id, origin: "store" });
  expect([asked, events]).toEqual([[], [expect.objectContaining({ type: "warning" })]]);
  expect(JSON.stringify(events)).toContain("Nothing to pull debian:bookworm from");
  user.facts.set(originKey(image.id), "archive http://mirror bookworm 12.1 2026-01-01", image.id);
  await expect(find(undefined)).rejects.toBeInstanceOf(NeedsRun);
  expect(await find(engine)).toBe(newer);
  expect([asked, events.length]).toEqual([[true], 1]);
});

test("a base of the archive that came with a cache is used as it is there; registries and --pull come first", async () => {
  const { image, user } = oldBase();
  user.images.untag("debian:bookworm");
  const platform = { os: "linux", architecture: "amd64" } as const;
  const origin = "archive bookworm 12.1 2026-01-01";
  const carried = [{ name: "debian:bookworm", platform, id: image.id, origin }];
  const find = (name: string, more: object = {}) =>
    imageResolver(user, undefined, { baseImages: "auto", carried, ...more }, ctx)(name, platform);
  expect(await find("docker.io/library/debian:bookworm")).toMatchObject({ id: image.id, origin: `store (${origin})` });
  await expect(find("debian:trixie")).rejects.toBeInstanceOf(NeedsRun);
  await expect(find("debian:bookworm", { pull: true })).rejects.toBeInstanceOf(NeedsRun);
  await expect(find("debian:bookworm", { baseImages: "registry" })).rejects.toBeInstanceOf(NeedsRun);
});
