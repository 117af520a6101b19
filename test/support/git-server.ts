import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

/** A server on the loopback. */
export interface LocalServer extends Disposable {
  /** Without a slash at its end. */
  readonly url: string;
}

/** Starts a web server on a free port of the loopback. */
export async function serveHttp(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Serves the repositories in a folder by git's own CGI program: `URL/NAME.git`. */
export function serveGit(folder: string, onRequest: (request: IncomingMessage) => void = () => undefined) {
  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  return serveHttp((request, response) => {
    onRequest(request);
    runCgi(backend, folder, request, response);
  });
}

/** RFC 3875, as far as the program needs it. */
function runCgi(program: string, folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const child = spawn(program, [], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin).on("error", () => undefined);
  let head = Buffer.alloc(0);
  let begun = false;
  child.stdout.on("data", (chunk: Buffer) => {
    if (begun) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    begun = true;
    const headers = new Map(
      head
        .toString("latin1", 0, end)
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]),
    );
    response.statusCode = Number.parseInt(headers.get("Status") ?? "200", 10);
    for (const [name, value] of headers) if (name !== "Status") response.setHeader(name, value);
    response.write(head.subarray(end + 4));
  });
  child.stdout.on("end", () => response.end());
}

/** A repository to serve. */
export interface TestRepository {
  readonly folder: string;
  /** Runs git in it; gives its output without the line end. */
  git(...args: readonly string[]): string;
  /** Writes files (undefined removes) and commits them; gives the commit's id. */
  commit(files: Readonly<Record<string, string | undefined>>, message?: string): string;
}

/** Makes a repository with a branch `main` and nothing in it. Its commits have fixed times, so that their ids are the same in every run. */
export function makeRepository(folder: string, name: string, format: "sha1" | "sha256" = "sha1"): TestRepository {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  let clock = 1_600_000_000;
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-C", path, ...args], {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        HOME: "/nonexistent",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_AUTHOR_NAME: "Test",
        GIT_AUTHOR_EMAIL: "test@example.com",
        GIT_COMMITTER_NAME: "Test",
        GIT_COMMITTER_EMAIL: "test@example.com",
        GIT_AUTHOR_DATE: `${clock} +0000`,
        GIT_COMMITTER_DATE: `${clock} +0000`,
        GIT_ALLOW_PROTOCOL: "file:http",
      },
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  git("init", "--quiet", "--initial-branch=main", `--object-format=${format}`);
  git("config", "receive.denyCurrentBranch", "ignore");
  return {
    folder: path,
    git,
    commit: (files, message = "change") => {
      clock += 60;
      for (const [file, content] of Object.entries(files)) {
        const target = join(path, file);
        if (content === undefined) {
          git("rm", "--quiet", file);
          continue;
        }
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, content);
      }
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "-m", message);
      return git("rev-parse", "HEAD");
    },
  };
}
