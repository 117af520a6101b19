import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type LocalServer,
  makeRepository,
  serveGit,
  serveHttp,
  type TestRepository,
} from "../../test/support/git-server.ts";
import { checkOutCommit } from "./git-checkout.ts";
import type { GitAccess } from "./git-program.ts";
import { resolveCommit } from "./git-resolve.ts";
import { type GitSource, parseGitSource } from "./git-source.ts";

const access: GitAccess = { signal: new AbortController().signal };
const folder = mkdtempSync(join(tmpdir(), "slipway-git-"));
let server: LocalServer;
let repository: TestRepository;
let first: string;
let second: string;

beforeAll(async () => {
  repository = makeRepository(folder, "app.git");
  first = repository.commit({ README: "first\n", "sub/file": "in sub\n", "sub/deep/file": "deeper\n" });
  repository.git("tag", "light");
  repository.git("tag", "--annotate", "v1", "-m", "version 1");
  chmodSync(join(repository.folder, "README"), 0o755);
  symlinkSync("sub/file", join(repository.folder, "link"));
  second = repository.commit({ new: "second\n" });
  repository.git("branch", "other", first);
  server = await serveGit(folder);
});

afterAll(() => {
  server[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

function source(suffix = ""): GitSource {
  return parseGitSource(`${server.url}/app.git${suffix}`) as GitSource;
}

/** Checks out and gives the folder. */
async function checkOut(wanted: GitSource, keepGitDir = false): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), "slipway-checkout-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const [into, scratch] = [join(place, "into"), join(place, "scratch")];
  mkdirSync(into);
  mkdirSync(scratch);
  await checkOutCommit(
    { source: wanted, commit: await resolveCommit(wanted, access), keepGitDir, into, scratch },
    access,
  );
  return into;
}

describe("references", () => {
  test.each([
    ["the default branch", "", () => ({ commit: second, ref: "refs/heads/main" })],
    ["a branch", "#other", () => ({ commit: first, ref: "refs/heads/other" })],
    ["a branch by query", "?branch=other", () => ({ commit: first, ref: "refs/heads/other" })],
    ["a tag", "#light", () => ({ commit: first, ref: "refs/tags/light" })],
    ["a whole reference", "?ref=refs/heads/other", () => ({ commit: first, ref: "refs/heads/other" })],
    ["an annotated tag, which leads to a commit", "?tag=v1", () => ({ commit: first, ref: "refs/tags/v1" })],
  ])("%s", async (_what, suffix, wanted) => {
    expect(await resolveCommit(source(suffix), access)).toMatchObject(wanted());
  });

  test("a whole commit id needs no network", async () => {
    const nowhere = parseGitSource(`http://127.0.0.1:9/x.git#${first}`) as GitSource;
    expect(await resolveCommit(nowhere, access)).toEqual({ commit: first, object: first, ref: undefined });
  });

  test("a checksum is what the commit begins with, or that of the tag's object", async () => {
    const object = repository.git("rev-parse", "v1");
    for (const checksum of [first, first.slice(0, 7), object.slice(0, 7)]) {
      expect(await resolveCommit(source(`?tag=v1&checksum=${checksum}`), access)).toMatchObject({ commit: first });
    }
    await expect(resolveCommit(source("?tag=v1&checksum=ffffff"), access)).rejects.toMatchObject({
      code: "SLIP_GIT",
      message: expect.stringMatching(/expected the commit ffffff, got [a-f0-9]{40} or [a-f0-9]{40}$/),
    });
    await expect(resolveCommit(source(`?ref=${first}&checksum=ffff`), access)).rejects.toMatchObject({
      code: "SLIP_GIT",
    });
  });

  test("what is not there is told, with a remedy", async () => {
    await expect(resolveCommit(source("#nowhere"), access)).rejects.toMatchObject({
      code: "SLIP_GIT",
      message: `Cannot fetch the git repository ${server.url}/app.git: it has no reference "nowhere"`,
    });
    await expect(resolveCommit(source("#abcdef1"), access)).rejects.toMatchObject({
      hint: "a commit is named by its whole id (40 digits)",
    });
    const missing = parseGitSource(`${server.url}/missing.git`) as GitSource;
    await expect(resolveCommit(missing, access)).rejects.toMatchObject({ code: "SLIP_GIT", hint: "check the address" });
    const closed = parseGitSource("ssh://git@127.0.0.1:1/app.git") as GitSource;
    await expect(resolveCommit(closed, access)).rejects.toMatchObject({
      message: expect.stringContaining("Connection refused"),
      hint: "check the address and the network",
    });
  });

  test("without git the remedy is told", async () => {
    await expect(resolveCommit(source(), { ...access, env: { PATH: "/nonexistent" } })).rejects.toMatchObject({
      code: "SLIP_GIT",
      message: expect.stringContaining("the program git is not installed"),
      hint: expect.stringContaining("install git"),
    });
  });

  test("passwords are in no message", async () => {
    const secret = parseGitSource(`http://user:hunter2@127.0.0.1:9/x.git`) as GitSource;
    const error = await resolveCommit(secret, access).catch((reason: unknown) => reason);
    expect(JSON.stringify(error)).toContain("127.0.0.1:9");
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("an abort ends it", async () => {
    const stop = new AbortController();
    const asked = resolveCommit(source(), { signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  });
});

describe("files", () => {
  test("modes are 0644, 0755 for programs and folders; links stay; no .git", async () => {
    const into = await checkOut(source());
    expect(readdirSync(into).sort()).toEqual(["README", "link", "new", "sub"]);
    const modes = ["README", "new", "sub"].map((name) => lstatSync(join(into, name)).mode & 0o7777);
    expect(modes).toEqual([0o755, 0o644, 0o755]);
    expect(lstatSync(join(into, "link")).isSymbolicLink()).toBe(true);
  });

  test.each([
    ["a commit that no reference names", () => `#${first}`],
    ["an annotated tag", () => "?tag=v1"],
    ["a commit that is said to be fetched itself", () => `?branch=main&checksum=${first}&fetch-by-commit=1`],
  ])("%s", async (_what, suffix) => {
    const into = await checkOut(source(suffix()));
    expect(readFileSync(join(into, "README"), "utf8")).toBe("first\n");
    expect(existsSync(join(into, "new"))).toBe(false);
  });

  test("a folder of the repository", async () => {
    const into = await checkOut(source("#main:sub"));
    expect(readdirSync(into).sort()).toEqual(["deep", "file"]);
    expect(readdirSync(await checkOut(source("?subdir=/sub/../sub/deep")))).toEqual(["file"]);
  });

  test.each([
    ["is not in it", "#main:nothing"],
    ["is no folder", "#main:README"],
    ["is no folder", "#main:link"],
  ])("a folder that %s", async (why, suffix) => {
    await expect(checkOut(source(suffix))).rejects.toMatchObject({
      code: "SLIP_GIT",
      message: expect.stringContaining(why),
    });
  });

  test("times of the commit, when they are asked for", async () => {
    const into = await checkOut(source("?mtime=commit"));
    const time = Number(repository.git("show", "--no-patch", "--format=%ct", "HEAD"));
    for (const name of ["new", "link", "sub", "sub/file"])
      expect(lstatSync(join(into, name)).mtimeMs).toBe(time * 1000);
  });

  test(".git is kept as a clone has it", async () => {
    const into = await checkOut(source("#other"), true);
    const git = (...args: readonly string[]): string =>
      repository.git(`--git-dir=${into}/.git`, `--work-tree=${into}`, ...args);
    expect(git("rev-parse", "HEAD", "other")).toBe(`${first}\n${first}`);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("config", "remote.origin.url")).toBe(`${server.url}/app.git`);
    expect(existsSync(join(into, ".git/FETCH_HEAD"))).toBe(false);
  });

  test("submodules come along unless they are not wanted, and leave no trace of how", async () => {
    const outer = makeRepository(folder, "outer.git");
    outer.commit({ own: "own\n" });
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", `${folder}/app.git`, "module");
    outer.git("config", "-f", ".gitmodules", "submodule.module.url", "../app.git");
    outer.commit({});
    const at = (suffix: string): GitSource => parseGitSource(`${server.url}/outer.git${suffix}`) as GitSource;
    const into = await checkOut(at(""));
    expect(readdirSync(join(into, "module")).sort()).toEqual(["README", "link", "new", "sub"]);
    expect(readdirSync(join(await checkOut(at("?submodules=false")), "module"))).toEqual([]);
  });
});

describe("servers and repositories of other kinds", () => {
  test("a server that only has files", async () => {
    repository.git("update-server-info");
    const dumb = await serveHttp((request, response) => {
      const path = join(
        repository.folder,
        ".git",
        decodeURIComponent((request.url ?? "").replace(/^\/app\.git|\?.*$/g, "")),
      );
      const there = existsSync(path) && lstatSync(path).isFile();
      response.writeHead(there ? 200 : 404).end(there ? readFileSync(path) : undefined);
    });
    onTestFinished(() => dumb[Symbol.dispose]());
    for (const [suffix, file] of [
      ["", "new"],
      [`#${first}`, "README"],
    ] as const) {
      const into = await checkOut(parseGitSource(`${dumb.url}/app.git${suffix}`) as GitSource);
      expect(existsSync(join(into, file))).toBe(true);
    }
  });

  test("ids of sha256", async () => {
    const other = makeRepository(folder, "sha256.git", "sha256");
    const id = other.commit({ file: "x\n" });
    expect(id).toHaveLength(64);
    for (const suffix of ["", `#${id}`]) {
      const into = await checkOut(parseGitSource(`${server.url}/sha256.git${suffix}`) as GitSource);
      expect(readdirSync(into)).toEqual(["file"]);
    }
  });

  test("a commit without files", async () => {
    makeRepository(folder, "empty.git").commit({});
    expect(readdirSync(await checkOut(parseGitSource(`${server.url}/empty.git`) as GitSource))).toEqual([]);
  });

  test("no passwords of the address are in what is kept of .git, submodules included", async () => {
    const outer = makeRepository(folder, "secret.git");
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", `${folder}/app.git`, "module");
    outer.git("config", "-f", ".gitmodules", "submodule.module.url", "../app.git");
    outer.commit({});
    const address = `${server.url.replace("//", "//user:hunter2@")}/secret.git`;
    const into = await checkOut(parseGitSource(address) as GitSource, true);
    expect(readdirSync(join(into, "module")).sort()).toEqual([".git", "README", "link", "new", "sub"]);
    expect(spawnSync("grep", ["-rlF", "hunter2", into]).status).toBe(1);
    expect(repository.git(`--git-dir=${into}/.git`, "config", "remote.origin.url")).toBe(`${server.url}/secret.git`);
  });
});

describe("hostile repositories", () => {
  test("a submodule of this machine's files is refused", async () => {
    const evil = makeRepository(folder, "evil.git");
    evil.commit({ own: "own\n" });
    evil.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", `${folder}/app.git`, "module");
    evil.commit({});
    await expect(checkOut(parseGitSource(`${server.url}/evil.git`) as GitSource)).rejects.toMatchObject({
      code: "SLIP_GIT",
      message: expect.stringContaining("not allowed"),
    });
  });

  test("hooks and settings of the machine do nothing", async () => {
    const home = mkdtempSync(join(tmpdir(), "slipway-home-"));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    repository.git("config", "--file", join(home, ".gitconfig"), `url.http://127.0.0.1:9/.insteadOf`, `${server.url}/`);
    const env = {
      ...process.env,
      HOME: home,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.proxy",
      GIT_CONFIG_VALUE_0: "x",
    };
    expect(await resolveCommit(source(), { ...access, env })).toMatchObject({ commit: second });
  });
});
