/** Over 400 lines: one place for the whole command line, a block a command, all over the same fake library. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SlipwayError } from "../base/index.ts";
import type { RemoveOptions } from "../index.ts";
import { cli, comparison, details, id } from "./fake.fixture.ts";
import { registry } from "./registry.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the program", () => {
  test("without a command shows its help on standard error and ends with 2", async () => {
    const { code, stdout, stderr } = await cli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage:  slipway [OPTIONS] COMMAND");
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists every command", async (argument) => {
    const { code, stdout, stderr } = await cli([argument]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name, summary } of registry) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, "m"));
  });

  test.each(registry.map(({ name }) => name))(
    "%s --help, help %s: usage, every flag, no line over 100 columns",
    async (name) => {
      const { code, stdout } = await cli([name, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: {2}slipway ${name} `));
      const command = await registry.find((entry) => entry.name === name)?.load();
      const listed = Object.entries(command?.options ?? {}).filter(([, spec]) => spec.help !== undefined);
      for (const [flag] of listed) expect(stdout).toContain(`--${flag}`);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
      expect((await cli(["help", name])).stdout).toBe(stdout);
      expect((await cli(["--help", name])).stdout).toBe(stdout);
    },
  );

  test.each(registry.map(({ name }) => name))("%s --help fits 40 columns, but for names that do not", async (name) => {
    const { stdout } = await cli([name, "--help"], { columns: 40 });
    // Usage, a flag with its value, an example, or one long word.
    const unwrapped = /^Usage: |^ {2}(?: {4}|-[a-z], )--[^ ]+(?:, --[^ ]+)* [^ ]+$|^ {2}slipway |^ *[^ ]+$/;
    const wide = stdout.split("\n").filter((line) => line.length > 40);
    expect(wide.filter((line) => !unwrapped.test(line))).toEqual([]);
  });

  test("each command loads under the name that it is listed by", async () => {
    for (const entry of registry) expect((await entry.load()).name).toBe(entry.name);
  });

  test.each([["-v"], ["--version"], ["version"]])("%s prints the version of the package", async (argument) => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect((await cli([argument])).stdout).toBe(`slipway ${version}\n`);
  });

  test.each([
    ["cache", "--help"],
    ["cache", "-h"],
    ["--help", "cache"],
  ])("%s %s lists the commands of a group", async (...argv) => {
    const { code, stdout, stderr } = await cli(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/Usage: {2}slipway cache COMMAND[^]*cache ls +List cache mounts\n[^]*cache rm/);
  });

  test.each([
    { argv: ["buidl"], code: 2, message: 'Unknown command "buidl"', hint: 'did you mean "build"?' },
    { argv: ["image", "lst"], code: 2, message: 'Unknown command "image lst"', hint: "slipway image ls" },
    { argv: ["help", "rnu"], code: 2, message: 'Unknown command "rnu"', hint: 'did you mean "run"?' },
    { argv: ["--stor", "x", "images"], code: 2, message: "Unknown flag --stor", hint: 'did you mean "--store"?' },
    {
      argv: ["images", "a", "b"],
      code: 2,
      message: '"slipway images" requires at most 1 argument, got 2',
      hint: "usage:",
    },
    { argv: ["du", "x"], code: 2, message: '"slipway du" requires no arguments, got 1', hint: "usage:" },
    {
      argv: ["tag", "x"],
      code: 2,
      message: '"slipway tag" requires 2 arguments, got 1',
      hint: "slipway tag app app:1.0",
    },
    { argv: ["rmi"], code: 2, message: '"slipway rmi" requires at least 1 argument, got 0', hint: "slipway images" },
    { argv: ["build"], code: 2, message: '"slipway build" requires 1 argument, got 0', hint: "name the build context" },
    {
      argv: ["build", "--builder", "x", "."],
      code: 3,
      message: "Flag --builder is not supported",
      hint: "no builders to choose from",
    },
    { argv: ["build", "--provenance=yes", "."], code: 2, message: 'Invalid value "yes"', hint: "--provenance=true" },
    { argv: ["build", "--jobs=0", "."], code: 2, message: 'Invalid value "0" for --jobs', hint: "from 1" },
    { argv: ["build", "--label", "=x", "."], code: 2, message: 'Invalid value "=x" for --label', hint: "empty" },
    { argv: ["build", "--build-context", "x", "."], code: 2, message: "for --build-context", hint: "NAME=VALUE" },
    { argv: ["build", "--annotation", "x", "."], code: 2, message: "for --annotation", hint: "KEY=VALUE" },
    { argv: ["push"], code: 2, message: '"slipway push" requires at least 1 argument', hint: "slipway images" },
    { argv: ["login", "-p", "x"], code: 3, message: "Flag -p is not supported", hint: "--password-stdin" },
    { argv: ["login", "-u", "a"], code: 2, message: "Cannot log in without a password", hint: "--password-stdin" },
    { argv: ["login", "--password-stdin"], code: 2, message: "without a user name", hint: "--username" },
    { argv: ["login", "-ua", "--password-stdin"], code: 2, message: "first line of standard input", hint: "< FILE" },
    { argv: ["ps", "-a"], code: 3, message: 'Command "ps" is not supported', hint: "slipway run" },
    { argv: ["run"], code: 125, message: '"slipway run" requires at least 1 argument', hint: "slipway images" },
    { argv: ["run", "--envv", "x", "y"], code: 125, message: "Unknown flag --envv", hint: 'did you mean "--env"?' },
    { argv: ["run", "-d", "x"], code: 125, message: "Flag -d is not supported", hint: "throw-away" },
    { argv: ["run", "-it", "x"], code: 125, message: "Cannot give the command a terminal", hint: "--tty" },
    {
      argv: ["run", "--env-file", "/none", "x"],
      code: 125,
      message: 'Cannot read --env-file "/none"',
      hint: "no such file",
    },
    { argv: ["images", "-f", "label=x"], code: 2, message: 'Invalid filter "label=x"', hint: "reference" },
    { argv: ["prune"], code: 2, message: "asks before it deletes", hint: "--force" },
  ])("$argv: one message, the remedy, exit code $code", async ({ argv, code, message, hint }) => {
    const got = await cli(argv);
    expect(got.code).toBe(code);
    expect(got.stdout).toBe("");
    expect(got.stderr.match(/ERROR: /g)).toHaveLength(1);
    expect(got.stderr).toContain(message);
    expect(got.stderr).toContain(hint);
    expect(got.calls).toEqual([]);
  });

  test("the store may be named before and behind the command, and both ways", async () => {
    for (const argv of [
      ["--store", "/s", "images"],
      ["images", "--store=/s"],
      ["--root=/other", "images", "--root", "/s"],
    ]) {
      expect((await cli(argv)).calls[0]?.args).toEqual([expect.objectContaining({ store: "/s" })]);
    }
  });

  test("an error of the library is printed once, with its exit code", async () => {
    const images = async (): Promise<never> => {
      throw new SlipwayError({
        code: "SLIP_STORE",
        message: "The store is of a newer version",
        hint: "update slipway",
      });
    };
    expect(await cli(["images"], { library: { images } })).toMatchObject({
      code: 8,
      stderr: "ERROR: The store is of a newer version (SLIP_STORE)\n  hint: update slipway\n",
    });
  });

  test("a defect asks for --debug, which shows causes and stacks", async () => {
    const images = async (): Promise<never> => {
      throw new TypeError("x is not a function", { cause: new Error("deeper") });
    };
    expect(await cli(["images"], { library: { images } })).toMatchObject({
      code: 70,
      stderr: expect.stringContaining("run again with --debug"),
    });
    const { stderr } = await cli(["images", "--debug"], { library: { images } });
    expect(stderr).toMatch(/caused by: TypeError: x is not a function\n +at [^]*caused by: Error: deeper/);
  });

  test("the place in the Dockerfile is printed before the message", async () => {
    const text = "FROM scratch\nRUM x\n";
    const build = async (): Promise<never> => {
      throw new SlipwayError({
        code: "SLIP_DOCKERFILE",
        message: "Unknown instruction RUM",
        hint: "did you mean RUN?",
        location: { file: "Dockerfile", text, span: { start: 13, end: 16, startLine: 2, endLine: 2 } },
      });
    };
    const { code, stderr } = await cli(["build", "."], { library: { build } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^Dockerfile:2\n[^]*RUM x[^]*ERROR: Unknown instruction RUM/);
  });
});

describe("build", () => {
  test("turns flags into options", async () => {
    const line =
      "build -t a --tag=b -f D --target x --build-arg A=1 --build-arg FROM_ENV --build-arg UNSET " +
      "--build-context u=docker-image://debian --label l=v --label bare -o type=oci,dest=o.tar -o out --no-cache " +
      "--base-images=archive --debian-mirror http://m --network=none -j3 --load --rm --provenance=false ctx";
    const { calls, code } = await cli(line.split(" "), { env: { FROM_ENV: "2" } });
    expect(code).toBe(0);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.args[0]).toMatchObject({
      context: "ctx",
      dockerfile: "D",
      target: "x",
      tags: ["a", "b"],
      buildArgs: { A: "1", FROM_ENV: "2" },
      buildContexts: { u: "docker-image://debian" },
      labels: { l: "v", bare: "" },
      noCache: true,
      jobs: 3,
      outputs: [
        { type: "oci", dest: "o.tar", attributes: {} },
        { type: "local", dest: "out", attributes: {} },
        { type: "docker", attributes: {} },
      ],
      baseImages: "archive",
      debianMirror: "http://m",
      network: "none",
    });
  });

  test("the platform and SOURCE_DATE_EPOCH come from the environment where the line has none", async () => {
    const env = { DOCKER_DEFAULT_PLATFORM: "linux/arm64", SOURCE_DATE_EPOCH: "5" };
    const options = async (...argv: readonly string[]): Promise<unknown> =>
      (await cli(["build", ...argv, "."], { env })).calls[0]?.args[0];
    expect(await options()).toMatchObject({ platforms: ["linux/arm64"], buildArgs: { SOURCE_DATE_EPOCH: "5" } });
    const line = ["--platform=a,b", "--platform", "c", "--build-arg", "SOURCE_DATE_EPOCH=6"];
    expect(await options(...line)).toMatchObject({ platforms: ["a,b", "c"], buildArgs: { SOURCE_DATE_EPOCH: "6" } });
  });

  test("an argument named like a member of every object stays an argument", async () => {
    const { calls } = await cli(["build", "--build-arg", "__proto__=1", "--build-arg", "constructor=2", "."]);
    expect(JSON.stringify(calls[0]?.args[0])).toContain('"buildArgs":{"__proto__":"1","constructor":"2"}');
  });

  test("-q prints the id alone; --iidfile keeps it without a line end", async () => {
    const file = join(folder, "iid");
    expect(await cli(["build", "-q", "--iidfile", file, "."])).toMatchObject({
      code: 0,
      stdout: `${id("a")}\n`,
      stderr: "",
    });
    expect(readFileSync(file, "utf8")).toBe(id("a"));
  });

  test("without -q standard output stays empty and the summary goes to standard error", async () => {
    const { stdout, stderr } = await cli(["build", "."]);
    expect(stdout).toBe("");
    expect(stderr).toContain("Built calculator:multi in 0.1s: 6 steps, all cached");
  });

  test("an id file that cannot be written is an error of the output", async () => {
    expect(await cli(["build", "--iidfile", join(folder, "none/iid"), "."])).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("Cannot write the image id"),
    });
  });

  test.each([
    { env: { SLIPWAY_PROGRESS: "json" }, argv: [], json: true },
    { env: { BUILDKIT_PROGRESS: "rawjson" }, argv: [], json: true },
    { env: { SLIPWAY_PROGRESS: "plain", BUILDKIT_PROGRESS: "rawjson" }, argv: [], json: false },
    { env: { SLIPWAY_PROGRESS: "json" }, argv: ["--progress=plain"], json: false },
  ])("progress by $env and $argv", async ({ env, argv, json }) => {
    const { stderr } = await cli(["build", ...argv, "."], { env });
    expect(stderr.startsWith('{"type":"result"')).toBe(json);
  });

  test("a wrong variable is named", async () => {
    expect(await cli(["build", "."], { env: { SLIPWAY_PROGRESS: "loud" } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Invalid value "loud" of SLIPWAY_PROGRESS'),
    });
  });

  test("a failed build prints the step, the message and ends with its code", async () => {
    const build: Parameters<typeof cli>[1] = {
      library: {
        build: async ({ onEvent }) => {
          onEvent?.({ type: "step-start", id: "RUN false", time: 1 });
          onEvent?.({ type: "step-output", id: "RUN false", stream: "stderr", text: "no\n" });
          const error = new SlipwayError({ code: "SLIP_RUN_FAILED", message: "RUN false ended with code 1" });
          onEvent?.({ type: "step-failed", id: "RUN false", duration: 5, error: error.toJSON() });
          throw error;
        },
      },
    };
    const quiet = await cli(["build", "-q", "."], build);
    expect(quiet).toMatchObject({
      code: 4,
      stdout: "",
      stderr: "------\n > RUN false:\nno\n------\nERROR: RUN false ended with code 1 (SLIP_RUN_FAILED)\n",
    });
    const json = await cli(["build", "--progress=json", "."], build);
    const lines = json.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(["step-start", "step-output", "step-failed", "error"]);
    expect(lines.at(-1)).toMatchObject({ exitCode: 4, error: { code: "SLIP_RUN_FAILED" } });
  });
});

describe("run", () => {
  test("flags end at the image", async () => {
    writeFileSync(join(folder, "env"), "# comment\nA=1\n\nHOME\nUNSET\n");
    const line =
      `run --rm -i -e B=2 -e HOME --env-file ${join(folder, "env")} -v /a:/b -v/c:/d:ro -w /w -u1:2 ` +
      "--entrypoint sh --network none -h box --read-only app -t -- x";
    const { calls } = await cli(line.split(" "), { env: { HOME: "/root" } });
    expect(calls).toEqual([
      {
        name: "run",
        args: [
          expect.objectContaining({
            image: "app",
            args: ["-t", "--", "x"],
            env: ["A=1", "HOME=/root", "B=2", "HOME=/root"],
            volumes: ["/a:/b", "/c:/d:ro"],
            workdir: "/w",
            user: "1:2",
            entrypoint: "sh",
            network: "none",
            hostname: "box",
            readOnly: true,
            interactive: true,
            tty: false,
            forwardSignals: true,
          }),
        ],
      },
    ]);
  });

  test("ends with the command's exit code", async () => {
    expect(await cli(["run", "app"], { library: { run: async () => ({ exitCode: 37 }) } })).toMatchObject({ code: 37 });
  });

  test("its own failures end with 125, a cancelled one with 130", async () => {
    const failing = (code: "SLIP_IMAGE_UNKNOWN" | "SLIP_CANCELLED"): Parameters<typeof cli>[1] => ({
      library: {
        run: async () => {
          throw new SlipwayError({ code, message: "No such image" });
        },
      },
    });
    expect(await cli(["run", "x"], failing("SLIP_IMAGE_UNKNOWN"))).toMatchObject({ code: 125 });
    expect(await cli(["run", "x"], failing("SLIP_CANCELLED"))).toMatchObject({ code: 130, stderr: "Cancelled\n" });
  });

  test("a terminal is given where there is one", async () => {
    const { calls } = await cli(["run", "-it", "app"], { stdinIsTTY: true, stdoutIsTTY: true });
    expect(calls[0]?.args[0]).toMatchObject({ tty: true, interactive: true, args: undefined });
  });
});

describe("images", () => {
  test("has docker's columns and the layers", async () => {
    expect((await cli(["images"])).stdout).toBe(
      [
        "REPOSITORY   TAG      IMAGE ID       CREATED         SIZE     LAYERS",
        "calculator   multi    aaaaaaaaaaaa   3 minutes ago   1.95MB   1",
        "calculator   latest   aaaaaaaaaaaa   3 minutes ago   1.95MB   1",
        "<none>       <none>   cccccccccccc   2 days ago      812MB    4",
        "",
      ].join("\n"),
    );
  });

  test.each([
    { argv: ["calculator"], tags: ["multi", "latest"] },
    { argv: ["calculator:multi"], tags: ["multi"] },
    { argv: ["calc*:l*"], tags: ["latest"] },
    { argv: ["other"], tags: [] },
    { argv: ["-f", "dangling=true"], tags: ["<none>"] },
    { argv: ["-f", "dangling=false", "-f", "reference=*:multi"], tags: ["multi"] },
  ])("filters by $argv", async ({ argv, tags }) => {
    const { stdout } = await cli(["images", "--format=json", ...argv]);
    const lines = stdout.split("\n").filter(Boolean);
    expect(lines.map((line) => (JSON.parse(line) as { Tag: string }).Tag)).toEqual(tags);
  });

  test("-q prints each id once, whole with --no-trunc; image ls is the same command", async () => {
    expect((await cli(["images", "-q"])).stdout).toBe("aaaaaaaaaaaa\ncccccccccccc\n");
    expect((await cli(["image", "ls", "-q", "--no-trunc"])).stdout).toBe(`${id("a")}\n${id("c")}\n`);
  });

  test("json has figures beside the words", async () => {
    expect(JSON.parse((await cli(["ls", "--format", "json", "calculator:multi"])).stdout)).toEqual({
      Repository: "calculator",
      Tag: "multi",
      ID: "aaaaaaaaaaaa",
      CreatedAt: "2026-11-21T11:57:00.000Z",
      CreatedSince: "3 minutes ago",
      Size: "1.95MB",
      Bytes: 1_953_792,
      Layers: 1,
      RemoteLayers: 0,
      CompressedLayers: 0,
      Platform: "linux/amd64",
    });
  });
});

describe("looking at one image", () => {
  test("history has the newest step first and sizes only where a layer was made", async () => {
    expect((await cli(["history", "calculator"])).stdout).toBe(
      [
        "IMAGE          CREATED         CREATED BY                              SIZE     COMMENT",
        'aaaaaaaaaaaa   3 minutes ago   ENTRYPOINT ["/app"]                     0B',
        "<missing>      4 minutes ago   COPY --from=build /app /app # slipway   1.95MB   slipway",
        "",
      ].join("\n"),
    );
    expect((await cli(["history", "-q", "--no-trunc", "calculator"])).stdout).toBe(`${id("a")}\n<missing>\n`);
  });

  test("inspect has docker's field names", async () => {
    const [image] = JSON.parse((await cli(["inspect", "calculator"])).stdout) as [Record<string, unknown>];
    const fields = "Id RepoTags RepoDigests Comment Created Author Config Architecture Os Size RootFS Slipway";
    expect(Object.keys(image)).toEqual(fields.split(" "));
    expect(image).toMatchObject({
      Id: id("a"),
      RepoTags: details.names,
      Config: { Entrypoint: ["/app"] },
      RootFS: { Type: "layers", Layers: [id("b")] },
    });
  });

  test("inspect takes simple templates", async () => {
    const { stdout } = await cli(["inspect", "-f", "{{.Size}} {{json .Config.Env}}", "a", "b"]);
    expect(stdout).toBe('1953792 ["PATH=/bin"]\n1953792 ["PATH=/bin"]\n');
  });

  test("inspect prints what it finds and then says what it does not", async () => {
    const inspectImage = async (name: string): Promise<typeof details> => {
      if (name === "a") return details;
      throw new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `No image ${name}` });
    };
    const { code, stdout, stderr } = await cli(["inspect", "x", "a", "y"], { library: { inspectImage } });
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toContain("No image x");
    expect(stderr).toContain("No image y");
  });
});

describe("compare", () => {
  test("sets the figures side by side", async () => {
    await expect((await cli(["compare", "a", "b"])).stdout).toMatchFileSnapshot("golden/compare.txt");
  });

  test("says which is smaller, whichever comes first", async () => {
    const turned = { ...comparison, a: comparison.b, b: comparison.a, ratio: 1 / comparison.ratio };
    const { stdout } = await cli(["compare", "b", "a"], { library: { compare: async () => turned } });
    expect(stdout).toContain("calculator:multi is 416 times smaller: 810MB less than calculator:single\n");
  });

  test("json holds everything", async () => {
    expect(JSON.parse((await cli(["compare", "--format=json", "a", "b"])).stdout)).toEqual(comparison);
  });
});

describe("the store", () => {
  test("du counts what could be freed, and all of it", async () => {
    expect((await cli(["du"])).stdout).toBe(
      [
        "TYPE          TOTAL   ACTIVE   SIZE     RECLAIMABLE   WITH --ALL",
        "images        3       2        2GB      500MB (25%)   1.5GB (75%)",
        "build cache   9       4        0B       0B            0B",
        "runtime       1       1        20MB     0B            0B",
        "all                            2.02GB   500MB (25%)   1.5GB (74%)",
        "",
      ].join("\n"),
    );
    const lines = (await cli(["du", "--format", "json"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      "images",
      "build cache",
      "runtime",
    ]);
  });

  test.each([
    { line: "y", code: 0, pruned: true },
    { line: "YES", code: 0, pruned: true },
    { line: "", code: 1, pruned: false },
    { line: undefined, code: 1, pruned: false },
  ])("prune asks: $line", async ({ line, code, pruned }) => {
    const got = await cli(["prune"], { stdinIsTTY: true, line });
    expect(got.code).toBe(code);
    expect(got.calls).toHaveLength(pruned ? 1 : 0);
    expect(got.stderr).toContain("Continue? [y/N]");
  });

  test("context ls lists what goes, with --why what does not and the line that decides", async () => {
    const plain = await cli(["context", "ls", "."]);
    expect([plain.stdout, plain.stderr]).toEqual([
      "a.c\nsrc/\n",
      "1 file, 1.5kB; 1 entry is left out by .dockerignore\n",
    ]);
    const why = await cli(["context", "ls", "--why", "."]);
    expect(why.stdout).toBe("+ a.c\n- logs/  (.dockerignore:2: logs)\n+ src/\n");
    const json = await cli(["context", "ls", "--format", "json", "."]);
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(2);
  });

  test("prune -af does not ask", async () => {
    const { stdout, stderr, calls } = await cli(["prune", "-af"]);
    expect(calls).toEqual([{ name: "prune", args: [expect.objectContaining({ all: true })] }]);
    expect(stderr).toBe("");
    expect(stdout).toBe(
      "Deleted 1 image, 12 snapshots, 34 cache records, 2 cache mounts, 5 packages and layer archives\nTotal reclaimed space: 812MB\n",
    );
  });

  test("rmi says what it removed", async () => {
    const { stdout, calls } = await cli(["rmi", "-f", "a:1", "b:2"]);
    expect(stdout).toBe(`Untagged: a:1\nUntagged: b:2\nDeleted: ${id("a")}\n`);
    expect(calls[0]?.args).toEqual([["a:1", "b:2"], expect.objectContaining({ force: true })]);
  });

  test("rmi prints what went and then what did not", async () => {
    const removeImages = async (names: readonly string[], { onFailure }: RemoveOptions) => {
      for (const name of names.slice(1)) onFailure?.(new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: name }));
      return { untagged: names.slice(0, 1), deleted: [] };
    };
    const { code, stdout, stderr } = await cli(["rmi", "a:1", "no:1", "no:2"], { library: { removeImages } });
    expect({ code, stdout }).toEqual({ code: 5, stdout: "Untagged: a:1\n" });
    expect(stderr).toMatch(/no:2[^]*no:1/);
  });

  test("tag is silent", async () => {
    expect(await cli(["tag", "a", "b"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("save writes docker's archive to standard output, but not onto a terminal", async () => {
    expect((await cli(["save", "a"])).calls[0]?.args).toEqual([
      expect.objectContaining({ images: ["a"], type: "docker", dest: "-" }),
    ]);
    expect((await cli(["save", "--format=oci", "-o", "x", "a"])).calls[0]?.args).toEqual([
      expect.objectContaining({ type: "oci", dest: "x" }),
    ]);
    expect(await cli(["save", "a"], { stdoutIsTTY: true })).toMatchObject({ code: 2, calls: [] });
  });
});
