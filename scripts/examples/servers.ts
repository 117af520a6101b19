import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "../../test/registry/support/certificates.ts";

/** What the clients are tried against, all of it on loopback. */
export interface Servers extends AsyncDisposable {
  /** A folder with `ca.pem`, the authority that clients are to trust. */
  readonly ca: string;
  readonly host: string;
  /** An address that answers `hello` with a certificate of that authority. */
  readonly trusted: string;
  /** One with a certificate of another. */
  readonly stranger: string;
  /** A resolv.conf with the name server that alone knows the host; undefined where we are not root or port 53 is taken, and the host is `localhost`. */
  readonly resolver: string | undefined;
  /** Questions about the host that the name server has answered so far. */
  answered(): number;
}

const nameServer = "127.53.53.53";

/** Starts two HTTPS servers and, as root, a name server that knows them as slipway.test. Needs the program openssl. */
export async function startServers(): Promise<Servers> {
  await using unwound = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "slipway-examples-"));
  unwound.defer(() => rm(folder, { recursive: true, force: true }));

  const names = await serveNames();
  if (names) unwound.defer(() => void names.socket.close());
  const resolver = names && join(folder, "resolv.conf");
  if (resolver) {
    await writeFile(resolver, `nameserver ${nameServer}\n`);
    await chmod(resolver, 0o644);
  }
  const host = names ? "slipway.test" : "localhost";

  const start = async (name: string): Promise<{ readonly folder: string; readonly address: string }> => {
    const own = join(folder, name);
    await mkdir(join(own, "ca"), { recursive: true });
    const authority = makeAuthority(own);
    await copyFile(authority.cert, join(own, "ca/ca.pem"));
    const server = await serve(authority.issue(host));
    unwound.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return { folder: join(own, "ca"), address: `https://${host}:${(server.address() as AddressInfo).port}/` };
  };
  const [trusted, stranger] = [await start("trusted"), await start("stranger")];

  const running = unwound.move();
  return {
    ca: trusted.folder,
    host,
    trusted: trusted.address,
    stranger: stranger.address,
    resolver,
    answered: () => names?.answered() ?? 0,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function serve({ cert, key }: { readonly cert: string; readonly key: string }): Promise<Server> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
    response.end("hello\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function serveNames(): Promise<{ readonly socket: Socket; readonly answered: () => number } | undefined> {
  // Whoever is not root cannot have the clients' machine name it either.
  if (process.getuid?.() !== 0) return undefined;
  const socket = createSocket("udp4");
  let answered = 0;
  socket.on("message", (question, { port, address }) => {
    const { answer, found } = answerTo(question) ?? {};
    if (found) answered++;
    if (answer) socket.send(answer, port, address);
  });
  try {
    socket.bind(53, nameServer);
    await once(socket, "listening");
    return { socket, answered: () => answered };
  } catch {
    return undefined;
  }
}

/** The answer of a name server that knows one name, slipway.test, and one address of it (RFC 1035, section 4). */
function answerTo(question: Buffer): { readonly answer: Buffer; readonly found: boolean } | undefined {
  const end = question.indexOf(0, 12) + 5;
  if (question.length < end || end < 17) return undefined;
  const asked = question.subarray(12, end);
  const known = asked.subarray(0, -4).toString("latin1").toLowerCase() === "\u0007slipway\u0004test\u0000";
  const found = known && asked.readUInt16BE(asked.length - 4) === 1;
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  // An answer that was asked for with recursion, and whether there is such a name at all.
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found ? 1 : 0, 6);
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
  return { answer: Buffer.concat(found ? [header, asked, record] : [header, asked]), found };
}
