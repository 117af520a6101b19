import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { readTree } from "./support/tar-tree.ts";

/** A port that nobody listens on. */
const away = {
  SLIPWAY_DEBIAN_MIRROR: "http://127.0.0.1:9/debian",
  SLIPWAY_DEBIAN_SECURITY_MIRROR: "http://127.0.0.1:9/s",
};

const description = (layers: number): string => `name: tiny
packages: [netbase, media-types]
users: [{ name: app, uid: 10001 }]
files:
  - { path: /etc/app.conf, content: "port = 80", owner: app, mode: 0640 }
  - { path: /opt/share, from: share }
timezones: none
user: app
layers: ${layers}
`;

describe.skipIf(whyNoLab)(`A base that a file describes${because}`, () => {
  const lab = openLab();
  beforeAll(() => lab.ready());
  const folder = lab.context({ "share/run": { content: "#!/bin/true\n", mode: 0o755 }, "tiny.yaml": description(4) });
  const file = join(folder, "tiny.yaml");
  const build = async (args: readonly string[], options: Parameters<typeof lab.slipway>[1] = {}): Promise<string> => {
    const { code, stdout, stderr } = await lab.slipway(["base", "build", "-q", "--audit=off", file, ...args], options);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };

  test("is made of its lock: the same image in another store, and without a network", async () => {
    const locked = await lab.slipway(["base", "lock", file]);
    expect(locked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Wrote .*tiny\.lock: \d+ packages for /) });
    expect(readFileSync(join(folder, "tiny.lock"), "utf8")).not.toContain("://");
    expect(await lab.slipway(["base", "lock", "--check", file])).toMatchObject({ code: 0 });

    const store = join(lab.folder, "second");
    const first = await build(["--locked"]);
    expect(await build(["--locked"], { store })).toBe(first);
    await lab.slipway(["rmi", "tiny"]);
    expect((await lab.slipway(["images", "-q"])).stdout).not.toContain(first.slice(7, 19));
    expect(await build(["--locked"], { env: away })).toBe(first);

    expect(await lab.config("tiny")).toMatchObject({ User: "10001", WorkingDir: "/" });
  });

  test("may have a name with any ending, and its lock never takes its place", async () => {
    const text = "packages: [netbase]\ntimezones: none\n";
    const plain = join(lab.context({ "plain.txt": text }), "plain.txt");
    expect(await lab.slipway(["base", "lock", plain])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Wrote .*plain\.txt\.lock: /),
    });
    expect(readFileSync(plain, "utf8")).toBe(text);
    const built = await lab.slipway(["base", "build", "--audit=off", "--locked", plain], { env: away });
    expect(built).toMatchObject({ code: 0, stdout: "plain:latest\n" });
  });

  test("that cannot be made without a network is one error that says what is missing", async () => {
    const lost = await lab.slipway(["base", "build", "--locked", file], {
      env: away,
      store: join(lab.folder, "third"),
    });
    expect(lost.code).toBe(6);
    expect(lost.stderr).toContain("Cannot build ");
    expect(lost.stderr).toContain("tiny.lock: the store lacks base-files, media-types and 2 more, and cannot reach");
    expect(lost.stderr.match(/^ERROR: /gm)).toHaveLength(1);
    const unlocked = await lab.slipway(["base", "build", file], { env: away, store: join(lab.folder, "third") });
    expect(unlocked.code).toBe(6);
    expect(unlocked.stderr).toMatch(
      /^ERROR: Cannot reach 127\.0\.0\.1:9: .*\(SLIP_NETWORK\)\n {2}hint: .*tiny\.lock .*--locked/m,
    );
  });

  test("is found by FROM, has the same files in one layer, and says what is wrong with its description", async () => {
    const tree = async (name: string, layers: number): Promise<ReturnType<typeof readTree>> => {
      writeFileSync(file, description(layers));
      const dest = join(lab.folder, `${name}.tar`);
      await build(["--locked", "-t", name, "-o", `type=tar,dest=${dest}`], { env: away });
      return readTree(dest);
    };
    const [one, four] = [await tree("one", 1), await tree("four", 4)];
    expect(four).toEqual(one);
    expect(four.get("opt/share/run")).toMatchObject({ mode: "755" });
    const layersOf = async (name: string): Promise<number> => {
      const { stdout } = await lab.slipway(["inspect", name]);
      return (JSON.parse(stdout) as readonly [{ readonly RootFS: { readonly Layers: readonly string[] } }])[0].RootFS
        .Layers.length;
    };
    expect([await layersOf("one"), await layersOf("four")]).toEqual([1, 4]);

    const context = lab.context({ Dockerfile: "FROM four\nCOPY own /own\n", own: "o" });
    expect([...(await lab.tree(context)).keys()]).toEqual(
      expect.arrayContaining(["own", "etc/app.conf", "etc/passwd"]),
    );

    writeFileSync(file, "packages: [netbase]\nuser: ap\n");
    const wrong = await lab.slipway(["base", "build", file]);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain("   2 | >>> user: ap\n     |           ^^\n");
    expect(wrong.stderr).toContain("tiny.yaml:2:7: there is no user ap (SLIP_BASE)\n  hint: ");
  });
});
