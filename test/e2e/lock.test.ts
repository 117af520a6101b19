import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeRegistry } from "../registry/support/fake-registry.ts";
import { layerOf } from "../registry/support/layers.ts";
import { plain, plantImage } from "../registry/support/planted.ts";
import { type LocalServer, makeRepository, serveGit, serveHttp, type TestRepository } from "../support/git-server.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`slipway lock${because}`, () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  const registry = new FakeRegistry({});
  let git: LocalServer;
  let web: LocalServer;
  let repo: TestRepository;
  let content = "first\n";

  const sha = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const plant = (name: string, seed: string): string =>
    plantImage(registry, name, { layers: [plain(layerOf(`${seed}.txt`, seed, 100))] });

  beforeAll(async () => {
    await registry.listen();
    repo = makeRepository(join(lab.folder, "git"), "app.git");
    repo.commit({ file: "one\n" });
    git = await serveGit(join(lab.folder, "git"));
    web = await serveHttp((_request, response) => void response.end(content));
  });
  afterAll(() => {
    registry.close();
    git[Symbol.dispose]();
    web[Symbol.dispose]();
  });

  const dockerfile = (): string => `FROM ${registry.domain}/base:1 AS one
ADD ${web.url}/f /f
FROM ${registry.domain}/tool:1 AS two
ADD ${git.url}/app.git#main /r
FROM scratch
COPY --from=one /f /f
COPY --from=two /r /r
COPY --from=one /*.txt /
`;

  test(
    "writes what each line stands for; --locked builds that, and says which line the lock does not know",
    { timeout: 60_000 },
    async () => {
      const [base, tool] = [plant("base", "base one"), plant("tool", "tool one")];
      registry.repository("base").tags.set("1", base);
      registry.repository("tool").tags.set("1", tool);
      const context = lab.context({ Dockerfile: dockerfile(), ".dockerignore": "slipway.lock\n" });
      const file = join(context, "slipway.lock");
      const commit = repo.git("rev-parse", "HEAD");

      const missing = await lab.slipway(["build", "--locked", context], { env });
      expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining(`there is no ${file}`)]);

      const made = await lab.slipway(["lock", context], { env });
      expect([made.code, made.stderr]).toEqual([0, ""]);
      expect(made.stdout).toContain(
        `added ${registry.domain}/base:1: ${base}\n  Dockerfile:1: FROM ${registry.domain}/base:1 AS one\n`,
      );
      expect(made.stdout).toContain(`Wrote ${file}: 4 entries\n`);
      const text = readFileSync(file, "utf8");
      for (const value of [base, tool, commit, sha("first\n")]) expect(text).toContain(`"${value}"`);
      // No layer of an image was fetched for it.
      expect(registry.count(/GET .*\/base\/blobs/)).toBe(1);

      const first = await lab.tree(context, "--locked");
      expect(first.get("f")?.content).toBe("first\n");
      expect(first.get("r/file")?.content).toBe("one\n");

      // All of it moves on: the locked build is what it was, also without the cache.
      content = "second\n";
      repo.commit({ file: "two\n" });
      registry.repository("base").tags.set("1", plant("base", "base two"));
      const asked = registry.count(/manifests\/1 /);
      const second = await lab.tree(context, "--locked", "--no-cache");
      expect([...second].map(([path, { content: bytes }]) => [path, bytes])).toEqual(
        [...first].map(([path, { content: bytes }]) => [path, bytes]),
      );
      expect(registry.count(/manifests\/1 /)).toBe(asked);
      expect((await lab.tree(context, "--pull")).get("f")?.content).toBe("second\n");

      // Another machine finds the images and the commit; the file is not there any more, and its line is named.
      const other = { store: join(lab.folder, "other"), env };
      const gone = await lab.slipway(["build", "--locked", "--progress=plain", context], other);
      expect(gone.code).toBe(6);
      expect(gone.stderr).toContain(
        `${web.url}/f has moved on: its digest is ${sha("second\n")}, and slipway.lock has ${sha("first\n")}`,
      );
      expect(gone.stderr).toContain("Dockerfile:2");
      content = "first\n";
      expect((await lab.slipway(["build", "--locked", "-q", context], other)).code).toBe(0);
      content = "second\n";

      // A line above moves nothing; a new image is named with its line.
      writeFileSync(
        join(context, "Dockerfile"),
        `# more\n${dockerfile()}COPY --from=${registry.domain}/new:1 / /new\n`,
      );
      const unknown = await lab.slipway(["build", "--locked", context], { env });
      expect(unknown.code).toBe(3);
      expect(unknown.stderr).toContain(`slipway.lock does not know the image ${registry.domain}/new:1 (SLIP_LOCK)`);
      expect(unknown.stderr).toContain("Dockerfile:10");
      expect(unknown.stderr).toContain(`slipway lock --update ${registry.domain}/new:1`);

      registry.repository("new").tags.set("1", plant("new", "new"));
      const added = await lab.slipway(["lock", "--update", `${registry.domain}/new:1`, context], { env });
      expect(added.stdout).toMatch(
        /^added .*\/new:1: sha256:[a-f0-9]{64}\n {2}Dockerfile:10: COPY .*\nWrote .*: 5 entries\n$/,
      );
      const grown = readFileSync(file, "utf8");
      expect(grown.replace(/\n\[\[image\]\]\nname = "[^"]*new:1"\n(.+\n)+/, "")).toBe(text);
      expect((await lab.slipway(["build", "--locked", "-q", context], { env })).code).toBe(0);
    },
  );

  test(
    "--check says what moved, and writes nothing; a line that is gone is warned of",
    { timeout: 60_000 },
    async () => {
      registry.repository("base").tags.set("1", plant("base", "base one"));
      registry.repository("tool").tags.set("1", plant("tool", "tool one"));
      const context = lab.context({ Dockerfile: dockerfile(), "own.Dockerfile": `FROM ${registry.domain}/base:1\n` });
      const file = join(context, "slipway.lock");
      await lab.slipway(["lock", context], { env });
      const text = readFileSync(file, "utf8");
      expect(await lab.slipway(["lock", "--check", context], { env })).toEqual({
        code: 0,
        stdout: `${file} is as it must be: 4 entries\n`,
        stderr: "",
      });
      const [before, after] = [plant("base", "base one"), plant("base", "base three")];
      registry.repository("base").tags.set("1", after);
      const moved = await lab.slipway(["lock", "--check", context], { env });
      expect(moved.code).toBe(1);
      expect(moved.stdout).toBe(
        `moved ${registry.domain}/base:1: ${before} -> ${after}\n  Dockerfile:1: FROM ${registry.domain}/base:1 AS one\n${file}: 1 of 4 entries would change\n`,
      );
      const json = await lab.slipway(["lock", "--check", "--format", "json", context], { env });
      expect(JSON.parse(json.stdout)).toMatchObject({
        written: false,
        changes: [{ type: "moved", places: [{ line: 1 }] }],
      });
      expect(readFileSync(file, "utf8")).toBe(text);

      writeFileSync(
        join(context, "Dockerfile"),
        dockerfile()
          .replace(/ADD .*app\.git.*\n/, "")
          .replace(/COPY --from=two.*\n/, ""),
      );
      const built = await lab.slipway(["build", "--locked", "--progress=plain", context], { env });
      expect(built.code).toBe(0);
      expect(built.stderr).toContain(`slipway.lock has what no line uses: ${git.url}/app.git#main`);

      // Another Dockerfile has a lock of its own, and a target needs less.
      await lab.slipway(["lock", "-f", join(context, "own.Dockerfile"), context], { env });
      expect(readFileSync(join(context, "own.Dockerfile.slipway.lock"), "utf8").match(/\[\[/g)).toHaveLength(1);
      const one = await lab.slipway(["lock", "--target", "two", "--check", context], { env });
      expect(one.stdout).toContain(`removed ${web.url}/f: no line uses it`);
    },
  );

  test("what cannot be had any more, and a lock file that is damaged, are errors with the place", async () => {
    const digest = plant("gone", "gone");
    registry.repository("gone").tags.set("1", digest);
    const context = lab.context({ Dockerfile: `FROM ${registry.domain}/gone:1\n` });
    await lab.slipway(["lock", context], { env });
    registry.repository("gone").manifests.clear();
    const gone = await lab.slipway(["build", "--locked", context], { env });
    expect(gone.code).toBe(3);
    expect(gone.stderr).toContain(`Cannot have ${registry.domain}/gone:1 as slipway.lock has it: `);
    expect(gone.stderr).toContain("Dockerfile:1");
    const file = join(context, "slipway.lock");
    writeFileSync(file, readFileSync(file, "utf8").replace("digest = ", "digset = "));
    const damaged = await lab.slipway(["build", "--locked", context], { env });
    expect(damaged.code).toBe(3);
    expect(damaged.stderr).toContain("slipway.lock:7");
    expect(damaged.stderr).toContain("digset is unknown for an image of source registry (SLIP_LOCK)");
    expect((await lab.slipway(["build", "--locked", "--pull", context], { env })).code).toBe(2);
    expect((await lab.slipway(["lock", "--update", "nothing", context], { env })).code).toBe(3);
  });

  test(
    "an image of this store is locked by its id, named contexts by what they stand for",
    { timeout: 60_000 },
    async () => {
      registry.repository("base").tags.set("1", plant("base", "base one"));
      const context = lab.context({ Dockerfile: "FROM base\nRUN true\nFROM other\nCOPY --from=files /file /file\n" });
      const args = [
        "--build-context",
        `other=docker-image://${registry.domain}/base:1`,
        "--build-context",
        `files=${git.url}/app.git`,
      ];
      const made = await lab.slipway(["lock", ...args, context], { env });
      expect([made.code, made.stderr]).toEqual([0, ""]);
      const text = readFileSync(join(context, "slipway.lock"), "utf8");
      expect(text).toContain('name = "base:latest"\nsource = "store"');
      expect(text).toContain(`name = "${registry.domain}/base:1"\nsource = "registry"`);
      expect(text).toContain(`remote = "${git.url}/app.git"\ncommit = `);
      const file = repo.git("show", "HEAD:file");
      repo.commit({ file: "later\n" });
      expect((await lab.tree(context, "--locked", ...args)).get("file")?.content).toBe(`${file}\n`);
      const planned = await lab.slipway(["plan", "--locked", ...args, context], { env });
      expect([planned.code, planned.stderr]).toEqual([0, ""]);
    },
  );
});
