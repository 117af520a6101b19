import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Why no image can be pushed or pulled here, or undefined. */
export const whyNoRegistry =
  spawnSync("docker-registry", ["--version"]).status === 0 ? undefined : "no docker-registry on PATH";

/** Debian's docker-registry on loopback; it ends with its disposal, what it stored stays. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`: builders take it for one without TLS by itself, or are told so. */
  readonly domain: string;
}

/** @param folder for its configuration and storage; what lies there from an earlier run is served. */
export async function startRegistry(folder: string): Promise<Registry> {
  const storage = join(folder, "storage");
  mkdirSync(storage, { recursive: true });
  const port = await freePort();
  const file = join(folder, "config.yml");
  const config = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, maintenance: { uploadpurging: { enabled: false } } },
    http: { addr: `127.0.0.1:${port}`, secret: "of the benchmark" },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", file], {
    stdio: "ignore",
    env: { PATH: process.env["PATH"], OTEL_TRACES_EXPORTER: "none" },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await answering(port, child);
  return {
    domain: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
    },
  };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (there) return;
    await sleep(50);
  }
  child.kill();
  throw new Error("docker-registry does not answer");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
