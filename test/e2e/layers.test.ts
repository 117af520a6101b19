import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import type { TreeFile } from "./support/tar-tree.ts";

/** A step of a Dockerfile, and the bytes of its layer as it was built and when it is folded. */
type Step = readonly [instruction: string, built: number, folded: number];

const big = "x".repeat(700_000);
const bigs = big.length;
const write = (bytes: number, path: string): string => `head -c ${bytes} /dev/zero >${path}`;

/** What Dockerfiles do to files of earlier steps. */
const cases: Readonly<Record<string, readonly Step[]>> = {
  "chmod and chown of what was copied": [
    ["COPY --chown=app:app big other /app/", bigs + 6, bigs + 6],
    ["RUN chmod -R u+x /app", bigs + 6, 0],
    ["RUN chown -R 1:2 /app && chmod 4755 /app/big", bigs + 6, 0],
    ["RUN touch -d @1000 /app/big", bigs, 0],
  ],
  "a cache that is deleted, as a folder and file by file": [
    [
      `RUN mkdir -p /var/cache/a /var/cache/b && ${write(50_000, "/var/cache/a/1")} && ${write(60_000, "/var/cache/b/2")}`,
      110_000,
      0,
    ],
    [`RUN ${write(1000, "/result")} && rm -rf /var/cache/a`, 1000, 1000],
    ["RUN rm /var/cache/b/2", 0, 0],
  ],
  "a file that is moved, and a folder": [
    [`RUN mkdir -p /from/deep && ${write(70_000, "/from/deep/file")} && ${write(30_000, "/one")}`, 100_000, 0],
    ["RUN mv /from /to && mv /one /two", 100_000, 100_000],
  ],
  "what is overwritten twice": [
    [`RUN ${write(10_000, "/f")}`, 10_000, 0],
    [`RUN ${write(20_000, "/f")}`, 20_000, 0],
    [`RUN ${write(30_000, "/f")} && chmod 700 /f`, 30_000, 30_000],
  ],
  "one file with several names": [
    [`RUN mkdir /l && ${write(40_000, "/l/a")} && ln /l/a /l/b && ln /l/a /c`, 40_000, 40_000],
    ["RUN chmod 700 /l/a", 40_000, 40_000],
    [`RUN ${write(40_000, "/n")} && ln /n /o`, 40_000, 0],
    ["RUN chmod 711 /n", 40_000, 40_000],
    ["RUN chmod 711 /o", 40_000, 40_000],
  ],
  "folders that are made anew, and what takes the place of what": [
    [
      `RUN mkdir -p /d/sub /e && ${write(5000, "/d/old")} && ${write(6000, "/d/sub/old")} && ${write(7000, "/e/file")}`,
      18_000,
      0,
    ],
    [`RUN rm -rf /d && mkdir -m 700 /d && ${write(500, "/d/new")} && rm -r /e && ${write(900, "/e")}`, 1400, 500],
    [`RUN rm /e && mkdir /e && ${write(300, "/e/again")} && ln -s /d/new /e/link`, 300, 300],
  ],
  "files of the base": [
    [`RUN chmod 600 /etc/passwd && rm /etc/group && ${write(8000, "/etc/mine")}`, 8000 + 65, 65],
    [`RUN ${write(9000, "/etc/group")} && rm /etc/mine && rm -rf /root && mkdir /root`, 9000, 0],
    ["RUN rm /etc/group", 0, 0],
  ],
  "linked copies": [
    ["COPY --link big /link/big", bigs, bigs],
    ["COPY --link --chown=7 big /link/big", bigs, 0],
    ["RUN chmod 755 /link/big", bigs, 0],
  ],
};

describe.skipIf(whyNoLab)(`build --fold and --squash${because}`, () => {
  const lab = openLab();

  const sizes = async (image: string): Promise<readonly number[]> => {
    const { stdout } = await lab.slipway(["history", "--format=json", image]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { Bytes: number });
    return lines.map(({ Bytes }) => Bytes).toReversed();
  };
  const files = { big, other: "other\n" };
  /** Without folders that only a mount needs, and with what is one file. */
  const plain = (tree: ReadonlyMap<string, TreeFile>): readonly unknown[] =>
    [...tree].map(([path, { body, content: _content, xattrs, ...facts }]) => [path, facts, [...xattrs], digest(body)]);

  test("keep the files the same and take away what later steps double or hide", async () => {
    const steps = Object.values(cases).flat();
    const context = lab.context({ ...files, Dockerfile: ["FROM base", ...steps.map(([line]) => line)].join("\n") });
    const built = plain(await lab.tree(context, "-t", "built"));
    expect(plain(await lab.tree(context, "--fold", "-t", "folded"))).toEqual(built);
    expect(plain(await lab.tree(context, "--squash", "-t", "squashed"))).toEqual(built);
    const [before, after, squashed] = await Promise.all(["built", "folded", "squashed"].map(sizes));
    const own = (all: readonly number[] = []): readonly Step[] =>
      steps.map(([line], at) => [line, before?.at(at - steps.length) ?? 0, all.at(at - steps.length) ?? 0]);
    expect(own(after)).toEqual(steps);
    // A line for each step, without a layer, and one for the layer.
    const whole = steps.reduce((sum, [, , bytes]) => sum + bytes, 0);
    expect(squashed).toEqual([...(before ?? []).slice(0, -steps.length), ...steps.map(() => 0), whole]);
  });

  test("a second build runs nothing and gives the same image; another store gives the same bytes", async () => {
    const context = lab.context({
      ...files,
      Dockerfile: "FROM base\nCOPY big /d/\nRUN chmod 700 /d/big\nRUN echo x >/d/tmp\nRUN rm /d/tmp\n",
    });
    const other = join(lab.folder, "other-store");
    await lab.ready();
    execFileSync("cp", ["-a", lab.store, other]);
    for (const flag of ["--fold", "--squash"]) {
      const epoch = ["--build-arg", "SOURCE_DATE_EPOCH=1700000000", flag];
      const planned = async (): Promise<string | undefined> => {
        const { stdout } = await lab.slipway(["plan", "--format=json", ...epoch, context]);
        return (JSON.parse(stdout) as { steps: readonly { status: string }[] }).steps.at(-1)?.status;
      };
      expect(await planned()).toBe("run");
      const first = await lab.build(context, ...epoch, "-t", "again");
      expect(await planned()).toBe("hit");
      const second = await lab.build(context, ...epoch, "-t", "again");
      expect(Object.values(first.steps)).toContain("ran");
      expect(new Set(Object.values(second.steps))).toEqual(new Set(["cached"]));
      const third = await lab.slipway(["build", "--progress=json", ...epoch, "-t", "again", context], { store: other });
      expect(third.code).toBe(0);
      const ids = [first, second, third].map(({ stderr }) => /"imageId":"(sha256:[0-9a-f]+)"/.exec(stderr)?.[1]);
      expect(new Set(ids).size).toBe(1);
      expect(ids[0]).toMatch(/^sha256:/);
    }
    expect(await lab.verify()).toEqual([]);
  });

  test("squash keeps the base's layers, the history its times; a layer that lost everything is the empty one of all builders", async () => {
    const context = lab.context({
      ...files,
      Dockerfile: "FROM base\nCOPY big /etc/\nENV A=b\nRUN chmod 700 /etc/big\n",
    });
    const inspect = async (image: string): Promise<{ readonly RootFS: { readonly Layers: readonly string[] } }> =>
      JSON.parse((await lab.slipway(["inspect", image])).stdout)[0];
    await lab.build(context, "-t", "built-two");
    await lab.build(context, "--squash", "-t", "squashed-two");
    await lab.build(context, "--fold", "-t", "folded-two");
    const { Layers: base } = (await inspect("base")).RootFS;
    const { Layers: squashed } = (await inspect("squashed-two")).RootFS;
    expect(squashed.slice(0, -1)).toEqual(base);
    const { Layers: folded } = (await inspect("folded-two")).RootFS;
    expect(folded).toHaveLength(base.length + 2);
    expect(folded.at(-1)).toBe(`sha256:${digest(Buffer.alloc(1024))}`);

    const layout = join(lab.folder, "squashed-layout");
    await lab.build(context, "--squash", "-o", `type=oci,dest=${layout},tar=false`);
    const history = historyOf(layout).slice(-4);
    expect(history.map(({ empty_layer, created_by }) => [empty_layer ?? false, created_by.split(" ")[0]])).toEqual([
      [true, "COPY"],
      [true, "ENV"],
      [true, "RUN"],
      [false, "slipway"],
    ]);
    expect(history.map(({ created }) => Date.parse(created) > Date.now() - 300_000)).toEqual([true, true, true, true]);
  });

  test("a build says what its layers hold for nothing when it is much, also when it is cached", async () => {
    const context = lab.context({
      Dockerfile: `FROM base\nRUN ${write(12_000_000, "/a")}\nRUN chmod 700 /a\nRUN ${write(3_000_000, "/b")}\nRUN rm /b\n`,
    });
    const notes = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { stderr } = await lab.build(context, ...args);
      const events = stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string; note?: true; message: string; hint?: string });
      const told = events.filter(({ type, note }) => type === "warning" && note);
      return told.map(({ message, hint }) => (hint === undefined ? message : `${message}. ${hint}`));
    };
    const causes = "line 3 changes the mode of 12MB of line 2, line 5 deletes 3MB of line 4";
    const remedies =
      "slipway build --fold takes them out; the files stay as they are. Done in the RUN of line 2, they would not be there";
    const note = `15MB are in the layers for nothing: ${causes}. ${remedies}`;
    for (let run = 0; run < 2; run++) expect(await notes()).toEqual([note]);
    for (let run = 0; run < 2; run++) expect(await notes("--fold")).toEqual([`Folded 15MB away: ${causes}`]);
    expect(await notes("--squash")).toEqual([`Squashed 15MB away: ${causes}`]);
  });

  test("steps go on from a folded image, and it runs", async () => {
    const context = lab.context({
      ...files,
      Dockerfile: "FROM base\nCOPY big /d/\nRUN chmod 755 /d/big && rm /bin/ash\nRUN rm -r /d\n",
    });
    await lab.build(context, "--fold", "-t", "folded-base");
    const next = lab.context({
      Dockerfile: "FROM folded-base\nRUN test ! -e /d && test ! -e /bin/ash && echo next >/next\n",
    });
    expect((await lab.tree(next)).get("next")?.content).toBe("next\n");
    const { stdout } = await lab.slipway(["run", "--rm", "folded-base", "ls", "/"]);
    expect(stdout.split("\n")).not.toContain("d");
  });
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface History {
  readonly created: string;
  readonly created_by: string;
  readonly empty_layer?: boolean;
}

/** The history of the only image in an image layout. */
function historyOf(layout: string): readonly History[] {
  const read = (blob: string): never => JSON.parse(readFileSync(join(layout, blob), "utf8")) as never;
  const blob = (sha: string): string => join("blobs/sha256", sha.slice("sha256:".length));
  const index: { readonly manifests: readonly { readonly digest: string }[] } = read("index.json");
  const manifest: { readonly config: { readonly digest: string } } = read(blob(index.manifests[0]?.digest as string));
  const config: { readonly history: readonly History[] } = read(blob(manifest.config.digest));
  return config.history;
}
