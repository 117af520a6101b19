// Debian's docker-registry on loopback, with the authentications that it knows.
import { spawn, spawnSync } from "node:child_process";
import { createPrivateKey, createSign, randomUUID, X509Certificate } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeAuthority, whyNoOpenssl } from "./certificates.ts";

export const user = { username: "anna", password: "s3cret pass:word" };
/** bcrypt of that password. */
const htpasswd = "anna:$2y$05$abcdefghijklmnopqrstuuWqE.ZbojV4lW1JhHwMXr3EQklLDUc6y\n";

/** Why the tests of it are skipped, or undefined. */
export const whyNoDockerRegistry =
  spawnSync("docker-registry", ["--version"]).status === 0 ? whyNoOpenssl : "no program docker-registry";

export interface DockerRegistry extends AsyncDisposable {
  readonly domain: string;
  /** A file with the authority that signed its certificate. */
  readonly authority: string;
  /** How many tokens its token service gave. */
  readonly tokens: () => number;
  /** Uploads to a repository whose bytes it still has. */
  uploads(repository: string): readonly string[];
  /** What it wrote to its log. */
  log(): string;
}

/**
 * @param tokenLife seconds for which the registry takes a token, whatever its token service tells.
 * @param upstream address of the registry that it is a pull-through cache of.
 */
export async function startDockerRegistry(
  auth: "none" | "htpasswd" | "token",
  tls: boolean,
  tokenLife = 300,
  upstream?: string,
): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-registry-"));
  const authority = makeAuthority(folder);
  const certificate = authority.issue("127.0.0.1");
  const tokens = auth === "token" ? await startTokenService(certificate, tokenLife) : undefined;
  const port = await freePort();
  mkdirSync(join(folder, "storage"));
  writeFileSync(join(folder, "htpasswd"), htpasswd);
  const config = {
    version: "0.1",
    log: { level: "warn" },
    storage: {
      filesystem: { rootdirectory: join(folder, "storage") },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: "of the test",
      ...(tls && { tls: { certificate: certificate.cert, key: certificate.key } }),
    },
    ...(upstream !== undefined && { proxy: { remoteurl: upstream } }),
    ...(auth === "htpasswd" && { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } }),
    ...(tokens && {
      auth: {
        token: {
          realm: tokens.realm,
          service: "test-registry",
          issuer: "test-issuer",
          rootcertbundle: authority.cert,
        },
      },
    }),
  };
  const file = join(folder, "config.yml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const log = join(folder, "log");
  const output = openSync(log, "w");
  const child = spawn("docker-registry", ["serve", file], {
    stdio: ["ignore", output, output],
    env: { PATH: process.env["PATH"], OTEL_TRACES_EXPORTER: "none" },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const dispose = async (): Promise<void> => {
    child.kill();
    await ended;
    tokens?.server.closeAllConnections();
    tokens?.server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 200 || child.exitCode !== null)
        throw new Error(`docker-registry did not start: ${readFileSync(log, "utf8")}`);
      await sleep(50);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    domain: `127.0.0.1:${port}`,
    authority: authority.cert,
    tokens: () => tokens?.given() ?? 0,
    uploads: (repository) => {
      const begun = join(folder, "storage/docker/registry/v2/repositories", repository, "_uploads");
      // Of one that was given up it keeps empty notes.
      return existsSync(begun) ? readdirSync(begun).filter((upload) => existsSync(join(begun, upload, "data"))) : [];
    },
    log: () => readFileSync(log, "utf8"),
    [Symbol.asyncDispose]: dispose,
  };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

interface RunningTokenService {
  readonly realm: string;
  readonly server: Server;
  readonly given: () => number;
}

/** Seconds for which docker's registry still takes a token that has expired. */
const leeway = 60;

/** Signs what is asked for with the right password (docker's token specification). */
async function startTokenService({ cert, key }: Pair, life: number): Promise<RunningTokenService> {
  let count = 0;
  const privateKey = createPrivateKey(readFileSync(key));
  const x5c = [new X509Certificate(readFileSync(cert)).raw.toString("base64")];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://localhost");
    const given = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
    if (given !== `${user.username}:${user.password}`) return void response.writeHead(401).end();
    const access = searchParams.getAll("scope").map((scope) => {
      const [type, name, actions = ""] = scope.split(":");
      return { type, name, actions: actions.split(",") };
    });
    count++;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: "test-issuer",
      sub: user.username,
      aud: searchParams.get("service"),
      jti: randomUUID(),
      access,
    };
    const parts = [
      { typ: "JWT", alg: "ES256", x5c },
      { ...claims, nbf: now - 10, iat: now, exp: now + life - leeway },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signature = createSign("SHA256")
      .update(parts.join("."))
      .sign({ key: privateKey, dsaEncoding: "ieee-p1363" })
      .toString("base64url");
    response.end(JSON.stringify({ token: [...parts, signature].join("."), expires_in: 300 }));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return { realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, server, given: () => count };
}

async function freePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
