import { lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const lab = openLab();
const mb = 1 << 20;
/** What a step may write after the store is full until it has ended (docs/storage.md). */
const slack = 150 * mb;

/** Writes a configuration that leaves the store so many bytes, and gives the environment that names it. */
async function leaving(bytes: number) {
  await lab.ready();
  using store = openStore(lab.store);
  const max = store.du().total + bytes;
  const file = join(lab.folder, "config", `${bytes}.json`);
  mkdirSync(join(lab.folder, "config"), { recursive: true });
  writeFileSync(file, JSON.stringify({ storage: { max } }));
  return { max, options: { env: { SLIPWAY_CONFIG: file } } };
}

/** Bytes on the disk below a folder, each once, whatever vanishes meanwhile. */
function disk(folder: string, seen = new Set<number>()): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (!stat || seen.has(stat.ino)) continue;
      seen.add(stat.ino);
      bytes += 512 * stat.blocks + (entry.isDirectory() ? disk(path, seen) : 0);
    }
  } catch {
    // It is gone.
  }
  return bytes;
}

/** Runs a build that has to end by itself, and tells the most that its store took meanwhile. */
async function ended(args: readonly string[], options: object) {
  const build = lab.start(["build", "--progress=plain", ...args], options);
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, disk(lab.store))), 20);
  const result = await build.ended;
  clearInterval(timer);
  return { ...result, most };
}

const endless = (file: string): string =>
  `for i in $(seq 150); do dd if=/dev/zero bs=1M count=16 2>/dev/null; done > ${file}; sleep 30`;

describe.skipIf(whyNoLab)(`a store that is full while a step runs${because}`, () => {
  test(
    "a step that writes without end is ended, what it wrote is gone, and the next build works",
    { timeout: 60_000 },
    async () => {
      const { max, options } = await leaving(100 * mb);
      const context = lab.context({ Dockerfile: `FROM base\nRUN ${endless("/big")}\n` });
      const { code, stderr, most } = await ended([context], options);
      expect([code, stderr]).toEqual([
        8,
        expect.stringMatching(/Cannot go on with "RUN for .*": it has written \d+(\.\d+)?MB/),
      ]);
      expect(stderr).toContain("Dockerfile:2");
      expect(stderr).toContain(`more than storage.max ${max}`);
      expect(stderr).toContain("raise storage.max in the configuration");
      expect(stderr.match(/Cannot go on/g)?.length).toBeLessThanOrEqual(2);
      expect(most).toBeLessThan(max + slack);
      expect(await lab.verify()).toEqual([]);
      expect(disk(lab.store)).toBeLessThan(max - 90 * mb);

      const small = lab.context({ Dockerfile: "FROM base\nRUN dd if=/dev/zero of=/some bs=1M count=50\n" });
      expect((await lab.slipway(["build", small], options)).code).toBe(0);
    },
  );

  test(
    "what a step writes to a cache mount counts, and of two the one that wrote more is ended",
    { timeout: 60_000 },
    async () => {
      const { max, options } = await leaving(100 * mb);
      const dockerfile = `FROM base AS small
RUN dd if=/dev/zero of=/some bs=1M count=5 && sleep 20
FROM base AS large
RUN --mount=type=cache,target=/cache ${endless("/cache/big")}
FROM scratch
COPY --from=small /some /
COPY --from=large /etc/passwd /
`;
      const { code, stderr, most } = await ended([lab.context({ Dockerfile: dockerfile })], options);
      expect([code, stderr]).toEqual([8, expect.stringContaining('Cannot go on with "RUN --mount=type=cache')]);
      expect(stderr).toContain("Dockerfile:4");
      expect(most).toBeLessThan(max + slack);
      expect(await lab.verify()).toEqual([]);
      // The cache is nobody's any more: where the limit asks for it, it goes.
      const next = lab.context({ Dockerfile: "FROM base\nRUN dd if=/dev/zero of=/other bs=1M count=50\n" });
      const again = await lab.slipway(["build", "--progress=plain", next], options);
      expect([again.code, await lab.verify()]).toEqual([0, []]);
    },
  );

  test("what was used long ago makes room for a step that runs", { timeout: 60_000 }, async () => {
    await lab.slipway(["prune", "-f"]);
    await lab.build(lab.context({ Dockerfile: "FROM base\nRUN dd if=/dev/zero of=/old bs=1M count=80\n" }));
    // Long ago for a build that runs: what was used in the ten minutes before it stays.
    const db = new DatabaseSync(join(lab.store, "slipway.db"));
    for (const table of ["snapshots", "records", "images", "blobs", "cache_mounts"]) {
      db.exec(`UPDATE ${table} SET last_used = last_used - 86400000`);
    }
    db.close();
    const { max, options } = await leaving(20 * mb);
    const context = lab.context({ Dockerfile: "FROM base\nRUN dd if=/dev/zero of=/new bs=1M count=60 && sleep 2\n" });
    const { code, stderr, most } = await ended([context], options);
    expect([code, stderr]).toEqual([0, expect.stringContaining("of the cache was evicted")]);
    expect(most).toBeLessThan(max + slack);
  });
});
