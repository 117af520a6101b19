// The contract of Executor as cases, for every runtime and every kind of namespace. They run where the engine runs
// (test/support/in-sandbox.ts), and so throw by node:assert instead of using the test runner.
import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { hostileCases } from "./executor-hostile.cases.ts";
import { optionCases } from "./executor-options.cases.ts";
import { makeNode } from "../base/syscalls.ts";
import { bind, field, type Lab, status } from "./executor-lab.cases.ts";
import { childrenOf } from "./process-tree.ts";

export const cases: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  "the exit code is the process's": async ({ run, sh }) => {
    assert.equal((await run(["true"])).exitCode, 0);
    assert.equal((await run(["false"])).exitCode, 1);
    assert.equal((await sh("exit 42")).exitCode, 42);
  },

  "a process that a signal ended gives 128 and its number": async ({ sh }) => {
    assert.equal((await sh("sh -c 'kill -9 $$'; exit $?")).exitCode, 137);
    assert.equal((await sh("trap 'exit 143' TERM; kill -TERM $$; sleep 1")).exitCode, 143);
  },

  "a program that is not there gives 127, one that cannot run 126, with words": async ({ run, root }) => {
    writeFileSync(join(root, "tmp/text"), "no program", { mode: 0o755 });
    writeFileSync(join(root, "tmp/script"), "#!/bin/nothing\n", { mode: 0o755 });
    symlinkSync("/tmp/text", join(root, "bin/link"));
    for (const [program, code] of [
      ["nothing", 127],
      ["/bin/nothing", 127],
      ["/etc/passwd", 126],
      ["/tmp", 126],
      ["/tmp/text", 126],
      ["link", 126],
      ["/tmp/script", 127],
    ] as const) {
      const answer = await run([program]);
      assert.equal(answer.exitCode, code, `${program}: ${answer.err}`);
      assert.notEqual(answer.err, "");
    }
  },

  "output arrives whole and apart": async ({ sh }) => {
    const answer = await sh("echo one; echo two >&2; i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done");
    assert.equal(answer.err, "two\n");
    const lines = answer.out.split("\n");
    assert.equal(lines[0], "one");
    assert.equal(lines.length, 5002);
    assert.equal(lines[5000], "line 4999");
  },

  "standard input is what was given, otherwise empty": async ({ run }) => {
    const given: string[] = [];
    const onOutput = (_: string, chunk: Uint8Array): void => void given.push(Buffer.from(chunk).toString());
    await run(["cat"], { stdio: { type: "pipe", stdin: "räksmörgås\n", onOutput } });
    assert.equal(given.join(""), "räksmörgås\n");
    assert.equal((await run(["cat"])).out, "");
    const unread = await run(["true"], { stdio: { type: "pipe", stdin: "x".repeat(1_000_000), onOutput } });
    assert.equal(unread.exitCode, 0);
  },

  "the environment and the working folder are those of the spec": async ({ run, namespace }) => {
    const answer = await run(["env"], { env: ["PATH=/bin", "A=b c", "HOME=/h"], cwd: "/tmp" });
    const lines = answer.out.trim().split("\n");
    const known = namespace.kind === "single-id" ? ["APT_CONFIG=/dev/slipway-apt.conf"] : [];
    assert.deepEqual(lines.toSorted(), ["A=b c", ...known, "HOME=/h", "PATH=/bin"]);
    assert.equal((await run(["sh", "-c", "pwd"], { cwd: "/tmp" })).out, "/tmp\n");
  },

  "user and groups are those of the spec; with one id it is root, and a warning says so": async (lab) => {
    const answer = await lab.sh("id -u; id -g; id -G", { user: { uid: 1000, gid: 1000, additionalGids: [7, 8] } });
    if (lab.namespace.kind === "single-id") {
      assert.equal(answer.out.slice(0, 4), "0\n0\n");
      assert.equal(answer.events.filter(({ type }) => type === "warning").length, 1);
      assert.match(lab.warning ?? "", /every file will belong to root/);
    } else {
      assert.equal(answer.out, "1000\n1000\n1000 7 8\n");
      assert.deepEqual(answer.events, []);
      assert.equal(lab.warning, null);
    }
  },

  "root has Docker's capabilities, another user none, both within the same bound": async ({ sh, namespace }) => {
    assert.equal(field(await sh(status("CapEff"))), "00000000a80425fb");
    assert.equal(field(await sh(status("CapBnd"))), "00000000a80425fb");
    assert.equal(field(await sh(status("CapInh"))), "0000000000000000");
    if (namespace.kind === "single-id") return;
    const user = { uid: 1000, gid: 1000, additionalGids: [] };
    assert.equal(field(await sh(status("CapEff"), { user })), "0000000000000000");
    assert.equal(field(await sh(status("CapBnd"), { user })), "00000000a80425fb");
  },

  "seccomp filters: no namespaces and no unmounting, in the first run and in the later ones": async ({ sh }) => {
    for (let time = 0; time < 3; time++) {
      assert.equal(field(await sh(status("Seccomp"))), "2");
      assert.match((await sh("unshare -U true")).err, /Operation not permitted/);
      assert.match((await sh("umount /proc")).err, /not permitted|must be superuser/);
    }
    assert.equal(field(await sh(status("NoNewPrivs"))), "0");
  },

  "the kernel's secrets are masked and its settings read-only": async ({ sh }) => {
    const masked = await sh("cat /proc/keys /proc/timer_list; ls /proc/acpi /sys/firmware | grep -v :");
    assert.equal(masked.out.trim(), "");
    for (const file of ["/proc/sys/kernel/domainname", "/proc/sysrq-trigger", "/sys/kernel/profiling"]) {
      const answer = await sh(`echo 0 > ${file}`);
      assert.notEqual(answer.exitCode, 0, file);
    }
    assert.match((await sh("echo x > /proc/sys/kernel/domainname")).err, /Read-only file system/);
    const mounts = (await sh("cat /proc/mounts")).out.split("\n").filter((line) => / \/sys(\/| )/.test(line));
    for (const mount of mounts) assert.match(mount, / ro,/, "every mount of /sys is read-only");
  },

  "it is the first process of its own, with its own host name": async ({ sh }) => {
    assert.equal((await sh("echo $$; uname -n")).out, "1\nslipway\n");
    assert.equal((await sh("uname -n", { hostname: "other" })).out, "other\n");
    const processes = (await sh("ls /proc | grep -c '^[0-9]'")).out.trim();
    assert.ok(Number(processes) < 6, `it sees ${processes} processes`);
  },

  "/dev has the usual nodes, which work, and nothing else": async ({ sh }) => {
    const usual = ["full", "null", "random", "tty", "urandom", "zero"];
    const nodes = await sh("cd /dev; for f in *; do [ -c $f ] && [ ! -L $f ] && echo $f; done");
    assert.deepEqual(nodes.out.trim().split("\n"), usual);
    assert.equal((await sh("echo x > /dev/null && cat /dev/null && echo fine")).out, "fine\n");
    assert.match((await sh("/bin/echo x > /dev/full")).err, /No space left/);
    assert.equal((await sh("ls -d /dev/shm /dev/mqueue /dev/pts /dev/fd /dev/stdin")).exitCode, 0);
    assert.equal((await sh("touch /dev/shm/x && ls /dev/shm")).out, "x\n");
    assert.equal(statSync("/dev/null").mode & 0o777, 0o666, "the machine's own node is as it was");
  },

  "a device node can be made by root of the machine alone, and is never opened": async ({ sh, namespace, root }) => {
    const answer = await sh("mknod /tmp/zero c 1 5; echo $?; cat /tmp/zero > /tmp/out");
    assert.notEqual(answer.exitCode, 0);
    if (namespace.kind === "root") {
      assert.equal(answer.out, "0\n");
      assert.equal(lstatSync(join(root, "tmp/zero")).isCharacterDevice(), true);
      assert.match(answer.err, /Permission denied/);
      makeNode(join(root, "tmp/old"), 0o020666, 1, 5);
      assert.match((await sh("cat /tmp/old")).err, /Permission denied/);
      assert.match((await sh("cat /tmp/old", { readonlyRoot: true })).err, /Permission denied/);
      assert.match((await sh("mknod /dev/shm/zero c 1 5; cat /dev/shm/zero")).err, /Permission denied/);
      assert.match((await sh("mknod /dev/zero2 c 1 5; cat /dev/zero2")).err, /Permission denied/);
    } else {
      // with one id making it answers success, so that packages install
      assert.equal(answer.out, namespace.kind === "single-id" ? "0\n" : "1\n");
      assert.equal(existsSync(join(root, "tmp/zero")), false);
    }
    assert.equal((await sh("mknod /tmp/fifo p && [ -p /tmp/fifo ]")).exitCode, 0);
  },

  "owners can be given; with one id it is pretended": async ({ sh, namespace, upper }) => {
    const answer = await sh("touch /tmp/f && chown 1000:7 /tmp/f && stat -c %u:%g /tmp/f");
    assert.equal(answer.exitCode, 0, answer.err);
    assert.equal(answer.out, namespace.kind === "single-id" ? "0:0\n" : "1000:7\n");
    assert.equal(statSync(join(upper, "tmp/f")).uid, namespace.kind === "single-id" ? 0 : 1000);
  },

  "network none has a loopback device alone, and it is up": async ({ sh }) => {
    const devices = async (network: "host" | "none"): Promise<string[]> =>
      (await sh("cat /proc/net/dev", { network })).out
        .split("\n")
        .flatMap((line) => line.match(/^\s*(\S+):/)?.[1] ?? []);
    assert.deepEqual(await devices("none"), ["lo"]);
    assert.match((await sh("cat /proc/net/fib_trie", { network: "none" })).out, /127\.0\.0\.1/);
    const own = readFileSync("/proc/net/dev", "utf8");
    for (const name of await devices("host")) assert.ok(own.includes(`${name}:`));
  },

  "names of the network are those of the machine, and cannot be written": async ({ sh, run }) => {
    assert.equal((await run(["cat", "/etc/resolv.conf"])).out, readIfThere("/etc/resolv.conf"));
    const hosts = (await run(["cat", "/etc/hosts"])).out;
    assert.ok(hosts.startsWith(readIfThere("/etc/hosts").trimEnd()));
    assert.match(hosts, /^127\.0\.0\.1\s+slipway$/m);
    assert.match((await sh("echo >> /etc/hosts")).err, /Read-only file system/);
    assert.equal((await run(["cat", "/etc/resolv.conf"], { network: "none" })).out, "");
  },

  "nothing that was mounted leaves a trace": async ({ sh, upper, folder }) => {
    mkdirSync(join(folder, "volume"));
    writeFileSync(join(folder, "file"), "content");
    const answer = await sh("cat /deep/down/file && touch /vol/x && touch /tmp/mine", {
      mounts: [
        bind(join(folder, "file"), "/deep/down/file", "ro"),
        bind(join(folder, "volume"), "/vol", "rbind"),
        { type: "tmpfs", source: "tmpfs", target: "/scratch", options: ["size=1m"] },
      ],
    });
    assert.equal(answer.out, "content", answer.err);
    assert.deepEqual(readdirSync(join(folder, "volume")), ["x"]);
    assert.deepEqual(
      (readdirSync(upper, { recursive: true }) as string[]).filter((name) => name !== "etc"),
      ["tmp", "tmp/mine"],
    );
  },

  "folders that get mount points for a while keep their times, unless the process changes them": async (lab) => {
    const times = (name: string): string => {
      const { mtimeNs, mode } = lstatSync(join(lab.root, name), { bigint: true });
      return `${mtimeNs} ${mode}`;
    };
    const before = ["", "etc", "tmp"].map(times);
    await lab.run(["true"], { mounts: [bind("/dev/null", "/tmp/a/b")] });
    assert.deepEqual(["", "etc", "tmp"].map(times), before);
    await lab.sh("touch /etc/new");
    assert.notEqual(times("etc"), before[1]);
    assert.deepEqual(readdirSync(join(lab.upper, "etc")), ["new"]);
  },

  "what a process puts at a mount point's place stays": async ({ sh, upper }) => {
    const answer = await sh("touch /data/kept 2>/dev/null; mkdir -p /made && echo x > /made/f", {
      mounts: [{ type: "tmpfs", source: "tmpfs", target: "/made/inner", options: [] }],
    });
    assert.equal(answer.exitCode, 0);
    assert.equal(readFileSync(join(upper, "made/f"), "utf8"), "x\n");
    assert.equal(existsSync(join(upper, "made/inner")), false);
  },

  "links of the root do not lead a mount outside": async ({ run, root, folder }) => {
    mkdirSync(join(folder, "outside"));
    rmSync(join(root, "etc/hosts"), { force: true });
    symlinkSync(join(folder, "outside/hosts"), join(root, "etc/hosts"));
    symlinkSync("../../../../../../../../run/up", join(root, "etc/resolv.conf"));
    assert.equal((await run(["true"])).exitCode, 0);
    assert.deepEqual(readdirSync(join(folder, "outside")), []);
    assert.equal(existsSync(join(root, "run")), false, "the place in the root went with the mount");
    const answer = await run(["cat", "/etc/resolv.conf"]);
    assert.equal(answer.out, readIfThere("/etc/resolv.conf"), answer.err);
  },

  "a volume is written through, read-only when it says so, and its devices stay shut": async ({ sh, folder }) => {
    mkdirSync(join(folder, "v"));
    writeFileSync(join(folder, "v/f"), "1");
    const ro = { mounts: [bind(join(folder, "v"), "/v", "rbind", "ro")] };
    assert.match((await sh("echo 2 > /v/f", ro)).err, /Read-only file system/);
    await sh("echo 2 > /v/f", { mounts: [bind(join(folder, "v"), "/v", "rbind")] });
    assert.equal(readFileSync(join(folder, "v/f"), "utf8"), "2\n");
    const node = await sh("mknod /v/zero c 1 5; cat /v/zero", { mounts: [bind(join(folder, "v"), "/v", "rbind")] });
    assert.notEqual(node.exitCode, 0);
  },

  "a read-only root cannot be written, its volumes can": async ({ sh }) => {
    const mounts = [{ type: "tmpfs", source: "tmpfs", target: "/w", options: [] }] as const;
    assert.match((await sh("touch /x", { readonlyRoot: true, mounts })).err, /Read-only file system/);
    assert.equal((await sh("touch /w/x", { readonlyRoot: true, mounts })).exitCode, 0);
  },

  "limits are sane": async ({ sh }) => {
    assert.equal((await sh("ulimit -Sn; ulimit -c")).out, "1024\n0\n");
    assert.ok(Number((await sh("cat /proc/self/oom_score_adj")).out) >= 250);
  },

  "when the process has ended those it left are gone": async ({ sh }) => {
    const answer = await sh("sleep 77 >/dev/null 2>&1 & exit 5");
    assert.equal(answer.exitCode, 5);
    assert.deepEqual(sleepers("77"), []);
  },

  "a cancelled signal ends the process and its grandchildren, at any moment": async ({ sh }) => {
    for (const after of [1, 5, 10, 20, 40, 150]) {
      const cancel = new AbortController();
      setTimeout(() => cancel.abort(), after);
      const running = sh("sh -c 'sleep 78 & sleep 78' & sleep 78", {}, cancel.signal);
      await assert.rejects(running, { code: "SLIP_CANCELLED" });
      assert.deepEqual(sleepers("78"), [], `after ${after} ms`);
    }
    await assert.rejects(sh("true", {}, AbortSignal.abort()), { code: "SLIP_CANCELLED" });
  },

  "a signal for the process reaches it: it handles it, ignores it, or dies by it": async ({ sh }) => {
    const wait = "while :; do sleep 0.05; done";
    const traps = "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP; trap '' QUIT; echo ready";
    for (const [script, names, code] of [
      [`${traps}; ${wait}`, ["SIGTERM"], 21],
      [`${traps}; ${wait}`, ["SIGINT"], 22],
      [`${traps}; ${wait}`, ["SIGQUIT", "SIGHUP"], 23],
      [`echo ready; ${wait}`, ["SIGTERM"], 143],
      ["echo ready; exec sleep 79", ["SIGINT"], 130],
      ["echo ready; sleep 79; exit 3", ["SIGHUP"], 129],
    ] as const) {
      let listener: ((name: NodeJS.Signals) => void) | undefined;
      const signals = {
        subscribe: (given: (name: NodeJS.Signals) => void) => {
          listener = given;
          return { [Symbol.dispose]: () => void (listener = undefined) };
        },
      };
      // a moment later, when it is past the echo: a signal that meets a shell at exec is lost
      const onOutput = (): void => void setTimeout(() => names.forEach((name) => listener?.(name)), 100);
      const { exitCode } = await sh(script, { signals, stdio: { type: "pipe", onOutput } });
      assert.equal(exitCode, code, script);
      assert.equal(listener, undefined);
    }
    assert.deepEqual(sleepers("79"), []);
  },

  "a signal that comes before the process has started is not lost": async ({ sh }) => {
    const signals = {
      subscribe: (listener: (name: NodeJS.Signals) => void) => {
        listener("SIGTERM");
        return { [Symbol.dispose]: () => undefined };
      },
    };
    assert.equal((await sh("sleep 80; exit 3", { signals })).exitCode, 143);
    assert.deepEqual(sleepers("80"), []);
  },

  "no descriptor and no folder is left behind": async ({ sh, run, folder }) => {
    await run(["true"]);
    const before = readdirSync("/proc/self/fd").length;
    const mounts = readFileSync("/proc/self/mounts", "utf8");
    for (let time = 0; time < 5; time++) await run(["true"]);
    // the pipes of the last child close in a later turn of the loop
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(readdirSync("/proc/self/fd").length <= before);
    assert.equal(readFileSync("/proc/self/mounts", "utf8"), mounts);
    assert.equal((await sh("ls /proc/self/fd | grep -c .")).out, "4\n", "three streams and the folder itself");
    const left = readdirSync(join(folder, "state"), { recursive: true }) as string[];
    assert.deepEqual(
      left.filter((name) => !/^(crun|runc)$|^crun\/seccomp-[0-9a-f]+\.bpf$/.test(name)),
      [],
    );
  },

  "many at once, each over its own root, do not disturb each other": async ({ sh, anotherRoot }) => {
    const numbers = Array.from({ length: 16 }, (_, at) => at);
    for (let time = 0; time < 3; time++) {
      using roots = new DisposableStack();
      const answers = await Promise.all(
        numbers.map((at) => sh(`echo ${at}; exit ${at}`, { root: roots.use(anotherRoot()).path })),
      );
      answers.forEach(({ exitCode, out, err }, at) => assert.deepEqual([exitCode, out], [at, `${at}\n`], err));
    }
  },

  "what the runtime cannot do is an error with its words": async ({ run, folder }) => {
    const missing = { mounts: [bind(join(folder, "nothing"), "/v")] };
    await assert.rejects(run(["true"], missing), /ENOENT|no such file/i);
    await assert.rejects(run(["true"], { cwd: "relative" }), { code: "SLIP_SANDBOX" });
  },

  "the executor names its runtime and finds the kernel fit": async ({ executor, runtime }) => {
    assert.equal(executor.name, runtime.name);
    assert.equal(await executor.probe(), true);
  },

  ...optionCases,
  ...hostileCases,
};

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Processes `sleep SECONDS` that this pid namespace has. */
function sleepers(seconds: string): number[] {
  const all = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...all(child)]);
  return [...new Set([...all(process.pid), ...all(1)])].filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`sleep\0${seconds}\0`);
    } catch {
      return false;
    }
  });
}
