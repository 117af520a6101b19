// A registry with an image that lies nowhere: its layers are made while they are sent, and what is pushed is read and forgotten. So large ones cost
// no disk, and sending can be held up.
import { createHash, type Hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { Digest } from "../../../src/base/index.ts";
import { encodeHeader } from "../../../src/layer/index.ts";
import { type Descriptor, encodeConfig, makeManifest, mediaTypes } from "../../../src/oci/index.ts";

export interface LargeLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Its bytes: gzip, with blocks that are stored. */
  chunks(): Generator<Buffer>;
}

export interface LargeRegistry extends AsyncDisposable {
  readonly domain: string;
  /** Lines `GET /v2/...` of what it was asked. */
  readonly asked: readonly string[];
  /** Bytes of each layer after which nothing more is sent until `go`. */
  hold(bytes: number): void;
  go(): void;
}

const block = Buffer.alloc(65_000, "what a layer is filled with, 0123456789 ");

/** @param size bytes of its file `name`, after a first small one */
export function largeLayer(name: string, size: number): LargeLayer {
  const chunks = (): Generator<Buffer> => gzip(tar(name, size));
  const [inner, outer] = [createHash("sha256"), createHash("sha256")];
  for (const piece of tar(name, size)) inner.update(piece);
  let bytes = 0;
  for (const piece of chunks()) {
    outer.update(piece);
    bytes += piece.length;
  }
  const descriptor = { mediaType: mediaTypes.oci.layer.gzip, digest: digestOf(outer), size: bytes };
  return { descriptor, diffId: digestOf(inner), chunks };
}

function* tar(name: string, size: number): Generator<Buffer> {
  const entry = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, linkname: "", devMajor: 0, devMinor: 0, xattrs: new Map() };
  yield encodeHeader({ ...entry, name: `first-${name}`, type: "file", size: 5 });
  yield Buffer.concat([Buffer.from("first"), Buffer.alloc(507)]);
  yield encodeHeader({ ...entry, name, type: "file", size });
  for (let left = size; left > 0; left -= block.length) yield block.subarray(0, left);
  yield Buffer.alloc(((512 - (size % 512)) % 512) + 1024);
}

function* gzip(source: Iterable<Buffer>): Generator<Buffer> {
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  let [crc, length] = [0, 0];
  for (const piece of source) {
    crc = crc32(piece, crc);
    length += piece.length;
    const head = Buffer.alloc(5);
    head.writeUInt16LE(piece.length, 1);
    head.writeUInt16LE(0xffff ^ piece.length, 3);
    yield Buffer.concat([head, piece]);
  }
  const tail = Buffer.alloc(13);
  tail.writeUInt8(1, 0);
  tail.writeUInt16LE(0xffff, 3);
  tail.writeUInt32LE(crc, 5);
  tail.writeUInt32LE(length % 0x1_0000_0000, 9);
  yield tail;
}

/** Serves an image of the layers under every name. @param rate bytes a second of each answer */
export async function startLargeRegistry(
  layers: readonly LargeLayer[],
  rate: number = Number.POSITIVE_INFINITY,
): Promise<LargeRegistry> {
  const platform = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch };
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) } as const;
  const config = encodeConfig({ ...platform, rootfs });
  const manifest = makeManifest({ config: config.descriptor, layers: layers.map(({ descriptor }) => descriptor) });
  const byDigest = new Map(layers.map((layer) => [layer.descriptor.digest, layer]));
  const asked: string[] = [];
  let limit = Number.POSITIVE_INFINITY;
  let going = Promise.withResolvers<void>();
  const uploads = new Map<string, { readonly hash: Hash; size: number }>();
  const pushed = new Set<string>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "", "http://localhost");
    const [, , , kind, name = "", upload = ""] = url.pathname.split("/");
    asked.push(`${request.method} ${url.pathname}`);
    if (kind === "manifests" && request.method === "PUT") {
      for await (const chunk of request) void chunk;
      return void response.writeHead(201).end();
    }
    if (kind === "manifests") return send(response, request, manifest.bytes, manifest.descriptor);
    if (kind === "blobs" && name === "uploads") return take(request, response, upload, url);
    if (kind !== "blobs") return void response.writeHead(200).end();
    if (request.method === "HEAD") return void response.writeHead(pushed.has(name) ? 200 : 404).end();
    if (name === config.descriptor.digest) return send(response, request, config.bytes, config.descriptor);
    const layer = byDigest.get(name as Digest);
    if (!layer) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": layer.descriptor.size });
    let sent = 0;
    const gone = new Promise((resolve) => response.once("close", resolve));
    const started = Date.now();
    for (const chunk of layer.chunks()) {
      if (response.destroyed) return;
      if (sent >= limit) await Promise.race([going.promise, gone]);
      if (!response.write(chunk)) await Promise.race([drained(response), gone]);
      sent += chunk.length;
      const early = started + (1000 * sent) / rate - Date.now();
      if (early > 5) await sleep(early);
    }
    response.end();
  };

  /** An upload is hashed and forgotten. */
  const take = async (request: IncomingMessage, response: ServerResponse, id: string, url: URL): Promise<void> => {
    if (request.method === "POST") {
      const made = String(uploads.size + 1);
      uploads.set(made, { hash: createHash("sha256"), size: 0 });
      const location = `${url.pathname.replace(/\/$/, "")}/${made}`;
      return void response.writeHead(202, { location, range: "0-0" }).end();
    }
    const upload = uploads.get(id);
    if (!upload) return void response.writeHead(404).end();
    for await (const chunk of request) {
      upload.hash.update(chunk as Buffer);
      upload.size += (chunk as Buffer).length;
    }
    if (request.method === "PATCH") {
      return void response.writeHead(202, { location: url.pathname, range: `0-${upload.size - 1}` }).end();
    }
    const digest = url.searchParams.get("digest") ?? "";
    if (digestOf(upload.hash) !== digest) return void response.writeHead(400).end();
    pushed.add(digest);
    response.writeHead(201, { location: url.pathname }).end();
  };

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    domain: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    hold: (bytes) => {
      limit = bytes;
      going = Promise.withResolvers();
    },
    go: () => {
      limit = Number.POSITIVE_INFINITY;
      going.resolve();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, { method }: IncomingMessage, bytes: Uint8Array, descriptor: Descriptor): void {
  response.writeHead(200, {
    "content-type": descriptor.mediaType,
    "content-length": bytes.length,
    "docker-content-digest": descriptor.digest,
  });
  response.end(method === "HEAD" ? undefined : bytes);
}

const drained = (response: ServerResponse): Promise<unknown> => new Promise((done) => response.once("drain", done));
function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest("hex")}`;
}
