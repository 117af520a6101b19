import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { start, stepsOf } from "../e2e/support/slipway.ts";
import { readTree } from "../e2e/support/tar-tree.ts";
import { baseFiles, hasManyIds, kinds, obstacle, type Person, person } from "./people.ts";

const isRoot = process.getuid?.() === 0;

describe.each(kinds)("caches of an ordinary user (%s)", (kind) => {
  const why = obstacle(kind);
  describe.skipIf(why)(`travel${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
    let who: Person;
    const many = hasManyIds(kind);
    const dockerfile = `${String(baseFiles()["Dockerfile"])}
RUN mkdir /out && echo made > /out/f && chown 1234:2345 /out/f && rm /etc/group
COPY late /late
`;
    const context = (late: string): string =>
      who.context(`travel-${late}`, { ...baseFiles(), Dockerfile: dockerfile, late });
    const ranOf = (stderr: string): readonly string[] => {
      const steps = stepsOf(stderr);
      return Object.keys(steps).filter((text) => steps[text] === "ran" && /^(RUN|COPY)/.test(text));
    };

    /** A new store that has the OCI runtime, which would have to be brought each time. */
    const withRuntime = (name: string): string => {
      const [store, runtime] = [join(who.home, name), join(who.store, "runtime")];
      execFileSync("mkdir", [store]);
      if (existsSync(runtime)) execFileSync("cp", ["-a", runtime, store]);
      execFileSync("chown", ["--reference", who.home, store]);
      return store;
    };

    beforeAll(() => {
      who = person(kind);
    });
    afterAll(() => who?.[Symbol.dispose]());

    test("to another store of theirs, with deleted files and owners; to root's when the owners are real", async () => {
      const cache = join(who.home, "cache");
      const args = ["build", "--progress=json"] as const;
      const here = await who.slipway([...args, "--cache-to", `type=local,dest=${cache},mode=max`, context("one")]);
      expect(here).toMatchObject({ code: 0 });

      const env = { SLIPWAY_ROOT: withRuntime("other-store") };
      const from = ["--cache-from", `type=local,src=${cache}`];
      const tar = join(who.home, "out.tar");
      const next = await who.slipway([...args, ...from, "-o", `type=tar,dest=${tar}`, context("two")], { env });
      expect([next.code, ranOf(next.stderr)]).toEqual([0, ["COPY late /late"]]);
      const tree = readTree(tar);
      expect([tree.has("etc/group"), tree.get("out/f")?.owner]).toEqual([false, many ? "1234:2345" : "0:0"]);

      if (!isRoot) return;
      const store = withRuntime("root-store");
      const root = await start([...args, ...from, context("one")], { store }).ended;
      expect(root.code).toBe(0);
      expect(ranOf(root.stderr).length).toBe(many ? 0 : 6);
      expect(root.stderr.includes("made with one user id")).toBe(!many);
      execFileSync("rm", ["-rf", store]);
    });
  });
});
