import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { SlipwayError } from "../base/index.ts";
import { findProgram } from "./find-program.ts";

/** How to spawn the engine process. */
export interface NamespaceCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What will not work as it should, and why. */
  readonly warning?: string | undefined;
}

/** Names the mount namespace of who spawned the engine, so that the engine can tell that it is in another one. */
export const callerVariable = "SLIPWAY_CALLER_NAMESPACE";

const CAP_SYS_ADMIN = 1n << 21n;

/**
 * The command that starts the engine in namespaces of its own: mounts and processes, and for an ordinary user ids. The engine is
 * the first process of its pid namespace, so that whatever ends it ends every container as well. Spawns nothing itself.
 * @param engine program and arguments.
 * @param oneId why an ordinary user gets one id even if there are more.
 * Throws SLIP_SANDBOX with the remedy when it is plain beforehand that the kernel will refuse.
 */
export function namespaceCommand(
  engine: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  oneId: () => string | undefined = () => undefined,
): NamespaceCommand {
  const marked = { ...env, [callerVariable]: readlinkSync("/proc/self/ns/mnt") };
  const unshare = findProgram("unshare");
  const knows = unshare === undefined ? "" : readFileSync(unshare, "latin1");
  const wrap = (flags: readonly string[], warning?: string): NamespaceCommand => ({
    command: unshare as string,
    args: [...flags, "--mount", "--pid", "--fork", "--kill-child=KILL", "--", ...engine],
    env: marked,
    warning,
  });
  if (process.geteuid?.() === 0) {
    if (!mayMount()) throw refusal();
    if (knows.includes("kill-child")) return wrap([]);
    return { command: engine[0] as string, args: engine.slice(1), env: { ...env } };
  }
  const reason = userNamespaceObstacle();
  if (reason !== undefined) throw refusal();
  if (!knows.includes("kill-child")) {
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: "Cannot enter a user namespace: the program unshare of util-linux is not there",
      hint: "install the package util-linux (version 2.32 or later), or run as root",
    });
  }
  const missing = missingForSubIds(knows.includes("map-auto")) ?? oneId();
  if (missing === undefined) return wrap(["--user", "--map-auto", "--map-root-user"]);
  return wrap(
    ["--user", "--map-root-user"],
    `With one user id every file will belong to root, and processes cannot change user: ${missing}`,
  );
}

/** Why the kernel refuses the namespaces, with the remedy, once they were refused. */
export function refusal(): SlipwayError {
  if (process.geteuid?.() === 0) {
    return new SlipwayError({
      code: "SLIP_SANDBOX",
      message: "Cannot enter a mount namespace: root has no CAP_SYS_ADMIN here",
      hint: "inside a container, start that one with --privileged (or --cap-add SYS_ADMIN and without its seccomp and AppArmor profiles), or run as an ordinary user",
    });
  }
  const obstacle = userNamespaceObstacle() ?? appArmorObstacle();
  return new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot enter a user namespace: ${obstacle?.what ?? "the kernel refuses it"}`,
    hint: `${obstacle?.remedy ?? unknownRemedy}, or run as root`,
  });
}

const unknownRemedy =
  "see what unshare or newuidmap says; inside a container, start that one without its seccomp and AppArmor profiles";

interface Obstacle {
  readonly what: string;
  readonly remedy: string;
}

function userNamespaceObstacle(): Obstacle | undefined {
  if (!existsSync("/proc/self/ns/user")) {
    return { what: "this kernel has none", remedy: "use a kernel with CONFIG_USER_NS" };
  }
  const switches = [
    ["kernel.unprivileged_userns_clone", "1"],
    ["user.max_user_namespaces", "15000"],
    ["user.max_mnt_namespaces", "15000"],
    ["user.max_pid_namespaces", "15000"],
  ] as const;
  for (const [name, value] of switches) {
    if (setting(name) === "0") return { what: `${name} is 0`, remedy: `sudo sysctl -w ${name}=${value}` };
  }
  return undefined;
}

/** A profile may still allow it, so this is asked only after a refusal. */
function appArmorObstacle(): Obstacle | undefined {
  const name = "kernel.apparmor_restrict_unprivileged_userns";
  if (setting(name) !== "1") return undefined;
  return { what: `${name} is 1`, remedy: `sudo sysctl -w ${name}=0` };
}

function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** What keeps this user from a range of ids, with the remedy; undefined when all is there. */
function missingForSubIds(mapAuto: boolean): string | undefined {
  if (!findProgram("newuidmap") || !findProgram("newgidmap")) {
    return "newuidmap and newgidmap are missing (install the package uidmap or shadow-utils)";
  }
  if (!mapAuto) return "unshare cannot map them (install util-linux 2.38 or later)";
  if (noNewPrivileges()) return "no_new_privs is set, so newuidmap cannot work (start slipway without it)";
  const { username, uid } = identity();
  const file = ["/etc/subuid", "/etc/subgid"].find((path) => !hasRange(path, username, uid));
  if (file === undefined) return undefined;
  return `${file} has none for ${username} (sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username})`;
}

/** Somebody may run under a number that no file has a name for. */
function identity(): { readonly username: string; readonly uid: number } {
  const uid = process.getuid?.() ?? 0;
  try {
    return { username: userInfo().username, uid };
  } catch {
    return { username: String(uid), uid };
  }
}

function noNewPrivileges(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readFileSync("/proc/self/status", "utf8"));
}

function hasRange(path: string, name: string, uid: number): boolean {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return false;
  }
  return text.split("\n").some((line) => {
    const [owner, start, count] = line.split(":");
    return (owner === name || owner === String(uid)) && Number(start) > 0 && Number(count) > 0;
  });
}

function mayMount(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${effective}`) & CAP_SYS_ADMIN) !== 0n;
}
