import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`RUN --mount${because}`, () => {
  const lab = openLab();

  /** What of a tree is not the base's. */
  const own = (tree: ReadonlyMap<string, unknown>): readonly string[] =>
    [...tree.keys()].filter((path) => !/^(bin|dev|etc|proc|sys|tmp)(\/|$)/.test(path) && path !== "").sort();

  test("a bind mount shows the context without what is ignored, as root's, and leaves nothing", async () => {
    const context = lab.context({
      ".dockerignore": "**/*.log\n.dockerignore\nDockerfile\n",
      "src/a": { content: "a", mode: 0o640 },
      "src/b.log": "ignored",
      "src/link": { link: "a" },
      Dockerfile: `FROM base
WORKDIR /srv
RUN --mount=target=. find . | sort > /all; stat -c '%u:%g %a' src/a > /owner; touch src/new 2> /refused; true
RUN --mount=type=bind,source=src,target=deep/er,rw touch deep/er/new && ls deep/er > /written
RUN --mount=source=src/link,target=/one/file cat /one/file > /file
RUN ls /srv > /after
`,
    });
    const tree = await lab.tree(context);
    const content = (path: string): string | undefined => tree.get(path)?.content;
    expect(content("all")?.split("\n")).toEqual([".", "./src", "./src/a", "./src/link", ""]);
    expect(content("owner")).toBe("0:0 640\n");
    expect(content("refused")).toContain("Read-only file system");
    expect(content("written")).toBe("a\nlink\nnew\n");
    expect(content("file")).toBe("a");
    expect(content("after")).toBe("");
    expect(own(tree)).toEqual(["after", "all", "file", "owner", "refused", "srv", "written"]);
    expect(readdirSync(join(context, "src")).sort()).toEqual(["a", "b.log", "link"]);
  });

  test("from shows stages, images and named contexts; what is written into them is nobody's", async () => {
    const context = lab.context({
      Dockerfile: `FROM base AS made
RUN mkdir -p /out && echo made > /out/file && chown 1234:2345 /out/file && ln -s /out /link
FROM base
RUN --mount=from=made,source=/link,target=/m,rw cat /m/file > /stage; stat -c %u:%g /m/file > /owner; echo x > /m/file; cat /m/file > /changed
RUN --mount=from=made,source=out,target=/m cat /m/file > /again
RUN --mount=from=base,source=/etc/passwd,target=/m/p grep -c app /m/p > /image
RUN --mount=from=more,target=/m cat /m/sub/file > /context
RUN --mount=from=made,target=/m --mount=type=tmpfs,target=/m/tmp --mount=from=more,source=sub,target=/m/etc ls /m/etc > /inside
`,
    });
    const more = lab.context({ "sub/file": "named" });
    const tree = await lab.tree(context, "--build-context", `more=${more}`);
    const shown = ["stage", "owner", "changed", "again", "image", "context", "inside"].map(
      (path) => tree.get(path)?.content,
    );
    // With one id in the user namespace everything is root's.
    const owner = process.getuid?.() === 0 ? "1234:2345\n" : expect.stringMatching(/^(1234:2345|0:0)\n$/);
    expect(shown).toEqual(["made\n", owner, "x\n", "made\n", "1\n", "named", "file\n"]);
    expect(own(tree)).toEqual(["again", "changed", "context", "image", "inside", "owner", "stage"]);
  });

  test("a step runs again when what it binds changes, and only then", async () => {
    const context = lab.context({
      "src/a": "1",
      other: "1",
      Dockerfile: `FROM base AS dev
COPY other /other
RUN --mount=source=src,target=/src cat /src/a > /out
FROM base
RUN --mount=from=dev,source=/out,target=/out cat /out > /final
`,
    });
    const both = async (): Promise<readonly (string | undefined)[]> => {
      const { steps } = await lab.build(context);
      return [
        "RUN --mount=source=src,target=/src cat /src/a > /out",
        "RUN --mount=from=dev,source=/out,target=/out cat /out > /final",
      ].map((text) => steps[text]);
    };
    expect(await both()).toEqual(["ran", "ran"]);
    expect(await both()).toEqual(["cached", "cached"]);
    writeFileSync(join(context, "unused"), "");
    expect(await both()).toEqual(["cached", "cached"]);
    // The stage is made anew, and what is taken from it is the same.
    writeFileSync(join(context, "other"), "2");
    expect(await both()).toEqual(["ran", "cached"]);
    writeFileSync(join(context, "src/a"), "2");
    expect(await both()).toEqual(["ran", "ran"]);
  });

  test("a cache mount stays for later steps and builds, and in no layer; du counts it, prune frees it", async () => {
    const store = join(lab.folder, "cache-store");
    await lab.slipway(["version"]);
    execFileSync("cp", ["-a", lab.store, store]);
    const context = (text: string): string =>
      lab.context({
        Dockerfile: `FROM base
RUN --mount=type=cache,target=/root/.cache,id=mine echo ${text} >> /root/.cache/log; cp /root/.cache/log /log
RUN --mount=type=cache,target=/c,id=mine,ro cat /c/log > /again; touch /c/x 2> /refused; true
RUN --mount=type=cache,target=/c,mode=0750,uid=1234,gid=2345 stat -c '%a %u:%g' /c > /owner; ls /c > /other
`,
      });
    const build = async (text: string): Promise<ReadonlyMap<string, { readonly content: string }>> => {
      const out = join(lab.folder, `${text}-out`);
      const { code, stderr } = await lab.slipway(["build", "-o", out, context(text)], { store });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return new Map(
        readdirSync(out)
          .filter((name) => statSync(join(out, name)).isFile())
          .map((name) => [name, { content: readFileSync(join(out, name), "utf8") }]),
      );
    };
    const first = await build("one");
    expect(first.get("log")?.content).toBe("one\n");
    expect(first.get("again")?.content).toBe("one\n");
    expect(first.get("refused")?.content).toContain("Read-only");
    expect(first.get("other")?.content).toBe("");
    if (process.getuid?.() === 0) expect(first.get("owner")?.content).toBe("750 1234:2345\n");
    expect((await build("two")).get("log")?.content).toBe("one\ntwo\n");
    const usage = await lab.slipway(["du", "--format", "json"], { store });
    const mounts = usage.stdout.split("\n").find((line) => line.includes('"cache mounts"')) ?? "{}";
    expect(JSON.parse(mounts)).toMatchObject({ count: 2, active: 0 });
    const pruned = await lab.slipway(["prune", "--force"], { store });
    expect(pruned.stdout).toContain("2 cache mounts");
    expect(readdirSync(join(store, "caches"))).toEqual([]);
    expect((await build("three")).get("log")?.content).toBe("three\n");
    expect(await lab.verify(store)).toEqual([]);
  });

  test("a new cache begins with what from and source name", async () => {
    const context = lab.context({
      "seed/file": "from the context",
      Dockerfile: `FROM base AS made
RUN mkdir /seed && echo from the stage > /seed/file
FROM base
RUN --mount=type=cache,target=/c,id=seeded,from=made,source=/seed cat /c/file > /one; echo changed > /c/file
RUN --mount=type=cache,target=/c,id=seeded,from=made,source=seed cat /c/file > /two
RUN --mount=type=cache,target=/c,id=seeded ls /c > /unseeded
`,
    });
    const tree = await lab.tree(context);
    expect(["one", "two", "unseeded"].map((path) => tree.get(path)?.content)).toEqual([
      "from the stage\n",
      "changed\n",
      "",
    ]);
  });

  test.each(["locked", "private"])("with sharing=%s two builds at once are each alone in a cache", async (sharing) => {
    const file = (name: string): string => `FROM base
RUN --mount=type=cache,target=/c,id=${sharing},sharing=${sharing} echo in; ls /c > /seen; touch /c/${name}; sleep 1; rm /c/${name}
`;
    const builds = ["a", "b"].map(async (name) => {
      const out = join(lab.folder, `${sharing}-${name}`);
      const { stderr } = await lab.build(lab.context({ Dockerfile: file(name) }), "-o", out);
      expect(readFileSync(join(out, "seen"), "utf8")).toBe("");
      const events = eventsOf(stderr);
      const { id } = events.find(({ type }) => type === "step-output") ?? {};
      return events.find((event) => event.type === "step-done" && event.id === id)?.duration ?? 0;
    });
    const longest = Math.max(...(await Promise.all(builds)));
    // One of them has waited for the other's second.
    if (sharing === "locked") expect(longest).toBeGreaterThan(1900);
  });

  test("with sharing=shared two builds meet in a cache", async () => {
    const file = (own: string, other: string): string => `FROM base
RUN --mount=type=cache,target=/c,id=shared touch /c/${own}; for i in $(seq 200); do test -e /c/${other} && exit; sleep 0.1; done; exit 1
`;
    const builds = [file("a", "b"), file("b", "a")].map((text) => lab.build(lab.context({ Dockerfile: text })));
    expect((await Promise.all(builds)).map(({ code }) => code)).toEqual([0, 0]);
  });

  test("a tmpfs mount is in memory, of the size asked for, and gone afterwards", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
RUN --mount=type=tmpfs,target=/t,size=1m grep ' /t ' /proc/mounts > /mount; dd if=/dev/zero of=/t/big bs=1M count=2 2> /full; true
`,
    });
    const tree = await lab.tree(context);
    expect(tree.get("mount")?.content).toMatch(/^tmpfs \/t tmpfs .*size=1024k/);
    expect(tree.get("full")?.content).toContain("No space left");
    expect(own(tree)).toEqual(["full", "mount"]);
  });

  describe("secrets", () => {
    const secret = "a-value-that-is-nowhere-else";
    const file = join(lab.folder, "secret-file");

    test("are files for root alone, or variables, and are found nowhere afterwards", async () => {
      writeFileSync(file, secret);
      const context = lab.context({
        Dockerfile: `FROM base
RUN --mount=type=secret,id=key cat /run/secrets/key | wc -c > /length; stat -c '%a %u' /run/secrets/key > /mode
RUN --mount=type=secret,id=key,target=/root/.key,mode=0444,uid=1234 stat -c '%a %u' /root/.key > /other-mode; echo x 2> /refused > /root/.key; true
RUN --mount=type=secret,id=variable,env=TOKEN,required echo \${#TOKEN} > /token; ls /run 2>&1 >> /token; true
RUN --mount=type=secret,id=none ls /run/secrets > /none 2>&1; true
`,
      });
      const args = ["--secret", `id=key,src=${file}`, "--secret", "id=variable,env=SECRET_VARIABLE"];
      const out = join(lab.folder, "secret-out");
      const { code, stderr } = await lab.slipway(
        ["build", "-t", "with-secret", "--progress=json", ...args, "-o", out, context],
        {
          env: { SECRET_VARIABLE: secret },
        },
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const content = (name: string): string => readFileSync(join(out, name), "utf8");
      expect(content("length")).toBe(`${secret.length}\n`);
      expect(content("mode")).toBe("400 0\n");
      if (process.getuid?.() === 0) expect(content("other-mode")).toBe("444 1234\n");
      expect(content("refused")).toContain("Read-only");
      expect(content("token")).toMatch(new RegExp(`^${secret.length}\n`));
      expect(content("none")).toContain("No such file");
      expect(readdirSync(out)).not.toContain("run");
      expect(stderr).not.toContain(secret);
      const { stdout } = await lab.slipway(["history", "--no-trunc", "with-secret"]);
      expect(stdout).not.toContain(secret);
      expect(grep(lab.store, secret)).toEqual([]);
    });

    test.each([
      ["", "RUN --mount=type=secret,id=key,env=TOKEN,target=/key", ["--secret", "id=key,env=SECRET_VARIABLE"]],
      [", nor is a proxy's password", "RUN", ["--build-arg", `HTTP_PROXY=http://user:${secret}@127.0.0.1:1`]],
    ])("are not on the store's disk while a step has them%s", async (_, instruction, args) => {
      const context = lab.context({ Dockerfile: `FROM base\n${instruction} echo ready; sleep 2\n` });
      const { code } = await lab.slipway(["version"]);
      expect(code).toBe(0);
      const running = lab.start(["build", ...args, context], {
        env: { SECRET_VARIABLE: secret },
      });
      while (!/^#\d+ [\d.]+ ready$/m.test(running.said()) && running.child.exitCode === null) await sleep(20);
      const found = grep(lab.store, secret);
      expect((await running.ended).code).toBe(0);
      expect(found).toEqual([]);
    });

    test("another value runs nothing again", async () => {
      const context = lab.context({
        Dockerfile: "FROM base\nRUN --mount=type=secret,id=key cat /run/secrets/key > /copied\n",
      });
      writeFileSync(file, "one");
      await lab.build(context, "--secret", `id=key,src=${file}`);
      writeFileSync(file, "two");
      const { steps } = await lab.build(context, "--secret", `id=key,src=${file}`);
      expect(Object.values(steps)).toEqual(["cached", "cached"]);
    });

    test.each([
      [
        "RUN --mount=type=secret,id=key,required true",
        [],
        "SLIP_SECRET",
        /Dockerfile:2[^]*secret "key".*not given[^]*--secret id=key/,
      ],
      [
        "RUN --mount=type=secret,id=key,required=true true",
        ["--secret", "id=key,env=UNSET"],
        "SLIP_SECRET",
        /UNSET is not set/,
      ],
      ["RUN --mount=type=ssh,required true", [], "SLIP_SECRET", /Dockerfile:2[^]*ssh agent "default"[^]*--ssh default/],
      ["RUN true", ["--secret", "id=key,src=/not/there"], "SLIP_SECRET", /no file/],
      ["RUN true", ["--ssh", "default"], "SLIP_USAGE", /SSH_AUTH_SOCK is not set/],
      ["RUN true", ["--ssh", "default=/etc/passwd"], "SLIP_SECRET", /as a private key: it is none/],
      [
        "RUN --mount=source=nothing,target=/x true",
        [],
        "SLIP_COPY_NOT_FOUND",
        /Dockerfile:2[^]*Cannot mount "nothing"/,
      ],
    ])("%s with %j is %s", async (run, args, code, words) => {
      const context = lab.context({ Dockerfile: `FROM base\n${run}\n` });
      const ended = await lab.slipway(["build", ...args, context]);
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toContain(code);
      expect(ended.stderr).toMatch(words);
    });
  });
});

/** Files below a folder that hold a text; those that this user may not read are of other ids, and never slipway's own. */
function grep(folder: string, text: string): readonly string[] {
  const { stdout } = spawnSync("grep", ["-rlaFs", "--devices=skip", text, folder], { encoding: "utf8" });
  return stdout.split("\n").filter((path) => path !== "");
}
