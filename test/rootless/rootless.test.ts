import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeHeader } from "../../src/layer/index.ts";
import { readTree } from "../e2e/support/tar-tree.ts";
import { FakeRegistry } from "../registry/support/fake-registry.ts";
import { plantImage } from "../registry/support/planted.ts";
import { type Ended, killGroup } from "../e2e/support/slipway.ts";
import { baseFiles, hasManyIds, kinds, obstacle, type Person, person } from "./people.ts";

const isRoot = process.getuid?.() === 0;

describe.each(kinds)("an ordinary user (%s)", (kind) => {
  const why = obstacle(kind);
  describe.skipIf(why)(`builds and runs${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
    let who: Person;
    const many = hasManyIds(kind);
    /** What an owner in the image is recorded as. */
    const owner = (ids: string): string => (many ? ids : "0:0");
    const good = async (...[args, options]: Parameters<Person["slipway"]>): Promise<Ended> => {
      const ended = await who.slipway(args, options);
      expect({ args, ...ended }).toMatchObject({ code: 0 });
      return ended;
    };
    const snapshots = (): readonly string[] => readdirSync(join(who.store, "snapshots"));

    beforeAll(async () => {
      who = person(kind);
      await good(["build", "-t", "base", who.context("base", baseFiles())]);
    });
    afterAll(() => who?.[Symbol.dispose]());

    test("owners, modes and setuid bits are what root would record; with one id all is root's, and that is said", async () => {
      const context = who.context("owners", {
        small: "s",
        large: "x".repeat(600_000),
        Dockerfile: `FROM base
COPY small large /client/
COPY --chown=app:33 --chmod=4750 small /s
RUN touch /a /b && chown 1:2 /a && chmod 6711 /a && ln -s a /l && chown -h 3:4 /l
WORKDIR /home/app
USER app
RUN id -u > /tmp/id
`,
      });
      const tar = join(who.home, "owners.tar");
      const { stderr } = await good(["build", "-t", "owners", "-o", `type=tar,dest=${tar}`, context]);
      const tree = readTree(tar);
      const facts = ["client/small", "client/large", "s", "a", "b", "l", "tmp/id"].map((name) => {
        const file = tree.get(name);
        return [name, file?.owner, file?.type === "link" ? "" : file?.mode];
      });
      expect(facts).toEqual([
        ["client/small", "0:0", "644"],
        ["client/large", "0:0", "644"],
        ["s", owner("1234:33"), "4750"],
        ["a", owner("1:2"), "6711"],
        ["b", "0:0", "644"],
        ["l", owner("3:4"), ""],
        ["tmp/id", owner("1234:2345"), "644"],
      ]);
      expect(tree.get("tmp/id")?.content).toBe(many ? "1234\n" : "0\n");
      expect(/With one user id/.test(stderr)).toBe(!many);
    });

    test("folded and squashed layers are the same files", async () => {
      const context = who.context("folded", {
        small: "s",
        large: "x".repeat(600_000),
        Dockerfile: `FROM base
COPY --chown=app:33 small large /d/
RUN chmod -R u+x /d && mkdir /w && echo w > /w/w && rm /etc/group
RUN rm -r /w && mkdir /w && echo again > /w/again && chown 1:2 /d/large && rm /d/small
`,
      });
      const shapes = await Promise.all(
        [[], ["--fold"], ["--squash"]].map(async (flags, at) => {
          const tar = join(who.home, `folded-${at}.tar`);
          const name = `folded-${at}`;
          await good(["build", "-t", name, ...flags, "-o", `type=tar,dest=${tar}`, context]);
          const { stdout } = await good(["history", "--format=json", name]);
          const sizes = stdout
            .trimEnd()
            .split("\n")
            .map((line) => (JSON.parse(line) as { Bytes: number }).Bytes);
          return { files: readFileSync(tar), bytes: sizes.reduce((sum, size) => sum + size, 0) };
        }),
      );
      const [built, folded, squashed] = shapes;
      expect(folded?.files.equals(built?.files as Buffer)).toBe(true);
      expect(squashed?.files.equals(built?.files as Buffer)).toBe(true);
      expect([(built?.bytes ?? 0) - (folded?.bytes ?? 0), folded?.bytes]).toEqual([
        // With one id a chown changes nothing, and copies nothing.
        (many ? 2 : 1) * 600_000 + 4,
        squashed?.bytes,
      ]);
    });

    test.runIf(isRoot && many)("a layer has the digest that root gives it", async () => {
      const header = { mode: 0o644, size: 0, mtimeNs: 5n, linkname: "", devMajor: 0, devMinor: 0, xattrs: new Map() };
      const entries = [
        encodeHeader({ ...header, name: "a", type: "file", uid: 33, gid: 44, mode: 0o6755 }),
        encodeHeader({ ...header, name: "l", type: "symlink", uid: 3, gid: 4, linkname: "a" }),
        encodeHeader({ ...header, name: "d", type: "dir", uid: 1234, gid: 65_535, mode: 0o1700 }),
        encodeHeader({ ...header, name: "d/p", type: "fifo", uid: 1, gid: 0 }),
      ];
      const context = who.context("same", {
        "in.tar": Buffer.concat([...entries, Buffer.alloc(1024)]),
        Dockerfile: "FROM scratch\nADD in.tar /\n",
      });
      const layers = (ended: { readonly stdout: string }): unknown =>
        (JSON.parse(ended.stdout) as readonly { readonly RootFS: unknown }[])[0]?.RootFS;
      await good(["build", "-t", "same", context]);
      const theirs = layers(await good(["inspect", "same"]));
      const store = join(who.home, "root-store");
      const program = fileURLToPath(new URL("../../bin/slipway", import.meta.url));
      const asRoot = (...args: readonly string[]): string =>
        execFileSync(program, args, { env: { ...process.env, SLIPWAY_ROOT: store }, encoding: "utf8" });
      asRoot("build", "-q", "-t", "same", context);
      expect(theirs).toEqual(layers({ stdout: asRoot("inspect", "same") }));
    });

    test("foresees builds, opens what failed steps left, and deletes cache mounts", async () => {
      const context = who.context("failing", {
        file: "f",
        Dockerfile: `FROM base
COPY file /file
RUN --mount=type=cache,target=/c,uid=7,mode=777 echo kept > /c/kept; chown 7 /c/kept; echo half > /half; chown 8 /half; exit 3
`,
      });
      expect((await good(["plan", context])).stdout).toContain("0 steps cached, 2 to run");
      expect((await who.slipway(["build", context])).code).toBe(4);
      expect((await good(["plan", context])).stdout).toContain("1 step cached, 1 to run");
      const { stdout } = await good(["shell", "--", "sh", "-c", "cat /half /c/kept; stat -c %u /half /c"]);
      expect(stdout).toBe(many ? "half\nkept\n8\n7\n" : "half\nkept\n0\n0\n");
      expect((await good(["cache", "ls"])).stdout).toContain("/c ");
      expect((await good(["cache", "rm", "/c"])).stdout).toMatch(/^Deleted: /);
      expect((await good(["prune", "--force"])).stdout).toContain("1 failed step");
    });

    test("capabilities of files pass through a layer; device nodes are left out with a warning", async () => {
      const capability = Buffer.from("0100000200240000000000000000000000000000", "hex").toString("latin1");
      const header = { mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n, linkname: "", devMajor: 0, devMinor: 0 };
      const tar = Buffer.concat([
        encodeHeader({ ...header, name: "able", type: "file", xattrs: new Map([["security.capability", capability]]) }),
        encodeHeader({ ...header, name: "null", type: "char", devMajor: 1, devMinor: 3, xattrs: new Map() }),
        Buffer.alloc(1024),
      ]);
      const context = who.context("devices", { "in.tar": tar, Dockerfile: "FROM scratch\nADD in.tar /\n" });
      const out = join(who.home, "devices.tar");
      const { stderr } = await good(["build", "-o", `type=tar,dest=${out}`, context]);
      expect(stderr).toMatch(/Device nodes .* left out: null/);
      expect([...readTree(out).keys()].filter((name) => name !== "")).toEqual(["able"]);
      expect(readFileSync(out).includes(`SCHILY.xattr.security.capability=${capability}`, 0, "latin1")).toBe(true);
    });

    test("a layer of a registry brings what this user may have; device nodes are left out with a warning", async () => {
      const registry = new FakeRegistry({});
      await registry.listen();
      const header = { mode: 0o4755, uid: 1, gid: 2, size: 0, mtimeNs: 0n, linkname: "", devMajor: 8, devMinor: 0 };
      const entries = [
        { ...header, name: "su", type: "file" as const },
        { ...header, name: "sda", type: "block" as const },
        { ...header, name: ".wh.base", type: "file" as const },
      ].map((entry) => encodeHeader({ ...entry, xattrs: new Map() }));
      const below = encodeHeader({ ...header, name: "base", type: "file", xattrs: new Map() });
      const layers = [[below], entries].map((parts) => ({ tar: Buffer.concat([...parts, Buffer.alloc(1024)]) }));
      plantImage(registry, "devices", { layers });
      const out = join(who.home, "pulled.tar");
      const context = who.context("pulled", {
        Dockerfile: `FROM scratch\nCOPY --from=${registry.domain}/devices / /\n`,
      });
      const { stderr } = await good(["build", "-o", `type=tar,dest=${out}`, context]);
      registry.close();
      expect(stderr).toMatch(/Device nodes of the layer .* left out: sda/);
      const tree = readTree(out);
      expect([tree.has("sda"), tree.has("base"), tree.get("su")?.mode, tree.get("su")?.owner]).toEqual([
        false,
        false,
        "4755",
        owner("1:2"),
      ]);
    });

    test("files that cannot be read, ids that are not there and volumes that are not theirs are named", async () => {
      const context = who.context("faults", { d: "", Dockerfile: "FROM base\nCOPY --chown=70000 d /d\n" });
      const chown = await who.slipway(["build", context]);
      expect([chown.code, /Cannot give "\/d" to 70000:70000.*SLIP_SANDBOX/.test(chown.stderr)]).toEqual(
        many ? [7, true] : [0, false],
      );
      const run = await who.slipway(["run", "-u", "70000", "base", "true"]);
      expect([run.code, run.stderr]).toEqual(
        many
          ? [125, expect.stringContaining("as user 70000: this user namespace has no such id")]
          : [0, expect.stringContaining("WARNING: The process runs as root")],
      );
      const closed = who.context("closed", { secret: "", Dockerfile: "FROM scratch\nCOPY . /\n" });
      const denied = await who.slipway(["build", closed], {
        // only root can take a file away from its owner
        through: ["sh", "-c", 'chmod 0 "$0/secret"; exec "$@"', closed],
      });
      expect([denied.code, denied.stderr]).toEqual([
        3,
        expect.stringContaining('Cannot read "secret" in the build context: permission denied'),
      ]);
      if (!isRoot) return;
      mkdirSync(join(who.home, "private"), { mode: 0o700 });
      const volume = await who.slipway(["run", "-v", `${who.home}/private:/v`, "base", "true"]);
      expect([volume.code, volume.stderr]).toEqual([125, expect.stringMatching(/Cannot mount .*private on \/v: perm/)]);
    });

    test("run: users, volumes of folders and of files, no network, no device nodes", async () => {
      const folder = who.context("volume", { file: "content" });
      const sh = async (script: string, ...flags: readonly string[]): Promise<string> =>
        (await good(["run", "--rm", ...flags, "base", "sh", "-c", script])).stdout.trim();
      expect(await sh("id -u; id -g", "-u", "app")).toBe(many ? "1234\n2345" : "0\n0");
      expect(await sh("cat /v/file; echo new > /v/new; stat -c %u:%g /v/new", "-v", `${folder}:/v`)).toBe("content0:0");
      expect(lstatSync(join(folder, "new")).uid).toBe(lstatSync(who.home).uid);
      expect(await sh("touch /v/x 2>/dev/null || cat /v/file", "-v", `${folder}:/v:ro`)).toBe("content");
      expect(await sh("cat /f", "-v", `${folder}/file:/f:ro`)).toBe("content");
      expect(await sh("ls /sys/class/net 2>/dev/null; grep -c : /proc/net/dev", "--network", "none")).toMatch(/1$/);
      expect(await sh("mknod /n c 1 3 2>/dev/null; test -c /n || echo none")).toBe("none");
      expect((await who.slipway(["run", "base", "sh", "-c", "exit 37"])).code).toBe(37);
    });

    test("a folder as output belongs to the user, whoever owned the files in the image", async () => {
      const context = who.context("local", {
        Dockerfile: "FROM base\nRUN touch /f && chown 5:6 /f && chmod 4755 /f\n",
      });
      const out = join(who.home, "out");
      await good(["build", "-o", `type=local,dest=${out}`, context]);
      const home = lstatSync(who.home);
      const file = lstatSync(join(out, "f"));
      expect([file.uid, file.gid, file.mode & 0o7777]).toEqual([home.uid, home.gid, 0o755]);
    });

    test("two builds at once do each step once, and one that is killed is done again", async () => {
      const context = who.context("twice", {
        Dockerfile: "FROM base\nRUN sleep 1; mkdir -m 700 /d && touch /d/f && chown -R 7:7 /d\n",
      });
      const both = await Promise.all(["one", "two"].map((tag) => who.slipway(["build", "-t", tag, context])));
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      writeFileSync(join(context, "Dockerfile"), "FROM base\nRUN mkdir -m 700 /d && chown 7 /d && sleep 20\n");
      const { child, ended } = who.start(["build", "--progress=plain", context]);
      const active = join(who.store, "active");
      for (let wait = 0; wait < 100 && !upperHas(active, "d"); wait++) await sleep(100);
      expect(upperHas(active, "d")).toBe(true);
      killGroup(child);
      await ended;
      writeFileSync(join(context, "Dockerfile"), "FROM base\nRUN mkdir -m 700 /d && chown 7 /d && sleep 0\n");
      await good(["build", context]);
      expect(["active", "trash", "holders"].flatMap((name) => readdirSync(join(who.store, name)))).toEqual([]);
    });

    test("rmi and prune free files of every id", async () => {
      const context = who.context("freed", {
        Dockerfile: "FROM base\nRUN mkdir -m 700 /d && touch /d/f && chown -R 7:7 /d && chmod 0 /d\n",
      });
      await good(["build", "--no-cache", "-t", "freed", context]);
      const before = new Set(snapshots());
      await good(["rmi", "freed"]);
      await good(["prune", "--all", "--force"]);
      expect(snapshots().length).toBeLessThan(before.size);
      expect(readdirSync(join(who.store, "trash"))).toEqual([]);
    });

    test("the store is found without SLIPWAY_ROOT", async () => {
      const env = { SLIPWAY_ROOT: "" };
      await good(["images"], { env: { ...env, XDG_DATA_HOME: join(who.home, "data") } });
      await good(["images"], { env });
      for (const place of ["data/slipway", ".local/share/slipway"]) {
        expect(existsSync(join(who.home, place, "slipway.db"))).toBe(true);
      }
      const none = await who.slipway(["images"], { env: { ...env, HOME: "/nonexistent/home" } });
      expect([none.code, none.stderr]).toEqual([8, expect.stringContaining("choose another place with SLIPWAY_ROOT")]);
    });

    describe.runIf(isRoot)("where the machine refuses", () => {
      const hide = (program: string): string => `mount --bind /dev/null $(command -v ${program})`;

      test.each([
        ["a sysctl", "echo 0 > zero; mount --bind zero /proc/sys/user/max_user_namespaces", /sysctl -w/],
        ["no unshare", hide("unshare"), /install the package util-linux/],
      ])("%s: one message with the remedy", async (_name, before, remedy) => {
        const ended = await who.slipway(["run", "base", "true"], { before: `cd ${who.home}; ${before}` });
        expect([ended.code, ended.stderr]).toEqual([125, expect.stringMatching(remedy)]);
      });

      test("the kernel itself: the error comes at once, and nothing is left behind", async () => {
        // inside chroot(2) nobody gets a user namespace
        const all = `${who.home}/all`;
        const before = `mkdir -p ${all} && mount --rbind / ${all} && enter="chroot ${all}"`;
        const ended = await who.slipway(["run", "base", "true"], { before });
        expect([ended.code, ended.stderr]).toEqual([
          125,
          expect.stringContaining("Cannot enter a user namespace: the kernel refuses it"),
        ]);
      });

      test("a store keeps to the ids that made it", async () => {
        const context = who.context("ids", { f: "", Dockerfile: "FROM scratch\nCOPY --chown=1 f /\n" });
        const env = { SLIPWAY_ROOT: join(who.home, "ids-store") };
        const without = await good(["build", context], { env, before: hide("newuidmap") });
        expect(without.stderr).toMatch(/With one user id .*: newuidmap and newgidmap are missing/);
        const later = await good(["build", "--no-cache", context], { env });
        expect(later.stderr).toMatch(many ? /: the store .* was made that way/ : /has none for/);
        if (!many) return;
        const lost = await who.slipway(["run", "base", "true"], { before: hide("newuidmap") });
        expect([lost.code, lost.stderr]).toEqual([125, expect.stringContaining("made with other user ids")]);
      });
    });
  });
});

/** True when a step that runs has made a file in its layer. */
function upperHas(active: string, name: string): boolean {
  if (!existsSync(active)) return false;
  const folders = readdirSync(active).map((build) => join(active, build));
  return folders.some((build) => readdirSync(build).some((one) => existsSync(join(build, one, "fs", name))));
}
