import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeFolder } from "../e2e/support/remove-folder.ts";
import { type Ended, keptEnvironment, type Running, startGroup } from "../e2e/support/slipway.ts";

/** `many-ids`: a user with a range of sub-ids. `one-id`: one without. `self`: whoever runs the tests, who is not root. */
export type Kind = "many-ids" | "one-id" | "self";

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands of root in the private mount namespace of the call, before slipway starts as the user, by `$enter` if they set it. */
  readonly before?: string;
  /** Milliseconds after which it is killed. */
  readonly patience?: number;
  /** A program with arguments that starts slipway as the user. */
  readonly through?: readonly string[];
}

/** An ordinary user with a home of their own. */
export interface Person extends Disposable {
  readonly kind: Kind;
  readonly home: string;
  /** The store that calls use when `env` names no other. */
  readonly store: string;
  /** Writes a build context that belongs to the person. */
  context(name: string, files: Readonly<Record<string, string | Uint8Array>>): string;
  start(args: readonly string[], options?: CallOptions): Running;
  slipway(args: readonly string[], options?: CallOptions): Promise<Ended>;
}

const project = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
/** An ordinary user may not be able to read the folder that the project lies in; here every one sees it. */
const seen = "/mnt";
const asUser = `mount --rbind "$0" ${seen} && eval "$1" && cd "$2" && uid=$3 gid=$4 && shift 4 && exec $enter setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"`;
const isRoot = process.getuid?.() === 0;

const works = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Who can be tried here. */
export const kinds: readonly Kind[] = isRoot ? ["many-ids", "one-id"] : ["self"];

/** Why a kind of user cannot be tried, or undefined. */
export function obstacle(kind: Kind): string | undefined {
  if (!works("sh", "-c", "command -v busybox && file=$(command -v busybox) && ! ldd $file")) return "no static busybox";
  if (kind === "self") return works("unshare", "-U", "-r", "-m", "true") ? undefined : "no user namespaces here";
  if (!works("unshare", "-m", "true")) return "root may not mount here";
  const user = ["setpriv", "--reuid", "65534", "--clear-groups", "unshare", "-U", "-r", "-m", "true"] as const;
  if (!works(...user)) return "ordinary users may not make user namespaces here";
  if (kind === "one-id") return undefined;
  return works("sh", "-c", "command -v newuidmap && command -v useradd && test -e /etc/subuid")
    ? undefined
    : "no newuidmap, useradd or /etc/subuid";
}

/** Makes the user, where it takes one; disposing takes the user and all files away. */
export function person(kind: Kind): Person {
  const name = `slipway-rl-${process.pid % 100_000}`;
  const made = kind === "many-ids";
  if (made) execFileSync("useradd", ["--no-create-home", "--home-dir", "/nonexistent", name], { stdio: "ignore" });
  const id = (flag: string): number => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  const uid = made ? id("-u") : kind === "one-id" ? 65534 : (process.getuid?.() ?? 0);
  const gid = made ? id("-g") : kind === "one-id" ? 65534 : (process.getgid?.() ?? 0);
  const home = mkdtempSync(join(tmpdir(), "slipway-rootless-"));
  chmodSync(home, 0o755);
  chownSync(home, uid, gid);
  const store = join(home, "store");
  const own = (path: string): string => {
    if (isRoot) execFileSync("chown", ["-hR", `${uid}:${gid}`, path]);
    return path;
  };
  const start: Person["start"] = (args, { cwd = home, env = {}, before = ":", through = [], patience } = {}) => {
    const command = [...through, `${isRoot ? seen : project}/bin/slipway`, ...args];
    const all = isRoot
      ? ["unshare", "-m", "sh", "-c", asUser, project, before, cwd, `${uid}`, `${gid}`, ...command]
      : command;
    return startGroup(all, { cwd, env: { ...keptEnvironment(), HOME: home, SLIPWAY_ROOT: store, ...env }, patience });
  };
  return {
    kind,
    home,
    store,
    context: (folder, files) => {
      const path = join(home, folder);
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, file)), { recursive: true });
        writeFileSync(join(path, file), content);
      }
      return own(path);
    },
    start,
    slipway: async (args, options) => start(args, options).ended,
    [Symbol.dispose]: () => {
      removeFolder(home);
      if (made) spawnSync("userdel", [name]);
    },
  };
}

/** True when newuidmap may be used: what a person of the kind gets are the owners that root would get. */
export function hasManyIds(kind: Kind): boolean {
  return kind === "many-ids" || (kind === "self" && works("unshare", "-U", "--map-auto", "--map-root-user", "true"));
}

/** Files of the image that all others here are built on: a shell, and accounts. */
export function baseFiles(): Readonly<Record<string, string | Uint8Array>> {
  const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  return {
    busybox: readFileSync(busybox),
    passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345::/home/app:/bin/sh\n",
    group: "root:x:0:\napp:x:2345:\n",
    Dockerfile: `FROM scratch
COPY --chmod=755 busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY passwd group /etc/
RUN mkdir -m 1777 /tmp
`,
  };
}
