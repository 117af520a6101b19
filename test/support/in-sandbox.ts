import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** `root`: this user, who is root. `many-ids`: an ordinary user with a range of ids. `one-id`: an ordinary user without. */
export type Who = "root" | "many-ids" | "one-id";

export interface User {
  readonly who: Who;
  /** Undefined for the user that runs the tests. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

const project = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
/** An ordinary user may not be able to read the folder that the project lies in; here every one sees it. */
const seen = "/mnt";
const asUser = `mount --rbind "$0" ${seen} && cd / && exec setpriv --reuid "$1" --regid "$2" --clear-groups -- "$3" "$4" "$5"`;

/**
 * Calls an exported function of a module in a process that was started as the engine is, by namespaceCommand, for a user.
 * The module is no test file: it throws (node:assert) where a test would expect. What goes in and out is JSON.
 * @param module path in the project: `src/room/name.cases.ts`.
 */
export function inSandbox(user: User, module: string, name: string, argument: unknown): Promise<unknown> {
  const own = user.uid === undefined;
  const at = own ? project : seen;
  const entry = `${at}/test/support/sandbox-launch.ts`;
  const node = process.execPath.startsWith(`${project}/`)
    ? at + process.execPath.slice(project.length)
    : process.execPath;
  const [command, args] = own
    ? [node, [entry, at]]
    : ["unshare", ["-m", "sh", "-c", asUser, project, `${user.uid}`, `${user.gid}`, node, entry, at]];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"] },
  });
  const output: Uint8Array[] = [];
  child.stdout?.on("data", (chunk: Uint8Array) => output.push(chunk));
  const overdue = setTimeout(() => child.kill("SIGKILL"), patience);
  type Reply = { ok: true; value: unknown } | { ok: false; message: string; stack?: string };
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(overdue);
      const said = Buffer.concat(output).toString();
      reject(new Error(`the process in the namespace ended with ${signal ?? code}: ${said}`));
    });
    child.once("message", (reply: Reply) => {
      if (reply.ok) resolve(reply.value);
      else reject(Object.assign(new Error(reply.message), { stack: reply.stack }));
    });
    child.send({ module: `${at}/${module}`, name, argument });
  });
}

/** The longest that such a process may take; with it end the namespaces and what runs in them. */
const patience = 240_000;

/** Whether this machine lets such a user enter namespaces, asked the simplest way; otherwise why not. */
export function obstacle(who: Who): string | undefined {
  const root = process.getuid?.() === 0;
  if (who === "root") {
    if (!root) return "the tests do not run as root";
    return works("unshare", ["-m", "true"]) ? undefined : "root may not mount here";
  }
  if (!root) return "only root can become another user";
  if (!works("setpriv", ["--reuid", "65534", "--clear-groups", "unshare", "-U", "-r", "-m", "true"])) {
    return "ordinary users may not make user namespaces here";
  }
  if (who === "one-id") return undefined;
  return works("sh", ["-c", "command -v newuidmap useradd userdel"])
    ? undefined
    : "no newuidmap or no useradd (uidmap)";
}

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

const testUser = "slipway-test";

/** The user of a kind; with `many-ids` one is made, and goes with `dropUser`. */
export function makeUser(who: Who): User {
  if (who === "root") return { who };
  if (who === "one-id") return { who, uid: 65534, gid: 65534 };
  spawnSync("useradd", ["--no-create-home", "--home-dir", "/nonexistent", testUser]);
  const ids = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, testUser], { encoding: "utf8" }).stdout));
  return { who, uid: ids[0], gid: ids[1] };
}

export function dropUser({ who }: User): void {
  if (who === "many-ids") spawnSync("userdel", [testUser]);
}
