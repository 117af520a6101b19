import { createReadStream, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { serveGit, serveHttp } from "../support/git-server.ts";
import type { Case } from "./case.ts";

/** Stands for the server's address in what a case says. */
const mark = "%SERVER%";

/** A case with a server beside it, for as long as it is not disposed of. */
export interface ServedCase extends Disposable {
  /** The case with the server's address put in. */
  readonly given: Case;
}

/**
 * Serves the folder that the case names, if it names one: repositories `NAME.git` in it as git does, other files with an ETag and their times.
 * The first part of a path may say how: `/gzip/FILE` packs it, `/cut/FILE` breaks off, `/plain/FILE` has neither ETag nor date, `/disposition/FILE` names it
 * otherwise, `/moved/FILE` redirects to it, `/loop` to itself, `/status/N` answers N.
 * @param folder where the case is, or will be, laid.
 */
export async function serveCase(given: Case, folder: string): Promise<ServedCase> {
  if (given.serve === undefined) return { given, [Symbol.dispose]: () => undefined };
  const root = join(folder, given.serve);
  const repositories = await serveGit(root);
  const server = await serveHttp((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    if (/^\/[^/]+\.git\//.test(pathname)) void pass(repositories.url + pathname + search, request, response);
    else answer(root, pathname, request, response);
  });
  return {
    given: withAddress(given, server.url),
    [Symbol.dispose]: () => {
      server[Symbol.dispose]();
      repositories[Symbol.dispose]();
    },
  };
}

function withAddress({ folder, name, topic, ...rest }: Case, address: string): Case {
  const text = JSON.stringify(rest).replaceAll(mark, address);
  return { ...(JSON.parse(text) as typeof rest), folder, name, topic };
}

/** git speaks to its own server, through this one. */
async function pass(to: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = Object.entries(request.headers).filter(([name]) => name !== "host" && name !== "connection");
  const body = request.method === "POST" ? new ReadableStream({ start: (stream) => feed(request, stream) }) : undefined;
  const init = { method: request.method ?? "GET", headers: headers as [string, string][], body, duplex: "half" };
  try {
    const got = await fetch(to, init as RequestInit);
    response.writeHead(got.status, { "content-type": got.headers.get("content-type") ?? "text/plain" });
    response.end(Buffer.from(await got.arrayBuffer()));
  } catch {
    response.destroy();
  }
}

function feed(request: IncomingMessage, stream: ReadableStreamDefaultController): void {
  request.on("data", (chunk: Buffer) => stream.enqueue(chunk)).on("end", () => stream.close());
}

function answer(root: string, path: string, request: IncomingMessage, response: ServerResponse): void {
  const [, how, rest = ""] = /^\/(gzip|cut|plain|disposition|moved|loop|status)(?:\/(.*))?$/.exec(path) ?? [];
  if (how === "loop") return void response.writeHead(302, { location: "/loop" }).end();
  if (how === "moved") return void response.writeHead(301, { location: `/${rest}` }).end();
  if (how === "status") return void response.writeHead(Number(rest)).end();
  const file = join(root, decodeURIComponent(how === undefined ? path : rest));
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) return void response.writeHead(404).end();
  if (how === "gzip")
    return void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(readFileSync(file)));
  if (how === "cut") {
    response.writeHead(200, { "content-length": stat.size + 1000 }).write(readFileSync(file));
    setTimeout(() => response.destroy(), 20);
    return;
  }
  const etag = `"${stat.size}-${stat.mtimeMs}"`;
  const known = request.headers["if-none-match"] === etag;
  if (known) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, {
    "content-length": stat.size,
    ...(how !== "plain" && { etag, "last-modified": stat.mtime.toUTCString() }),
    ...(how === "disposition" && { "content-disposition": 'attachment; filename="other.txt"' }),
  });
  createReadStream(file).pipe(response);
}
