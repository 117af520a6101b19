import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../base/index.ts";
import { shownRemote } from "./git-source.ts";

/** What git may use of this machine and of the caller. */
export interface GitAccess {
  readonly signal: AbortSignal;
  /** Socket of an ssh agent, for addresses that ssh leads to. */
  readonly sshAgent?: string | undefined;
  /** Files of host keys, as ssh's known_hosts; those of hosts that are in none are taken as they come and kept in the first. */
  readonly knownHosts?: readonly string[] | undefined;
  /** The value of the header Authorization for what lies below `scope`, an address. */
  readonly authorization?: { readonly scope: string; readonly value: string } | undefined;
  /** The process's environment by default; git sees of it only where programs, proxies and certificates are. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface GitCall {
  readonly remote: string;
  readonly gitDir?: string | undefined;
  readonly workTree?: string | undefined;
  /** The repository at `gitDir` knows the address itself: the call passes it to nobody. */
  readonly remoteInConfig?: boolean | undefined;
}

/** A git command that ended with another code than 0. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
  readonly said: string;

  constructor(said: string) {
    super(said);
    this.said = said;
  }
}

/** Variables that git gets as they are. */
const passedOn =
  /^(?:PATH|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|GIT_SSL_CAINFO|GIT_SSL_CAPATH|(?:https?|ftp|all|no)_proxy)$/i;

/** Nobody's settings, hooks or templates; nothing asked at a terminal; no transport that runs programs or reads files of this machine. */
const fixed = {
  LC_ALL: "C",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "http:https:git:ssh",
  GIT_SSH_VARIANT: "ssh",
} as const;

const settings: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.autocrlf", "false"],
  ["advice.detachedHead", "false"],
  ["init.defaultBranch", "master"],
  ["init.templateDir", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "60"],
];

/** Without a word from git for this long, it is given up (milliseconds). */
const patience = 120_000;
/** More than any answer that is read here (characters). */
const longest = 32 << 20;

/**
 * Runs git with what it needs and nothing else. Addresses and credentials reach it by its environment, which no other user can read.
 * @returns its standard output.
 * @throws GitFailure; SLIP_GIT when it is not installed, SLIP_CANCELLED
 */
export async function runGit(args: readonly string[], call: GitCall, access: GitAccess): Promise<string> {
  const { spawn } = await import("node:child_process");
  const { signal } = access;
  if (signal.aborted) throw cancelled();
  const env = environment(call, access);
  const git = findGit(env["PATH"], call.remote);
  const where = [
    ...(call.gitDir === undefined ? [] : [`--git-dir=${call.gitDir}`]),
    ...(call.workTree === undefined ? [] : [`--work-tree=${call.workTree}`]),
  ];
  // Modes of what it makes follow from the umask, which Node can only set for itself.
  const child = spawn("/bin/sh", ["-c", 'umask 022; exec "$@"', "git", git, ...where, ...args], {
    cwd: call.workTree ?? "/",
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  let stopped: "silent" | "endless" | undefined;
  const stop = (): void => void child.kill("SIGTERM");
  const silent = (): void => {
    stopped = "silent";
    stop();
  };
  let timer = setTimeout(silent, patience);
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      clearTimeout(timer);
      timer = setTimeout(silent, patience);
      out[name] = name === "stdout" ? out.stdout + text : (out.stderr + text).slice(-64 << 10);
      if (out.stdout.length <= longest) return;
      stopped = "endless";
      stop();
    });
  }
  signal.addEventListener("abort", stop, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (signal.aborted) throw cancelled();
    if (stopped === "silent") throw new GitFailure(`no word for ${patience / 1000} s`);
    if (stopped === "endless") throw new GitFailure("its answer has no end");
    if (code === 0) return out.stdout;
    throw new GitFailure(lastWords(out.stderr, call.remote) || `it ended with code ${code}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** The error for what git could not do with a repository. */
export function gitError(remote: string, why: string, hint?: string, cause?: unknown): SlipwayError {
  const message = `Cannot fetch the git repository ${shownRemote(remote)}: ${why}`;
  return new SlipwayError({ code: "SLIP_GIT", message, hint, cause });
}

/** What a failed command means for whoever asked. */
export function explained(remote: string, error: unknown): unknown {
  if (!(error instanceof GitFailure)) return error;
  return gitError(remote, error.said, hintFor(error.said, remote), error);
}

function hintFor(said: string, remote: string): string | undefined {
  if (/could not read Username|Authentication failed|HTTP 40[13]|error: 40[13]/.test(said))
    return "is it private, or not there? Give a token: --secret id=GIT_AUTH_TOKEN,env=NAME";
  if (/Permission denied|publickey/.test(said)) return "give an ssh agent that has the key: --ssh default";
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said))
    return "the host has another key than ~/.ssh/known_hosts says: find out why before you change that";
  if (/not found|does not exist|does not appear to be a git repository/.test(said)) return "check the address";
  if (/^(?:https?|git):/.test(remote)) return "check the address, the network and the proxy variables";
  return said.startsWith("ssh: ") ? "check the address and the network" : undefined;
}

function environment(call: GitCall, access: GitAccess): Record<string, string> {
  const from = access.env ?? process.env;
  const passed = Object.entries(from).filter(([name, value]) => passedOn.test(name) && value !== undefined);
  const config = [
    ...settings,
    ...(call.remoteInConfig ? [] : [["remote.origin.url", call.remote] as const]),
    ...(access.authorization
      ? [[`http.${access.authorization.scope}.extraHeader`, `Authorization: ${access.authorization.value}`] as const]
      : []),
  ];
  const env: Record<string, string> = {
    ...(Object.fromEntries(passed) as Record<string, string>),
    ...fixed,
    GIT_SSH_COMMAND: sshCommand(access),
    GIT_CONFIG_COUNT: String(config.length),
  };
  if (access.sshAgent !== undefined) env["SSH_AUTH_SOCK"] = access.sshAgent;
  for (const [at, [name, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${at}`] = name;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  }
  return env;
}

function sshCommand({ knownHosts = [] }: GitAccess): string {
  const files = knownHosts.length === 0 ? "/dev/null" : knownHosts.map((file) => `"${file}"`).join(" ");
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${files}`,
    "ConnectTimeout=30",
    "ServerAliveInterval=30",
  ];
  return ["ssh", "-F", "/dev/null", ...options.flatMap((option) => ["-o", quoted(option)])].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function findGit(path: string | undefined, remote: string): string {
  for (const folder of (path ?? "").split(":")) {
    if (!folder.startsWith("/")) continue;
    const file = join(folder, "git");
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // the next folder may have it
    }
  }
  throw gitError(remote, "the program git is not installed", "install git (Debian: the package git)");
}

/** What it said last that tells why, without passwords. */
function lastWords(stderr: string, remote: string): string {
  const lines = stderr
    .replaceAll(remote, shownRemote(remote))
    .split(/[\r\n]+/)
    .filter(
      (line) =>
        /\S/.test(line) &&
        !/^(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Resolving|warning:)/.test(line),
    );
  const telling = lines.filter((line) => /^(?:fatal|error|remote|ssh):/i.test(line));
  return (telling.length > 0 ? telling : lines)
    .slice(-3)
    .map((line) => line.replace(/^(?:fatal|error): /, "").trim())
    .join("; ");
}

function cancelled(): SlipwayError {
  return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
}
