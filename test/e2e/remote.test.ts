import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createSecureServer } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeRepository, serveGit, serveHttp, type TestRepository } from "../support/git-server.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { type Ended, until } from "./support/slipway.ts";

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
}

describe.skipIf(whyNoLab)(`Sources elsewhere${because}`, () => {
  const lab = openLab();

  /** A server with one file whose content and ETag may change; keeps what it was asked. */
  async function oneFile(): Promise<{ url: string; asked: Asked[]; set: (content: string) => void }> {
    let content = "first\n";
    const asked: Asked[] = [];
    const server = await serveHttp((request, response) => {
      const etag = `"${Buffer.from(content).toString("hex")}"`;
      const status = request.headers["if-none-match"] === etag ? 304 : 200;
      asked.push({ url: request.url ?? "", headers: request.headers, status });
      response.writeHead(status, { etag }).end(status === 200 ? content : undefined);
    });
    onTestFinished(() => server[Symbol.dispose]());
    return { url: server.url, asked, set: (text) => (content = text) };
  }

  const repository = async (
    name: string,
  ): Promise<{ url: string; repo: TestRepository; headers: IncomingHttpHeaders[] }> => {
    const folder = join(lab.folder, `git-${name}`);
    const repo = makeRepository(folder, "app.git");
    const headers: IncomingHttpHeaders[] = [];
    const server = await serveGit(folder, (request) => headers.push(request.headers));
    onTestFinished(() => server[Symbol.dispose]());
    return { url: `${server.url}/app.git`, repo, headers };
  };

  const failed = async (
    context: string,
    options: { env?: Record<string, string> } = {},
    ...args: string[]
  ): Promise<Ended> => {
    const ended = await lab.slipway(["build", "--progress=plain", ...args, context], options);
    expect(ended.code).not.toBe(0);
    return ended;
  };

  test("a file is fetched once, asked for once in each build, and fetched again when it is another", async () => {
    const { url, asked, set } = await oneFile();
    const context = lab.context({ Dockerfile: `FROM base\nADD ${url}/f /a\nADD ${url}/f /b/\nRUN cat /a /b/f > /c\n` });
    await lab.build(context);
    expect(asked.map(({ status }) => status)).toEqual([200]);
    const again = await lab.build(context);
    expect(asked.map(({ status }) => status)).toEqual([200, 304]);
    expect(Object.values(again.steps).filter((did) => did === "ran")).toEqual(["ran"]);
    expect(again.steps[`fetch ${url}/f`]).toBe("ran");
    set("second\n");
    expect((await lab.tree(context)).get("c")?.content).toBe("second\nsecond\n");
    expect(asked.at(-1)?.status).toBe(200);
    set("first\n");
    const back = await lab.build(context);
    expect(back.steps["RUN cat /a /b/f > /c"]).toBe("cached");
  });

  test("a checksum that is right needs no server the second time, and another does not take what is there for it", async () => {
    const { url, asked } = await oneFile();
    const sum = createHash("sha256").update("first\n").digest("hex");
    const context = lab.context({ Dockerfile: `FROM scratch\nADD --checksum=sha256:${sum} ${url}/f /\n` });
    await lab.build(context);
    await lab.build(context, "--no-cache");
    expect(asked).toHaveLength(1);
    const other = lab.context({ Dockerfile: `FROM scratch\nADD --checksum=sha256:${"1".repeat(64)} ${url}/f /\n` });
    const { code, stderr } = await failed(other);
    expect(code).toBe(6);
    expect(stderr).toContain(`its digest is sha256:${sum}, expected sha256:${"1".repeat(64)} (SLIP_DIGEST_MISMATCH)`);
    expect(stderr).toContain(">>> ADD --checksum");
  });

  test("what two builds want at the same time is fetched by both or by one, and is right in both", async () => {
    const { url } = await oneFile();
    const contexts = ["x", "y"].map((name) => lab.context({ Dockerfile: `FROM scratch\nADD ${url}/f /${name}\n` }));
    const trees = await Promise.all(contexts.map((context) => lab.tree(context)));
    expect(trees.map((tree, at) => tree.get(["x", "y"][at] as string)?.content)).toEqual(["first\n", "first\n"]);
  });

  test("a prune between two builds costs a download and nothing else", async () => {
    const { url, asked } = await oneFile();
    const context = lab.context({ Dockerfile: `FROM scratch\nADD ${url}/f /\n` });
    await lab.build(context);
    await lab.slipway(["prune", "--all", "--force"]);
    await lab.build(context);
    expect(asked.map(({ status }) => status)).toEqual([200, 200]);
    expect(await lab.verify()).toEqual([]);
  });

  test("credentials from secrets go to the host that they are for, not where it leads, and not to the disk", async () => {
    const elsewhere = await oneFile();
    const asked: Asked[] = [];
    const server = await serveHttp((request, response) => {
      asked.push({ url: request.url ?? "", headers: request.headers, status: 302 });
      response.writeHead(302, { location: `${elsewhere.url.replace("127.0.0.1", "localhost")}/f` }).end();
    });
    onTestFinished(() => server[Symbol.dispose]());
    const context = lab.context({ Dockerfile: `FROM scratch\nADD ${server.url}/f /\n` });
    const secret = "HTTP_AUTH_TOKEN_127.0.0.1";
    const ended = await lab.slipway(["build", "--secret", `id=${secret},env=TOKEN`, context], {
      env: { TOKEN: "hunter2" },
    });
    expect(ended).toMatchObject({ code: 0 });
    expect(asked[0]?.headers.authorization).toBe("Bearer hunter2");
    expect(elsewhere.asked[0]?.headers.authorization).toBeUndefined();
    expect(spawnSync("grep", ["-rlF", "hunter2", lab.store]).status).toBe(1);
  });

  test("a proxy is used as the variables say", async () => {
    const { url: proxy, asked } = await oneFile();
    const context = lab.context({ Dockerfile: "FROM scratch\nADD http://files.example/f /\n" });
    const ended = await lab.slipway(["build", context], { env: { http_proxy: proxy } });
    expect(ended).toMatchObject({ code: 0 });
    expect(asked.map(({ url }) => url)).toEqual(["http://files.example/f"]);
  });

  test("a certificate that nobody vouches for is refused, at once and with its name", async () => {
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(lab.folder, name)) as [string, string];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
      ],
      { stdio: "ignore" },
    );
    let requests = 0;
    const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
      requests++;
      response.end("safe\n");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    onTestFinished(() => void server.close());
    const context = lab.context({
      Dockerfile: `FROM scratch\nADD https://127.0.0.1:${(server.address() as AddressInfo).port}/f /\n`,
    });
    const { code, stderr } = await failed(context);
    expect({ code, requests }).toEqual({ code: 6, requests: 0 });
    expect(stderr).toMatch(/Cannot reach 127\.0\.0\.1:\d+: self-signed certificate \(SLIP_NETWORK\)/);
    expect(await lab.slipway(["build", context], { env: { NODE_EXTRA_CA_CERTS: cert } })).toMatchObject({ code: 0 });
  });

  test("Ctrl-C while a file comes in ends the build and leaves nothing", async () => {
    const server = await serveHttp((_request, response) => {
      response.writeHead(200).write("x".repeat(100_000));
    });
    onTestFinished(() => server[Symbol.dispose]());
    await lab.ready();
    const context = lab.context({ Dockerfile: `FROM scratch\nADD ${server.url}/endless /\n` });
    const running = lab.start(["build", "--progress=json", context]);
    await until(() => running.said().includes("downloading"));
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(await lab.verify()).toEqual([]);
  });

  test("a commit is fetched once; a pinned one needs no server; what moves on is fetched", async () => {
    const { url, repo, headers } = await repository("cached");
    const first = repo.commit({ a: "first\n" });
    const moving = lab.context({ Dockerfile: `FROM scratch\nADD ${url} /\n` });
    const pinned = lab.context({ Dockerfile: `FROM scratch\nADD ${url}#${first} /\n` });
    expect((await lab.tree(moving)).get("a")?.content).toBe("first\n");
    const requests = headers.length;
    expect((await lab.tree(pinned)).get("a")?.content).toBe("first\n");
    expect(headers).toHaveLength(requests);
    repo.commit({ a: "second\n" });
    expect((await lab.tree(moving)).get("a")?.content).toBe("second\n");
    expect((await lab.tree(pinned)).get("a")?.content).toBe("first\n");
  });

  test("a token lets git into a repository, and is in no command line and not on the disk", async () => {
    const { url, repo, headers } = await repository("token");
    repo.commit({ a: "a\n" });
    const context = lab.context({ Dockerfile: `FROM scratch\nADD ${url} /\n` });
    const ended = await lab.slipway(["build", "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", context], {
      env: { TOKEN: "hunter2" },
    });
    expect(ended).toMatchObject({ code: 0 });
    const wanted = `basic ${Buffer.from("x-access-token:hunter2").toString("base64")}`;
    expect(new Set(headers.map(({ authorization }) => authorization))).toEqual(new Set([wanted]));
  });

  test("git over ssh gets the agent that was given, and no other settings", async () => {
    const { repo } = await repository("ssh");
    repo.commit({ a: "by ssh\n" });
    const bin = join(lab.folder, "bin");
    mkdirSync(bin);
    const log = join(lab.folder, "ssh.log");
    // Stands in for ssh: what it is asked to run on the host runs here.
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh\necho "$SSH_AUTH_SOCK $*" >> ${log}\nfor last; do :; done\nexec sh -c "$last"\n`,
    );
    chmodSync(join(bin, "ssh"), 0o755);
    const socket = join(lab.folder, "agent.sock");
    const agent = (await import("node:net")).createServer().listen(socket);
    onTestFinished(() => void agent.close());
    const context = lab.context({ Dockerfile: `FROM scratch\nADD git@host.example:${repo.folder} /\n` });
    const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: "/home/nobody" };
    expect(await lab.slipway(["build", "--ssh", `default=${socket}`, context], { env })).toMatchObject({ code: 0 });
    const said = readFileSync(log, "utf8");
    expect(said).toContain(`${socket} -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new`);
    expect(said).toContain("/home/nobody/.ssh/known_hosts");
    expect(said).toContain("git@host.example git-upload-pack");
  });

  test("without git there is a remedy", async () => {
    const bin = join(lab.folder, "without-git");
    mkdirSync(bin);
    for (const name of ["unshare", "sh", "crun", "runc", "newuidmap", "newgidmap"]) {
      try {
        execFileSync("ln", ["-s", execFileSync("which", [name], { encoding: "utf8" }).trim(), join(bin, name)]);
      } catch {
        // this machine does not have it
      }
    }
    const context = lab.context({ Dockerfile: "FROM scratch\nADD https://127.0.0.1:9/x.git /\n" });
    const { code, stderr } = await failed(context, { env: { PATH: bin } });
    expect(code).toBe(6);
    expect(stderr).toContain("the program git is not installed (SLIP_GIT)");
    expect(stderr).toContain("hint: install git");
  });
});
