import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian's docker.io, containerd and runc, unpacked into a folder (.ci/run does that); without it those on PATH are taken. */
const unpacked = process.env["SLIPWAY_TEST_DOCKER"];
const path = [
  ...(unpacked === undefined ? [] : [join(unpacked, "usr/bin"), join(unpacked, "usr/sbin")]),
  process.env["PATH"] ?? "",
].join(delimiter);

/** For `skipIf`: why no daemon can be started here, or undefined. */
export const whyNoDockerd: string | undefined =
  process.getuid?.() !== 0
    ? "dockerd needs root"
    : path.split(delimiter).some((folder) => existsSync(join(folder, "dockerd")))
      ? undefined
      : "no dockerd on PATH or in SLIPWAY_TEST_DOCKER";

/** A Docker daemon of one's own in a private mount namespace, without networks; it ends with its disposal. */
export interface Dockerd extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Runs the docker client; gives its standard output, throws when it fails. */
  docker(...args: readonly string[]): string;
}

/** For `skipIf`: why the daemon cannot keep images as containerd does, or undefined. */
export function whyNoContainerdStore(): string | undefined {
  if (whyNoDockerd !== undefined) return whyNoDockerd;
  const help = spawnSync("dockerd", ["--help"], { env: { ...process.env, PATH: path }, encoding: "utf8" });
  return help.stdout.includes("--feature") ? undefined : "this dockerd has no containerd image store";
}

/**
 * @param folder an empty folder for its data.
 * @param flags more flags of dockerd.
 */
export async function startDockerd(folder: string, flags: readonly string[] = []): Promise<Dockerd> {
  const socket = `unix://${join(folder, "docker.sock")}`;
  const log = join(folder, "log");
  mkdirSync(folder, { recursive: true });
  const out = openSync(log, "a");
  const args = [
    ["--iptables=false", "--ip6tables=false", "--bridge=none", "--userland-proxy=false", "-H", socket],
    ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "pid")],
    flags,
  ].flat();
  const daemon = spawn("unshare", ["--mount", "--propagation", "private", "dockerd", ...args], {
    env: { ...process.env, PATH: path },
    stdio: ["ignore", out, out],
  });
  const ended = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const docker = (...words: readonly string[]): string => {
    const client = spawnSync("docker", words, {
      env: { ...process.env, PATH: path, DOCKER_HOST: socket, DOCKER_API_VERSION: "1.41" },
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (client.status !== 0) throw new Error(`docker ${words.join(" ")}: ${client.stderr || String(client.error)}`);
    return client.stdout;
  };
  for (let tries = 0; ; tries++) {
    try {
      docker("version");
      break;
    } catch (error) {
      if (tries > 200 || daemon.exitCode !== null) {
        daemon.kill("SIGTERM");
        throw new Error(`dockerd did not start:\n${readFileSync(log, "utf8").slice(-2000)}`, { cause: error });
      }
      await sleep(100);
    }
  }
  return {
    host: socket,
    docker,
    [Symbol.asyncDispose]: async () => {
      daemon.kill("SIGTERM");
      await ended;
    },
  };
}
