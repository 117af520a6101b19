import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "../registry/support/docker-registry.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { readTree } from "./support/tar-tree.ts";

const why = whyNoLab ?? whyNoDockerRegistry;

describe.skipIf(why !== undefined)(
  `layers that nobody reads${why === whyNoLab ? because : ` (skipped: ${why})`}`,
  () => {
    const lab = openLab();
    const env = { HOME: lab.folder };
    let registry: DockerRegistry;
    /** Of the base: those of the seed, and two. */
    const layers = 7;
    let machines = 0;
    const at = (name: string): string => `${registry.domain}/${name}`;
    /** Another machine: a store of its own, with the OCI runtime that this one may have had to bring. */
    const machine = () => {
      const store = join(lab.folder, `machine-${machines++}`);
      mkdirSync(store);
      const runtime = join(lab.store, "runtime");
      if (existsSync(runtime)) cpSync(runtime, join(store, "runtime"), { recursive: true });
      return { store, env };
    };

    /** Blobs that were downloaded, uploaded and shared while something was done; a configuration is one too. */
    const transfers = async (
      action: () => Promise<unknown>,
    ): Promise<{ readonly down: number; readonly up: number; readonly mounted: number }> => {
      const before = registry.log().length;
      await action();
      const lines = registry.log().slice(before).split("\n");
      const count = (test: RegExp): number => lines.filter((line) => test.test(line)).length;
      return {
        down: count(/"GET \/v2\/\S+\/blobs\/sha256:[0-9a-f]{64} HTTP\/1.1" 20[06] /),
        up: count(/"PUT \/v2\/\S+\/blobs\/uploads\//),
        mounted: count(/"POST \/v2\/\S+\/blobs\/uploads\/\?\S*mount=\S+ HTTP\/1.1" 201 /),
      };
    };
    const folders = (store: string): number => {
      try {
        return readdirSync(join(store, "snapshots")).length;
      } catch {
        return 0;
      }
    };
    const build = async (
      on: { readonly store: string },
      dockerfile: string,
      ...args: readonly string[]
    ): Promise<string> => {
      const context = lab.context({ Dockerfile: dockerfile, own: "own\n" });
      const { code, stderr } = await lab.slipway(["build", "--progress=plain", ...args, context], { ...on, env });
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      return stderr;
    };

    beforeAll(async () => {
      registry = await startDockerRegistry("none", false);
      const context = lab.context({
        Dockerfile: "FROM base\nCOPY one /one\nCOPY two /two\n",
        one: "one\n".repeat(20_000),
        two: Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251)),
      });
      await lab.build(context, "-t", at("team/base:1"));
      expect((await lab.slipway(["push", at("team/base:1")], { env })).code).toBe(0);
    });
    afterAll(() => registry[Symbol.asyncDispose]());

    test("an image that only gets other metadata, or linked files, goes out without its base's layers", async () => {
      const here = machine();
      const counts = await transfers(async () => {
        const told = await build(
          here,
          `FROM ${at("team/base:1")}\nENV A=1\nLABEL b=2\nCOPY --link own /own\n`,
          "--push",
          "-t",
          at("team/base:2"),
        );
        expect(told).not.toContain("was not checked");
        expect(told).toMatch(/image .*, 7 layers not fetched and counted compressed\n/);
      });
      const foreseen = async (line: string): Promise<string> => {
        const planned = lab.context({ Dockerfile: `FROM ${at("team/base:1")}\n${line}\n`, own: "own\n" });
        return (
          (await lab.slipway(["plan", planned], here)).stdout.split("\n").find((row) => row.includes("FROM")) ?? ""
        );
      };
      expect(await foreseen("ENV A=1")).toMatch(/ source .* 7 of its layers are not here: they come when/);
      expect(await foreseen("COPY --link own /planned")).toMatch(/ source .* 7 of its layers are not here/);
      expect(await foreseen("RUN true")).toMatch(/ pull .* 7 of its layers are not here, and a step needs/);
      // The configurations, and one layer of its own.
      expect(counts).toEqual({ down: 1, up: 2, mounted: 0 });
      expect(folders(here.store)).toBe(1);
      // That nobody looked whether the program is there is told once.
      const start = `FROM ${at("team/base:1")}\nCMD ["/own"]\n`;
      expect(await build(here, start)).toContain("program can start was not checked");
      expect(await build(here, start)).not.toContain("was not checked");
      expect(await build(here, `${start}LABEL c=3\n`)).not.toContain("was not checked");
      const elsewhere = await transfers(async () => {
        await build(here, `FROM ${at("team/base:1")}\nENV A=1\n`, "--push", "-t", at("else/where:1"));
      });
      expect(elsewhere).toEqual({ down: 0, up: 1, mounted: layers });
      expect(await lab.verify(here.store)).toEqual([]);
      const whole = machine();
      expect(
        (
          await lab.slipway(
            ["run", "--pull=missing", at("else/where:1"), "/bin/sh", "-c", "echo $A; wc -c < /one"],
            whole,
          )
        ).stdout,
      ).toBe("1\n80000\n");
      expect((await lab.slipway(["images"], here)).stdout).toContain("compressed");
    });

    test("layers are squashed and folded on a base that stays where it is", async () => {
      const here = machine();
      const dockerfile = `FROM ${at("team/base:1")}\nCOPY --link own /one\nCOPY --link --chown=7 own /one\nCOPY --link own /own\n`;
      for (const [flag, own] of [
        ["--squash", 1],
        ["--fold", 3],
      ] as const) {
        const counts = await transfers(() =>
          build(here, dockerfile, flag, "--push", "-t", at(`team/${flag.slice(2)}:1`)),
        );
        expect(counts).toEqual({ down: flag === "--squash" ? 1 : 0, up: own + 1, mounted: layers });
      }
      const whole = machine();
      for (const name of ["squash", "fold"]) {
        const { stdout } = await lab.slipway(
          ["run", at(`team/${name}:1`), "/bin/stat", "-c", "%u %s", "/one", "/own"],
          whole,
        );
        expect(stdout).toBe("7 4\n0 4\n");
      }
      expect(await lab.verify(here.store)).toEqual([]);
    });

    test("a step that reads files has them brought, once, with the stage that needs them", async () => {
      const here = machine();
      const tar = join(lab.folder, "read.tar");
      const dockerfile = `FROM ${at("team/base:1")} AS first\nRUN cp /one /three\nFROM scratch\nCOPY --from=first /three /\nCOPY --from=${at("team/base:1")} /two /\n`;
      let told = "";
      const counts = await transfers(async () => {
        told = await build(here, dockerfile, "-o", `type=tar,dest=${tar}`);
      });
      expect(counts).toMatchObject({ down: 1 + layers, up: 0 });
      expect(told).toMatch(/\[first, stage-1\] pull 7 layers of \S+team\/base:1/);
      expect([...readTree(tar).keys()].toSorted()).toEqual(["three", "two"]);
      expect(await transfers(async () => build(here, dockerfile))).toMatchObject({ down: 0 });
      expect(await lab.verify(here.store)).toEqual([]);
    });

    test("archives take layers as they are; what reads files unpacks them; pull brings all", async () => {
      const here = machine();
      const archive = join(lab.folder, "lazy.tar");
      await build(here, `FROM ${at("team/base:1")}\nENV A=1\n`, "-t", "app");
      const saved = await transfers(async () => {
        expect((await lab.slipway(["save", "-o", archive, "app"], here)).code).toBe(0);
      });
      expect(saved).toMatchObject({ down: layers });
      expect(folders(here.store)).toBe(0);
      expect(
        execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).match(/blobs\/sha256\/\S/g)?.length,
      ).toBeGreaterThan(3);
      // The archives are in the store: only unpacking is left.
      const unpacked = await transfers(async () => {
        const { code, stderr } = await lab.slipway(["pull", at("team/base:1")], here);
        expect([code, stderr]).toEqual([0, expect.not.stringContaining("up to date")]);
      });
      expect(unpacked).toMatchObject({ down: 0 });
      expect(folders(here.store)).toBe(layers);
      expect((await lab.slipway(["pull", at("team/base:1")], here)).stderr).toContain("up to date");
      expect((await lab.slipway(["images"], here)).stdout).not.toContain("compressed");
      // The files are here, the archives no more: those come again, because packing the files anew would make others.
      const again = await transfers(async () => {
        expect((await lab.slipway(["prune", "--all", "--force"], here)).code).toBe(0);
        expect((await lab.slipway(["save", "-o", archive, "app"], here)).code).toBe(0);
      });
      expect(again).toMatchObject({ down: layers });
      expect(folders(here.store)).toBe(layers);
      expect(await lab.verify(here.store)).toEqual([]);
    });

    test("a plan asks for manifest and configuration, and keeps nothing", async () => {
      const here = machine();
      const context = lab.context({
        Dockerfile: `FROM ${at("team/base:1")} AS one\nRUN true\nFROM scratch\nCOPY --from=one /one /\nCOPY --from=${at("team/base:1")} /two /\n`,
      });
      let planned = "";
      const counts = await transfers(async () => {
        const { code, stdout, stderr } = await lab.slipway(["plan", context], here);
        expect([code, stderr]).toEqual([0, ""]);
        planned = stdout;
      });
      expect(counts).toEqual({ down: 1, up: 0, mounted: 0 });
      expect(planned).toMatch(/pull +.*team\/base:1.*its registry has it/);
      expect(planned).toMatch(/run +.*RUN true/);
      expect(planned).toMatch(/maybe +.*COPY --from=\S+base:1/);
      expect((await lab.slipway(["images", "-q"], here)).stdout).toBe("");
      const lacks = lab.context({ Dockerfile: `FROM ${at("team/none:1")}\n` });
      const none = await lab.slipway(["plan", lacks], here);
      expect([none.code, none.stderr]).toEqual([5, expect.stringContaining("its registry did not tell")]);
    });

    test("a damaged archive of a layer in the store is fetched again", async () => {
      const here = machine();
      await build(here, `FROM ${at("team/base:1")}\nENV A=1\n`, "-t", "app");
      expect((await lab.slipway(["save", "-o", join(lab.folder, "damaged.tar"), "app"], here)).code).toBe(0);
      const blobs = join(here.store, "blobs/sha256");
      for (const prefix of readdirSync(blobs)) {
        for (const name of readdirSync(join(blobs, prefix))) {
          const file = join(blobs, prefix, name);
          const bytes = readFileSync(file);
          bytes[bytes.length >> 1]! ^= 0xff;
          writeFileSync(file, bytes);
        }
      }
      const counts = await transfers(async () => {
        const { code, stderr } = await lab.slipway(["pull", at("team/base:1")], here);
        expect([code, stderr]).toEqual([0, expect.any(String)]);
      });
      expect(counts).toMatchObject({ down: layers });
      expect(await lab.verify(here.store)).toEqual([]);
    });

    test("a registry that is away by then is one clear error", async () => {
      const here = machine();
      const own = await startDockerRegistry("none", false);
      const name = `${own.domain}/app:1`;
      await lab.slipway(["tag", "base", name]);
      expect((await lab.slipway(["push", name], { env })).code).toBe(0);
      await build(here, `FROM ${name}\nENV A=1\n`, "-t", "app");
      await own[Symbol.asyncDispose]();
      const { code, stderr } = await lab.slipway(["run", "app", "true"], here);
      expect([code, stderr]).toEqual([
        125,
        expect.stringMatching(/Cannot pull 5 layers of \S+app:1: .*\(SLIP_NETWORK\)/),
      ]);
      expect((await lab.slipway(["images", "-q", "app"], here)).code).toBe(0);
      const context = lab.context({ Dockerfile: "FROM app\nRUN true\nRUN echo more\n" });
      const failed = await lab.slipway(["build", "--progress=plain", context], here);
      expect([failed.code, failed.stderr]).toEqual([6, expect.stringMatching(/#\d+ CANCELED/)]);
      expect(failed.stderr.match(/#\d+ ERROR: /g)).toHaveLength(1);
      expect(await lab.verify(here.store)).toEqual([]);
    });
  },
);
