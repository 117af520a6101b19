import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, type Files, openLab, whyNoLab } from "./support/lab.ts";
import { type Ended, keptEnvironment, program, startGroup, until } from "./support/slipway.ts";

interface Case {
  readonly files: Files;
  readonly args?: readonly string[];
  /** The exit code of docs/cli.md. */
  readonly exit: number;
  readonly code: string;
  /** `Dockerfile:2`, where the place is shown. */
  readonly place?: string;
  /** What the message and the remedy say. */
  readonly says: readonly (string | RegExp)[];
}

const dockerfile = (text: string): Files => ({ Dockerfile: text, "there.txt": "", "dir/file": "" });

const cases: Readonly<Record<string, Case>> = {
  "no Dockerfile": {
    files: { "dockerfile.txt": "" },
    exit: 3,
    code: "SLIP_DOCKERFILE_NOT_FOUND",
    says: [/hint: .*(--file|-f)/],
  },
  "no file of that name": {
    files: dockerfile("FROM base\n"),
    args: ["-f", "/nowhere/Dockerfile"],
    exit: 3,
    code: "SLIP_DOCKERFILE_NOT_FOUND",
    says: ["/nowhere/Dockerfile"],
  },
  "an empty Dockerfile": { files: dockerfile("# nothing\n"), exit: 3, code: "SLIP_DOCKERFILE", says: [/FROM/] },
  "an unknown instruction": {
    files: dockerfile("FROM base\nRUNN echo x\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["RUNN", /did you mean.*RUN/i],
  },
  "a right that was not granted": {
    files: dockerfile("FROM base\nRUN --security=insecure true\n"),
    exit: 3,
    code: "SLIP_NOT_ALLOWED",
    place: "Dockerfile:2",
    says: ["--security=insecure", "--allow security.insecure"],
  },
  "an unknown flag of an instruction": {
    files: dockerfile("FROM base\nCOPY --chwon=1 there.txt /\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["--chwon", /did you mean.*--chown/i],
  },
  "an unknown target": {
    files: dockerfile("FROM base AS build\nFROM base AS test\n"),
    args: ["--target", "tset"],
    exit: 3,
    code: "SLIP_STAGE_UNKNOWN",
    says: ["tset", /did you mean.*test/i],
  },
  "an unknown stage of COPY": {
    files: dockerfile("FROM base AS build\nFROM base\nRUN true\nCOPY --from=biuld /x /x\n"),
    exit: 5,
    code: "SLIP_IMAGE_UNKNOWN",
    place: "Dockerfile:4",
    says: ["biuld", /did you mean.*build/i],
  },
  "a stage's number that is too high": {
    files: dockerfile("FROM base AS build\nFROM base\nCOPY --from=1 /x /x\n"),
    exit: 3,
    code: "SLIP_STAGE_UNKNOWN",
    place: "Dockerfile:3",
    says: ["build"],
  },
  "a source that is not there": {
    files: dockerfile("FROM base\nRUN true\nCOPY there.text \\\n  dir /x/\n"),
    exit: 4,
    code: "SLIP_COPY_NOT_FOUND",
    place: "Dockerfile:3",
    says: ['"there.text"', "there.txt"],
  },
  "a source that is ignored": {
    files: { ...dockerfile("FROM scratch\nADD there.txt /\n"), ".dockerignore": "*.txt\n" },
    exit: 4,
    code: "SLIP_COPY_NOT_FOUND",
    place: "Dockerfile:2",
    says: [".dockerignore"],
  },
  "a source that the stage lacks": {
    files: dockerfile("FROM base AS build\nFROM scratch\nCOPY --from=build /bin/bash /bin/basename /x/\n"),
    exit: 4,
    code: "SLIP_COPY_NOT_FOUND",
    place: "Dockerfile:3",
    says: ["/bin/bash", "stage build"],
  },
  "a malformed pattern": {
    files: dockerfile("FROM scratch\nCOPY th[ere.txt /\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["ere.txt", "malformed"],
  },
  "several sources onto a file": {
    files: dockerfile("FROM scratch\nCOPY there.txt dir /x\n"),
    exit: 4,
    code: "SLIP_COPY_DESTINATION",
    place: "Dockerfile:2",
    says: ["/x"],
  },
  "a mode that is none": {
    files: dockerfile("FROM scratch\nCOPY --chmod=64a there.txt /\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["64a", "octal"],
  },
  "a linked copy whose owner is a name": {
    files: dockerfile("FROM base\nCOPY --link --chown=app there.txt /\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["--link", "UID:GID"],
  },
  "a destination below a file": {
    files: dockerfile("FROM base\nCOPY there.txt /etc/passwd/x\n"),
    exit: 4,
    code: "SLIP_COPY_DESTINATION",
    place: "Dockerfile:2",
    says: ["/etc/passwd"],
  },
  "a folder onto a file": {
    files: dockerfile("FROM base\nCOPY dir /etc/passwd\n"),
    exit: 4,
    code: "SLIP_COPY_DESTINATION",
    place: "Dockerfile:2",
    says: ["/etc/passwd"],
  },
  "a working folder that is a file": {
    files: dockerfile("FROM base\nWORKDIR /etc/passwd\n"),
    exit: 4,
    code: "SLIP_COPY_DESTINATION",
    place: "Dockerfile:2",
    says: ["/etc/passwd"],
  },
  "an unknown user of RUN": {
    files: dockerfile("FROM base\nUSER nobody-here\nRUN true\n"),
    exit: 4,
    code: "SLIP_USER_UNKNOWN",
    place: "Dockerfile:3",
    says: ["nobody-here", "app"],
  },
  "an unknown owner of COPY": {
    files: dockerfile("FROM base\nCOPY --chown=app:nogroup there.txt /\n"),
    exit: 4,
    code: "SLIP_USER_UNKNOWN",
    place: "Dockerfile:2",
    says: ["nogroup", "staff"],
  },
  "an image that no source knows": {
    files: dockerfile("# syntax=docker/dockerfile:1\n\nFROM nobody/knows:this AS build\nRUN true\n"),
    exit: 5,
    code: "SLIP_IMAGE_UNKNOWN",
    place: "Dockerfile:3",
    says: ["nobody/knows:this", "--build-context"],
  },
  "a base that is a variable without a value": {
    files: dockerfile("ARG BASE\nFROM $BASE\n"),
    exit: 3,
    code: "SLIP_DOCKERFILE",
    place: "Dockerfile:2",
    says: ["--build-arg"],
  },
  "an image name that is none": {
    files: dockerfile("FROM Not/Valid:tag!\n"),
    exit: 5,
    code: "SLIP_REFERENCE",
    place: "Dockerfile:1",
    says: ["Not/Valid"],
  },
  "a tag that is none": {
    files: dockerfile("FROM scratch\nLABEL a=b\n"),
    args: ["-t", "name:not a tag"],
    exit: 5,
    code: "SLIP_REFERENCE",
    says: ["not a tag"],
  },
  "a shell that is not there": {
    files: dockerfile("FROM scratch\nCOPY there.txt /\nRUN echo x\n"),
    exit: 4,
    code: "SLIP_RUN_FAILED",
    place: "Dockerfile:3",
    says: ["/bin/sh"],
  },
  "a named context that is no folder": {
    files: dockerfile("FROM scratch\nLABEL a=b\n"),
    args: ["--build-context", "x=/nowhere/at/all"],
    exit: 3,
    code: "SLIP_CONTEXT",
    says: ["/nowhere/at/all"],
  },
  "an output below a file": {
    files: dockerfile("FROM scratch\nCOPY there.txt /\n"),
    args: ["-o", "type=tar,dest=/dev/null/image.tar"],
    exit: 8,
    code: "SLIP_OUTPUT",
    says: ["/dev/null/image.tar"],
  },
  "an unknown flag of the command": {
    files: dockerfile("FROM scratch\n"),
    args: ["--tagg", "x"],
    exit: 2,
    code: "SLIP_USAGE",
    says: ["--tagg", /did you mean.*--tag/i],
  },
};

const notBuilt: Readonly<Record<string, string>> = {
  "RUN --device=x true": "--device",
};

describe.skipIf(whyNoLab)(`what goes wrong has one message, its place, a remedy and its exit code${because}`, () => {
  const lab = openLab();

  const check = (ended: Ended, { exit, code, place, says }: Omit<Case, "files">): void => {
    const { stderr } = ended;
    expect(stderr).toContain(`(${code})`);
    expect(stderr.match(/^ERROR: /gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/\n\s+at .*\.[jt]s:\d+/);
    for (const words of says) expect(stderr).toMatch(words);
    if (place !== undefined) expect(stderr).toMatch(new RegExp(`^${place}$|${place}\\b`, "m"));
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: exit, stdout: "" });
  };

  test.each(Object.keys(cases))("%s", async (name) => {
    const { files, args = [], ...rest } = cases[name] as Case;
    const ended = await lab.slipway(["build", "-q", ...args, lab.context(files)]);
    check(ended, rest);
  });

  test.each(Object.keys(notBuilt))("understood and not built: %s", async (line) => {
    const context = lab.context(dockerfile(`FROM base\nLABEL a=b\n${line}\n`));
    const ended = await lab.slipway(["build", context]);
    const says = [notBuilt[line] as string, "hint: "];
    check(ended, { exit: 3, code: "SLIP_UNSUPPORTED", place: "Dockerfile:3", says });
  });

  test("a context that is not there, or is a file", async () => {
    const context = lab.context({ file: "" });
    const says = [/hint: /];
    for (const path of [join(context, "nowhere"), join(context, "file")]) {
      check(await lab.slipway(["build", path]), { exit: 3, code: "SLIP_CONTEXT", says: [path, ...says] });
    }
  });

  test("a store that cannot be made", async () => {
    const context = lab.context({ ...dockerfile("FROM scratch\nLABEL a=b\n"), file: "" });
    const ended = await lab.slipway(["build", context], { store: join(context, "file/store") });
    check(ended, { exit: 8, code: "SLIP_STORE", says: ["file/store", "SLIPWAY_ROOT"] });
  });

  test.each(["plain", "quiet"])("a RUN that fails is shown with its whole output and its lines (%s)", async (mode) => {
    const context = lab.context({
      Dockerfile: `FROM base
RUN echo before
RUN for i in $(seq 1 100); do echo "line $i"; done \\
 && echo to stderr >&2 \\
 && exit 42
RUN echo never reached
`,
    });
    const ended = await lab.slipway(["build", `--progress=${mode}`, "--no-cache", context]);
    const { stderr } = ended;
    check(ended, { exit: 4, code: "SLIP_RUN_FAILED", place: "Dockerfile:3", says: [/exit code: 42/] });
    for (let line = 1; line <= 100; line++) expect(stderr).toMatch(new RegExp(`\\bline ${line}$`, "m"));
    expect(stderr).toContain("to stderr");
    expect(stderr).toMatch(/^ +3 \| >>> RUN for i/m);
    expect(stderr).toMatch(/^ +5 \| >>> .*exit 42/m);
    expect(stderr).toMatch(/^ +2 \| {5}RUN echo before/m);
    expect(stderr.match(/never reached/g)?.length ?? 0).toBeLessThanOrEqual(mode === "plain" ? 2 : 1);
  });

  test("the steps of a failing build that run beside it end with it, and the failure is what is told", async () => {
    const context = lab.context({
      Dockerfile: `FROM base AS slow
RUN echo slow; sleep 30
FROM base AS failing
RUN sleep 0.5; echo reason >&2; exit 7
FROM scratch
COPY --from=slow / /a
COPY --from=failing / /b
`,
    });
    const started = Date.now();
    const ended = await lab.slipway(["build", "--jobs=2", context]);
    expect(Date.now() - started).toBeLessThan(15_000);
    check(ended, {
      exit: 4,
      code: "SLIP_RUN_FAILED",
      place: "Dockerfile:4",
      says: ["reason", /exit code: 7/, "CANCELED"],
    });
    expect(await lab.verify()).toEqual([]);
  });

  test.each(["oci", "docker"])(
    "a limit on the size of files ends the output %s as such, and nothing of it stays",
    async (type) => {
      const context = lab.context({ large: randomBytes(6 << 20), Dockerfile: "FROM scratch\nCOPY large /\n" });
      await lab.build(context);
      const out = join(lab.folder, `limited-${type}`);
      mkdirSync(out);
      const words = ["build", "-o", `type=${type},dest=${out}/image.tar`, context];
      // 2 MiB, in blocks of 512 bytes
      const { ended } = startGroup(["sh", "-c", 'ulimit -f 4096; exec "$0" "$@"', program, ...words], {
        cwd: undefined,
        env: { ...keptEnvironment("HOME"), SLIPWAY_ROOT: lab.store },
      });
      check(await ended, { exit: 8, code: "SLIP_OUTPUT", says: [`Cannot write "${out}/image.tar": EFBIG`] });
      expect(readdirSync(out)).toEqual([]);
    },
  );

  test("an interrupt ends the build with 130, the store in order", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo started; sleep 30\n" });
    await lab.build(lab.context({ Dockerfile: "FROM base\nRUN true\n" }));
    const running = lab.start(["build", "--progress=plain", context]);
    await until(() => running.said().includes(" started\n"));
    running.child.kill("SIGINT");
    const started = Date.now();
    const { code, stderr } = await running.ended;
    expect(Date.now() - started).toBeLessThan(5000);
    expect(code).toBe(130);
    expect(stderr).toContain("Cancelled");
    expect(await lab.verify()).toEqual([]);
  });
});
