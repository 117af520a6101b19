// A registry in this process that keeps to the distribution-spec, and breaks it on demand: the other half of a fault proxy.
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { isDigest, sha256 } from "../../../src/base/index.ts";
import { mediaTypes, type Reference } from "../../../src/oci/index.ts";
import { type FakeAuth, passwordOf, TokenService } from "./token-service.ts";

export interface FakeOptions {
  readonly auth?: FakeAuth | undefined;
  readonly tls?: ServerOptions | undefined;
  /** Default true. */
  readonly ranges?: boolean | undefined;
  /** Lists referrers itself. Default true. */
  readonly referrers?: boolean | undefined;
  /** Goes on with a cut upload. Default true. */
  readonly resumes?: boolean | undefined;
  /** Manifests have ETags, and what is stored on a condition is stored only then. */
  readonly conditions?: boolean | undefined;
  /** Deletes a tag alone. Default true. */
  readonly deletesTags?: boolean | undefined;
  /** Entries of one page of a list. */
  readonly pageSize?: number | undefined;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the request: `GET`. */
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

/** Handles an exchange in place of the registry and returns true, or returns false and leaves it alone. */
export type Fault = (exchange: Exchange) => boolean | Promise<boolean>;

interface Stored {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface Repository {
  readonly blobs: Map<string, Buffer>;
  /** By digest. */
  readonly manifests: Map<string, Stored>;
  readonly tags: Map<string, string>;
}

export class FakeRegistry {
  readonly options: FakeOptions;
  readonly repositories = new Map<string, Repository>();
  /** `GET /v2/...`, in the order of their arrival. */
  readonly requests: string[] = [];
  /** The Authorization of each request. */
  readonly authorizations: (string | undefined)[] = [];
  readonly tokens: TokenService | undefined;
  faults: Fault[] = [];
  connections = 0;
  /** The most connections that were open at once. */
  mostConnections = 0;
  readonly #uploads = new Map<string, Buffer>();
  readonly #server: Server;
  #next = 0;

  constructor(options: FakeOptions) {
    this.options = options;
    if (options.auth && options.auth.type === "bearer") this.tokens = new TokenService(options.auth);
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle({ request, response, method: request.method ?? "", path: request.url ?? "" }).catch(
        (error: Error) => {
          if (!response.headersSent) response.writeHead(500);
          response.destroy(error);
        },
      );
    };
    this.#server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener);
    this.#server.on("connection", (socket) => {
      this.mostConnections = Math.max(this.mostConnections, ++this.connections);
      socket.on("close", () => this.connections--);
    });
  }

  /** Uploads that have neither ended nor been given up. */
  get uploads(): number {
    return this.#uploads.size;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get domain(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://${this.domain}`;
  }

  reference(path: string, tag = "latest"): Reference {
    return { domain: this.domain, path, tag };
  }

  repository(name: string): Repository {
    const known = this.repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.repositories.set(name, known);
    return known;
  }

  count(pattern: RegExp): number {
    return this.requests.filter((line) => pattern.test(line)).length;
  }

  async listen(): Promise<void> {
    await new Promise<void>((ready) => this.#server.listen(0, "127.0.0.1", ready));
  }

  /** All connections are gone; it goes on listening. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(exchange: Exchange): Promise<void> {
    const { request, response, method, path } = exchange;
    request.on("error", () => undefined);
    this.requests.push(`${method} ${path}`);
    this.authorizations.push(request.headers.authorization);
    for (const fault of this.faults) if (await fault(exchange)) return;
    if (this.tokens && path.startsWith("/token")) return this.tokens.answer(request, response, this.url);
    const refusal = this.#refusal(exchange);
    if (refusal !== undefined) {
      response.writeHead(401, { "www-authenticate": refusal, "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] }));
      return;
    }
    await this.#route(exchange);
  }

  /** The challenge for a request that may not be. */
  #refusal({ request, method, path }: Exchange): string | undefined {
    const { auth } = this.options;
    const given = request.headers.authorization;
    if (auth === undefined) return undefined;
    if (auth.type === "basic") {
      const known = passwordOf(given);
      const right = known !== undefined && auth.users[known.user] === known.password;
      return right ? undefined : `Basic realm="fake, \\"registry\\""`;
    }
    const repository = /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)\//.exec(path)?.[1];
    const action = method === "GET" || method === "HEAD" ? "pull" : method === "DELETE" ? "delete" : "push";
    const scope = repository === undefined ? undefined : `repository:${repository}:${action}`;
    if (this.tokens?.allows(given, scope)) return undefined;
    const asked = scope === undefined ? "" : `,scope="${scope}"`;
    return `Bearer realm="${auth.realm ?? `${this.url}/token`}",service="fake"${asked}`;
  }

  async #route({ request, response, method, path }: Exchange): Promise<void> {
    const url = new URL(path, this.url);
    if (url.pathname === "/v2/") return void response.writeHead(200).end("{}");
    const match = /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/(.*)$/.exec(url.pathname);
    if (!match) return problem(response, 404, "NAME_UNKNOWN");
    const [, name = "", kind, rest = ""] = match;
    if (kind === "blobs/uploads") return this.#upload(name, rest, url, request, response);
    const repository = this.repositories.get(name);
    if (kind === "manifests" && method === "PUT") return this.#putManifest(name, rest, request, response);
    if (!repository) return problem(response, 404, "NAME_UNKNOWN");
    if (kind === "manifests" && method === "DELETE") return this.#remove(repository, rest, response);
    if (kind === "manifests") {
      const found = repository.manifests.get(repository.tags.get(rest) ?? rest);
      if (!found) return problem(response, 404, "MANIFEST_UNKNOWN");
      response.setHeader("docker-content-digest", sha256(found.bytes));
      if (this.options.conditions) response.setHeader("etag", `"${sha256(found.bytes)}"`);
      return this.#bytes(request, response, found.bytes, found.mediaType);
    }
    if (kind === "blobs") {
      const found = repository.blobs.get(rest);
      return found
        ? this.#bytes(request, response, found, "application/octet-stream")
        : problem(response, 404, "BLOB_UNKNOWN");
    }
    if (kind === "tags")
      return this.#list(name, [...repository.tags.keys()].sort(), url, response, (tags) => ({ name, tags }));
    return this.#referrers(name, repository, rest, url, response);
  }

  /** Bytes with ranges, as the faults let them through. */
  #bytes(request: IncomingMessage, response: ServerResponse, bytes: Buffer, mediaType: string): void {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const partly = from > 0 && this.options.ranges !== false;
    if (partly && from >= bytes.length) return problem(response, 416, "SIZE_INVALID");
    const body = partly ? bytes.subarray(from) : bytes;
    response.writeHead(partly ? 206 : 200, {
      "content-type": mediaType,
      "content-length": body.length,
      ...(partly && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #upload(name: string, id: string, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request;
    if (method === "POST") {
      const [mount, from] = [url.searchParams.get("mount"), url.searchParams.get("from")];
      const bytes = this.repositories.get(from ?? "")?.blobs.get(mount ?? "");
      if (bytes) {
        this.repository(name).blobs.set(mount ?? "", bytes);
        return void response
          .writeHead(201, { location: `/v2/${name}/blobs/${mount}`, "docker-content-digest": mount ?? "" })
          .end();
      }
      const fresh = `upload-${++this.#next}`;
      this.#uploads.set(fresh, Buffer.alloc(0));
      return this.#state(name, fresh, 202, response);
    }
    const had = this.#uploads.get(id);
    if (!had) return problem(response, 404, "BLOB_UPLOAD_UNKNOWN");
    if (method === "GET") return this.#state(name, id, 204, response);
    if (method === "DELETE") {
      this.#uploads.delete(id);
      return void response.writeHead(204).end();
    }
    const start = /^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== had.length) return problem(response, 416, "BLOB_UPLOAD_INVALID");
    const { bytes, whole } = await bodyOf(request);
    const all = Buffer.concat([had, bytes]);
    if (!this.#uploads.has(id)) return problem(response, 404, "BLOB_UPLOAD_UNKNOWN");
    if (!whole && this.options.resumes === false) this.#uploads.delete(id);
    else this.#uploads.set(id, all);
    if (!whole) return;
    if (method === "PATCH") return this.#state(name, id, 202, response);
    this.#uploads.delete(id);
    const digest = url.searchParams.get("digest") ?? "";
    if (digest !== sha256(all)) return problem(response, 400, "DIGEST_INVALID");
    this.repository(name).blobs.set(digest, all);
    response.writeHead(201, { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest }).end();
  }

  #state(name: string, id: string, status: number, response: ServerResponse): void {
    const size = this.#uploads.get(id)?.length ?? 0;
    response.writeHead(status, {
      location: `/v2/${name}/blobs/uploads/${id}?state=a%3D%3D`,
      range: `0-${Math.max(0, size - 1)}`,
      "content-length": 0,
    });
    response.end();
  }

  async #putManifest(name: string, tag: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { bytes, whole } = await bodyOf(request);
    if (!whole) return;
    const repository = this.repository(name);
    const value = JSON.parse(bytes.toString()) as ManifestText;
    const missing = [value.config, ...(value.layers ?? [])].some((blob) => blob && !repository.blobs.has(blob.digest));
    if (missing) return problem(response, 400, "MANIFEST_BLOB_UNKNOWN");
    if ((value.manifests ?? []).some(({ digest }) => !repository.manifests.has(digest))) {
      return problem(response, 400, "MANIFEST_UNKNOWN");
    }
    const digest = sha256(bytes);
    if (isDigest(tag) && tag !== digest) return problem(response, 400, "DIGEST_INVALID");
    const { "if-match": match, "if-none-match": none } = request.headers;
    const there = repository.tags.get(tag);
    if (this.options.conditions && ((match !== undefined && match !== `"${there}"`) || (none === "*" && there))) {
      return problem(response, 412, "DENIED");
    }
    repository.manifests.set(digest, { mediaType: request.headers["content-type"] ?? "", bytes });
    if (!isDigest(tag)) repository.tags.set(tag, digest);
    const { subject } = value;
    const lists = this.options.referrers !== false && subject !== undefined;
    response.writeHead(201, {
      location: `/v2/${name}/manifests/${digest}`,
      "docker-content-digest": digest,
      ...(lists && { "oci-subject": subject.digest }),
    });
    response.end();
  }

  #remove(repository: Repository, name: string, response: ServerResponse): void {
    if (!isDigest(name)) {
      if (this.options.deletesTags === false) return problem(response, 405, "UNSUPPORTED");
      return repository.tags.delete(name)
        ? void response.writeHead(202).end()
        : problem(response, 404, "MANIFEST_UNKNOWN");
    }
    if (!repository.manifests.delete(name)) return problem(response, 404, "MANIFEST_UNKNOWN");
    for (const [tag, digest] of repository.tags) if (digest === name) repository.tags.delete(tag);
    response.writeHead(202).end();
  }

  #referrers(name: string, repository: Repository, subject: string, url: URL, response: ServerResponse): void {
    if (this.options.referrers === false) return void response.writeHead(404).end("404 page not found");
    const found = [...repository.manifests].flatMap(([digest, { mediaType, bytes }]) => {
      const value = JSON.parse(bytes.toString()) as ManifestText;
      if (value.subject?.digest !== subject) return [];
      return [{ mediaType, digest, size: bytes.length, artifactType: value.artifactType ?? value.config?.mediaType }];
    });
    response.setHeader("content-type", mediaTypes.oci.index);
    this.#list(name, found, url, response, (manifests) => ({
      schemaVersion: 2,
      mediaType: mediaTypes.oci.index,
      manifests,
    }));
  }

  /** A page of a list, with a Link to the next. */
  #list<T>(
    _name: string,
    all: readonly T[],
    url: URL,
    response: ServerResponse,
    show: (page: readonly T[]) => object,
  ): void {
    const size = this.options.pageSize ?? 1000;
    const at = Number(url.searchParams.get("last") ?? 0);
    const more = at + size < all.length;
    const query = new URLSearchParams({ ...Object.fromEntries(url.searchParams), last: String(at + size) });
    if (more) response.setHeader("link", `<${url.pathname}?${query.toString()}>; rel="next"`);
    response.writeHead(200).end(JSON.stringify(show(all.slice(at, at + size))));
  }
}

interface ManifestText {
  readonly config?: { readonly digest: string; readonly mediaType: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
  readonly subject?: { readonly digest: string };
  readonly artifactType?: string;
}

/** Starts a registry for this test. */
export async function fakeRegistry(options: FakeOptions = {}): Promise<FakeRegistry> {
  const registry = new FakeRegistry(options);
  await registry.listen();
  onTestFinished(() => registry.close());
  return registry;
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  const body = JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] });
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length, ...headers });
  response.end(body);
}

/** What arrived, and whether it is all. */
async function bodyOf(request: IncomingMessage): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), whole: true };
  } catch {
    return { bytes: Buffer.concat(chunks), whole: false };
  }
}
