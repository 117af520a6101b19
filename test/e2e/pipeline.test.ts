// The jobs of docs/ci.md, as they stand there: each on a machine with an empty store.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type DockerRegistry,
  startDockerRegistry,
  user,
  whyNoDockerRegistry,
} from "../registry/support/docker-registry.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { type Ended, eventsOf, program, startGroup, stepsOf } from "./support/slipway.ts";

interface Workflow {
  readonly on: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: {
    readonly image: {
      readonly permissions: Readonly<Record<string, string>>;
      readonly steps: readonly {
        readonly name?: string;
        readonly uses?: string;
        readonly run?: string;
        readonly with?: Readonly<Record<string, unknown>>;
        readonly env?: Readonly<Record<string, string>>;
      }[];
    };
  };
}

interface GitLabJob {
  readonly stage: string;
  readonly script: readonly string[];
  readonly artifacts?: { readonly paths: readonly string[] };
}

interface GitLabFile extends Readonly<Record<"test" | "package", GitLabJob>> {
  readonly stages: readonly string[];
  readonly default: {
    readonly image: string;
    readonly cache: { readonly key: string; readonly paths: readonly string[] };
  };
}

const page = readFileSync(resolve(import.meta.dirname, "../../docs/ci.md"), "utf8");
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => parse(text) as unknown);
const [github, gitlab] = blocks as [Workflow, GitLabFile];
const { steps } = github.jobs.image;

test("the page has a file for each of the two services", () => {
  expect(blocks).toHaveLength(2);
  expect(Object.keys(github)).toEqual(["name", "on", "env", "jobs"]);
  expect(github.jobs.image.permissions).toEqual({ contents: "read", packages: "write" });
  for (const step of steps) expect([step.run, step.uses].filter((one) => one !== undefined)).toHaveLength(1);
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
  expect(gitlab.stages).toEqual(["test", "package"]);
  expect(gitlab.default.cache.paths).toEqual([".build-cache"]);
  for (const stage of ["test", "package"] as const) {
    expect(gitlab[stage].stage).toBe(stage);
    // A scalar that YAML took for a mapping would be no command.
    for (const line of gitlab[stage].script) expect(line).toBeTypeOf("string");
  }
});

const why = whyNoLab ?? whyNoDockerRegistry;

describe.skipIf(why !== undefined)(`the jobs of a pipeline${why === whyNoLab ? because : ` (skipped: ${why})`}`, () => {
  const lab = openLab();
  let registry: DockerRegistry;
  let context: string;
  const [commands, home] = [join(lab.folder, "bin"), join(lab.folder, "home")];

  beforeAll(async () => {
    registry = await startDockerRegistry("htpasswd", false);
    mkdirSync(commands);
    mkdirSync(home);
    symlinkSync(program, join(commands, "slipway"));
    const name = `${registry.domain}/team/base:1`;
    await lab.slipway(["tag", "base", name]);
    await job("seed", [
      `echo "$CI_REGISTRY_PASSWORD" | slipway login -u "$CI_REGISTRY_USER" --password-stdin "$CI_REGISTRY"`,
    ]);
    const { code, stderr } = await lab.slipway(["push", name], { env: { HOME: home } });
    if (code !== 0) throw new Error(stderr);
    context = lab.context({
      ".dockerignore": ".build-cache\nimage.json",
      Dockerfile: `
        FROM ${name} AS tools
        RUN echo tool > /tool
        FROM tools AS build
        COPY main ./
        RUN cat /tool main > /app
        FROM build AS test
        COPY main_test ./
        RUN grep -f main_test /app
        FROM scratch AS package
        COPY --from=build /app /app
        ENTRYPOINT ["/app"]`,
      main: "one\n",
      main_test: "one\n",
    });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  /** Runs a script as the services do, in the project's folder, and gives what its builds did. */
  async function job(store: string, script: readonly string[], own: Readonly<Record<string, string>> = {}) {
    const folder = join(lab.folder, store);
    const runtime = join(lab.store, "runtime");
    if (!existsSync(folder)) {
      mkdirSync(folder);
      // It would have to be brought each time.
      if (existsSync(runtime)) execFileSync("cp", ["-a", runtime, folder]);
    }
    const file = join(lab.folder, "script.sh");
    writeFileSync(file, script.join("\n"));
    const env = {
      PATH: `${commands}:${process.env["PATH"]}`,
      HOME: home,
      SLIPWAY_ROOT: folder,
      SLIPWAY_CONFIG: "",
      SLIPWAY_PROGRESS: "json",
      GITHUB_SHA: "0123abc",
      GITHUB_ACTOR: user.username,
      CI_COMMIT_SHA: "0123abc",
      CI_REGISTRY: registry.domain,
      CI_REGISTRY_IMAGE: `${registry.domain}/team/gitlab`,
      CI_REGISTRY_USER: user.username,
      CI_REGISTRY_PASSWORD: user.password,
      ...own,
    };
    const ended = await startGroup(["bash", "-eo", "pipefail", file], { cwd: context, env }).ended;
    const did = stepsOf(ended.stderr);
    return { ...ended, ran: Object.keys(did).filter((text) => did[text] === "ran" && /^(RUN|COPY)/.test(text)) };
  }

  /** Steps of the workflow by name, with its expressions in place. */
  async function workflow(store: string, ...names: readonly string[]) {
    const filled = (text: string): string =>
      text
        .replaceAll("ghcr.io/${{ github.repository }}", `${registry.domain}/team/github`)
        .replaceAll("${{ secrets.GITHUB_TOKEN }}", user.password);
    const done = [];
    for (const name of names) {
      const step = steps.find((one) => one.name === name);
      const own = Object.entries({ ...github.env, ...step?.env }).map(([key, value]) => [key, filled(value)]);
      done.push(await job(store, [step?.run ?? "exit 99"], Object.fromEntries(own) as Record<string, string>));
    }
    return done;
  }

  const built = ["COPY main ./", "RUN cat /tool main > /app"];
  const tested = ["COPY main_test ./", "RUN grep -f main_test /app"];
  const shipped = ["COPY --from=build /app /app"];
  const good = (ended: readonly Ended[]): void => {
    for (const { code, stderr } of ended) expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  };

  test("GitHub's: one machine tests and ships; the next has nothing to do, and a change runs from there on", async () => {
    rmSync(join(home, ".docker"), { recursive: true });
    const first = await workflow("github-1", "Log in", "Test", "Package");
    good(first);
    expect(first.map(({ ran }) => ran)).toEqual([[], ["RUN echo tool > /tool", ...built, ...tested], shipped]);
    const { "containerimage.digest": digest } = JSON.parse(readFileSync(join(context, "image.json"), "utf8")) as Record<
      string,
      string
    >;
    expect(digest).toMatch(/^sha256:/);
    const second = await workflow("github-2", "Test", "Package");
    good(second);
    expect(second.map(({ ran }) => ran)).toEqual([[], []]);

    writeFileSync(join(context, "main"), "one and two\n");
    const third = await workflow("github-3", "Test", "Package");
    good(third);
    expect(third.map(({ ran }) => ran)).toEqual([[...built, ...tested], shipped]);
  });

  test("GitLab's: each job has a machine of its own, and the folder; a test that fails ends the pipeline", async () => {
    writeFileSync(join(context, "main"), "one\n");
    const run = async (count: number) => [
      await job(`gitlab-test-${count}`, gitlab.test.script),
      await job(`gitlab-package-${count}`, gitlab.package.script),
    ];
    const first = await run(1);
    good(first);
    expect(first.map(({ ran }) => ran)).toEqual([["RUN echo tool > /tool", ...built, ...tested], shipped]);
    const second = await run(2);
    good(second);
    expect(second.map(({ ran }) => ran)).toEqual([[], []]);
    expect(
      second.flatMap(({ stderr }) =>
        eventsOf(stderr).filter((event) => event.type === "warning" && !("note" in event)),
      ),
    ).toEqual([]);

    writeFileSync(join(context, "main"), "two\n");
    const failed = await job("gitlab-test-3", gitlab.test.script);
    expect([failed.code, failed.ran]).toEqual([4, [...built, tested[0]]]);
  });
});
