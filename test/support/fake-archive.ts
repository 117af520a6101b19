// A small Debian archive for tests: its own key, signed Releases, packages, and a loopback server that misbehaves on demand.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import * as openpgp from "openpgp";
import { onTestFinished } from "vitest";
import type { BuildEvent } from "../../src/base/index.ts";
import { writeLayer } from "../../src/layer/index.ts";
import type { Store } from "../../src/store/index.ts";
import type { OpenArchiveOptions } from "../../src/debian/contract.ts";
import { tempFolder, tempStore } from "./store-lab.ts";

/** Makes one answer go wrong. Called for each request of the path until it returns false. */
export type Fault = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

export interface FakePackage {
  readonly name: string;
  readonly version?: string | undefined;
  /** More control fields: `{ Depends: "libc6" }`. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly deb?: Buffer | undefined;
  /** In place of its sha256: `{ MD5sum: "..." }`. */
  readonly sums?: Readonly<Record<string, string>> | undefined;
}

export interface FakeSuite {
  readonly packages: readonly FakePackage[];
  readonly date?: Date | undefined;
  readonly validUntil?: Date | undefined;
  readonly codename?: string | undefined;
  /** Changes the text of the Release before it is signed: what a broken archive does. */
  readonly text?: ((text: string) => string) | undefined;
  /** Sign the Release instead of the archive's own key. */
  readonly keys?: readonly SigningKey[] | undefined;
  /** As old archives are: Release and Release.gpg in place of an InRelease. */
  readonly detached?: boolean | undefined;
  /** Indexes as Debian packs them, or as aptly does. */
  readonly packing?: "xz" | "gz" | undefined;
}

export interface SigningKey {
  readonly privateKey: openpgp.PrivateKey;
  readonly armoured: string;
}

export async function makeKey(name: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await openpgp.generateKey({
    userIDs: [{ name }],
    format: "object",
    date: new Date(Date.now() - 3_600_000),
  });
  return { privateKey, armoured: publicKey.armor() };
}

/** An archive on a loopback server. */
export class FakeArchive {
  readonly key: SigningKey;
  readonly files = new Map<string, Buffer>();
  /** By path, without a leading slash. */
  readonly faults = new Map<string, Fault>();
  /** Paths asked for, in order. */
  readonly requests: string[] = [];
  readonly keyring: string;
  #port = 0;

  private constructor(key: SigningKey) {
    this.key = key;
    this.keyring = join(tempFolder(), "keyring.asc");
    writeFileSync(this.keyring, key.armoured);
  }

  static async start(): Promise<FakeArchive> {
    const archive = new FakeArchive(await sharedKey());
    const server = createServer((request, response) => archive.#answer(request, response));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    archive.#port = (server.address() as AddressInfo).port;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return archive;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/debian`;
  }

  /** Publishes a suite (again): its packages, its index in xz, its InRelease. */
  async publish(suite: string, content: FakeSuite): Promise<void> {
    const stanzas = content.packages.map((entry) => {
      const version = entry.version ?? "1.0";
      const deb = entry.deb ?? Buffer.from(`${entry.name} ${version}`);
      const filename = `pool/main/${entry.name}_${version.replace(/^\d+:/, "")}_amd64.deb`;
      this.files.set(filename, deb);
      const fields = {
        Package: entry.name,
        Version: version,
        Architecture: "amd64",
        Maintainer: "Jörg <j@example.org>",
        ...entry.fields,
        Filename: filename,
        Size: `${deb.length}`,
        ...(entry.sums ?? { SHA256: sha256Hex(deb) }),
      };
      return Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join("");
    });
    const plain = Buffer.from(stanzas.join("\n"));
    const { packing = "xz" } = content;
    const packed = packing === "xz" ? storedXz(plain) : gzipSync(plain);
    const folder = `dists/${suite}/main/binary-amd64`;
    this.files.set(`${folder}/Packages.${packing}`, packed);
    this.files.set(`${folder}/by-hash/SHA256/${sha256Hex(packed)}`, packed);
    const lines = [
      "Origin: Debian",
      `Suite: ${suite}`,
      `Codename: ${content.codename ?? suite}`,
      "Version: 99.1",
      `Date: ${(content.date ?? new Date(Date.now() - 60_000)).toUTCString().replace("GMT", "UTC")}`,
      ...(content.validUntil ? [`Valid-Until: ${content.validUntil.toUTCString().replace("GMT", "UTC")}`] : []),
      "Acquire-By-Hash: yes",
      "Architectures: all amd64",
      "Components: main",
      "SHA256:",
      ` ${sha256Hex(plain)} ${plain.length} main/binary-amd64/Packages`,
      ` ${sha256Hex(packed)} ${packed.length} main/binary-amd64/Packages.${packing}`,
    ];
    const text = (content.text ?? String)(`${lines.join("\n")}\n`);
    for (const name of ["InRelease", "Release", "Release.gpg"]) this.files.delete(`dists/${suite}/${name}`);
    if (content.detached) {
      this.files.set(`dists/${suite}/Release`, Buffer.from(text));
      this.files.set(`dists/${suite}/Release.gpg`, await this.signBeside(text, content.keys));
    } else this.files.set(`dists/${suite}/InRelease`, await this.sign(text, content.keys));
  }

  /** Three suites with the packages in the first. */
  async publishAll(packages: readonly FakePackage[], content: Partial<FakeSuite> = {}): Promise<void> {
    await this.publish("bookworm", { ...content, packages });
    const { detached, packing } = content;
    await this.publish("bookworm-updates", { packages: [], detached, packing });
    await this.publish("bookworm-security", { packages: [], detached, packing });
  }

  async sign(text: string, keys: readonly SigningKey[] = [this.key]): Promise<Buffer> {
    const message = await openpgp.createCleartextMessage({ text });
    const date = new Date(Date.now() - 1000);
    return Buffer.from(await openpgp.sign({ message, signingKeys: keys.map((one) => one.privateKey), date }), "utf8");
  }

  /** A signature alone, armoured. */
  async signBeside(text: string, keys: readonly SigningKey[] = [this.key]): Promise<Buffer> {
    const message = await openpgp.createMessage({ binary: Buffer.from(text) });
    const signingKeys = keys.map((one) => one.privateKey);
    const date = new Date(Date.now() - 1000);
    return Buffer.from(await openpgp.sign({ message, signingKeys, date, detached: true }), "latin1");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent((request.url ?? "").replace(/^\/debian\//, ""));
    this.requests.push(path);
    const body = this.files.get(path);
    if (this.faults.get(path)?.(request, response, body ?? Buffer.alloc(0))) return;
    if (!body) {
      response.writeHead(404).end();
      return;
    }
    const etag = `"${sha256Hex(body)}"`;
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.writeHead(200, { "content-length": body.length, etag }).end(body);
  }
}

/** Options that open the fake archive; events are collected. */
export function options(
  archive: FakeArchive,
  more: Partial<OpenArchiveOptions> = {},
): OpenArchiveOptions & { readonly events: BuildEvent[]; readonly store: Store } {
  const store = more.cache ? (undefined as unknown as Store) : tempStore();
  const events: BuildEvent[] = [];
  return {
    suite: "bookworm",
    arch: "amd64",
    mirror: archive.url,
    securityMirror: archive.url,
    keyring: archive.keyring,
    maxAge: 0,
    cache: more.cache ?? { folder: join(store.root, "debian"), blobs: store.blobs },
    ctx: { signal: new AbortController().signal, emit: (event) => events.push(event) },
    ...more,
    events,
    store,
  };
}

/** Answers so many times with the fault, then as usual. */
export function times(count: number, fault: (response: ServerResponse, body: Buffer) => void): Fault {
  let left = count;
  return (_request, response, body) => {
    if (left-- <= 0) return false;
    fault(response, body);
    return true;
  };
}

let key: Promise<SigningKey> | undefined;

function sharedKey(): Promise<SigningKey> {
  return (key ??= makeKey("Test Archive"));
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An xz file (its format specification 1.1.0) whose LZMA2 chunks hold the bytes as they are: no compressor needed. */
function storedXz(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 0xffff) {
    const part = bytes.subarray(at, at + 0xffff);
    chunks.push(Buffer.from([at === 0 ? 1 : 2, (part.length - 1) >> 8, (part.length - 1) & 0xff]), part);
  }
  const data = Buffer.concat([...chunks, Buffer.from([0])]);
  const flags = Buffer.from([0, 0]);
  const start = Buffer.concat([Buffer.from("fd377a585a00", "hex"), flags, le32(crc32(flags))]);
  const blockHead = Buffer.from([2, 0, 0x21, 1, 0x16, 0, 0, 0]);
  const block = Buffer.concat([blockHead, le32(crc32(blockHead)), data]);
  const blocks = bytes.length === 0 ? [] : [block, Buffer.alloc((4 - (block.length % 4)) % 4)];
  const records = bytes.length === 0 ? [] : [...vli(block.length), ...vli(bytes.length)];
  const bare = Buffer.from([0, bytes.length === 0 ? 0 : 1, ...records]);
  const index = Buffer.concat([bare, Buffer.alloc((4 - (bare.length % 4)) % 4)]);
  const backward = Buffer.concat([le32(index.length / 4), flags]);
  const end = Buffer.concat([le32(crc32(backward)), backward, Buffer.from("YZ")]);
  return Buffer.concat([start, ...blocks, index, le32(crc32(index)), end]);
}

function le32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function vli(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...vli(value >>> 7)];
}

export interface DebFiles {
  readonly control: Readonly<Record<string, string>>;
  /** Path -> content, or a tar as it is. */
  readonly data: Readonly<Record<string, string>> | Buffer;
  readonly compression?: "none" | "gz" | "xz" | "zst" | undefined;
}

/** A binary package with those files; what its control file does not say is version 1.0 for amd64. */
export async function makeDeb(files: DebFiles): Promise<Buffer> {
  const compression = files.compression ?? "xz";
  const pack = { none: (b: Buffer) => b, gz: gzipSync, xz: storedXz, zst: zstdCompressSync }[compression];
  const ending = compression === "none" ? "" : `.${compression}`;
  return ar([
    ["debian-binary", Buffer.from("2.0\n")],
    [`control.tar${ending}`, pack(await tarOf(withDefaults(files.control)))],
    [`data.tar${ending}`, pack(files.data instanceof Uint8Array ? files.data : await tarOf(files.data))],
  ]);
}

function withDefaults(control: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (control["control"] === undefined) return control;
  const more = ["Version: 1.0\n", "Architecture: amd64\n"].filter(
    (line) => !control["control"]?.includes(line.slice(0, line.indexOf(" "))),
  );
  return { ...control, control: control["control"] + more.join("") };
}

export function ar(members: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const parts = members.flatMap(([name, data]) => {
    const head = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}`;
    return [Buffer.from(`${head}${`${data.length}`.padEnd(10)}\`\n`), data, Buffer.alloc(data.length % 2, "\n")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = tempFolder();
  mkdirSync(`${folder}/tree`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(`${folder}/tree/${name}`), { recursive: true });
    writeFileSync(`${folder}/tree/${name}`, content, { mode: content.startsWith("#!") ? 0o755 : 0o644 });
  }
  const output = `${folder}/out.tar`;
  await writeLayer({ upper: `${folder}/tree`, overlayXattrs: "none", compression: "none", output });
  return readFileSync(output);
}
