import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeNode } from "../base/syscalls.ts";
import type { Lab } from "./executor-lab.cases.ts";

/** Roots and processes that mean harm, for the contract of Executor. */
export const hostileCases: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  "where the kernel's file systems go the root must have folders": async ({ run, root, upper, folder }) => {
    mkdirSync(join(folder, "outside"));
    for (const name of ["proc", "sys", "dev"]) {
      for (const link of [join(folder, "outside"), "/tmp", "..", "nowhere"]) {
        symlinkSync(link, join(root, name));
        await assert.rejects(run(["true"]), { code: "SLIP_SANDBOX", message: /is a symbolic link/ });
        rmSync(join(root, name));
      }
      writeFileSync(join(root, name), "");
      await assert.rejects(run(["true"]), { code: "SLIP_SANDBOX", message: /is no folder/ });
      rmSync(join(root, name));
    }
    assert.deepEqual(readdirSync(join(folder, "outside")), []);
    assert.deepEqual(readdirSync(upper), []);
  },

  "files of the network that a hostile root has in other forms do no harm": async ({ run, root, folder }) => {
    writeFileSync(join(folder, "host"), "of the machine");
    const place = join(root, "etc/hosts");
    for (const link of [
      "/dev/null",
      "/proc/self/mem",
      "/proc/sysrq-trigger",
      "/sys/kernel/notes",
      "hosts",
      "/etc/hosts/x",
    ]) {
      symlinkSync(link, place);
      // where nothing can be mounted the process does not run
      await run(["true"]).catch((error: unknown) =>
        assert.equal((error as { code?: string }).code, "SLIP_SANDBOX", link),
      );
      assert.equal(lstatSync(place).isSymbolicLink(), true);
      rmSync(place);
    }
    makeNode(place, 0o010644, 0, 0);
    assert.match((await run(["cat", "/etc/hosts"])).out, /slipway/);
    rmSync(place);
    rmSync(join(root, "etc"), { recursive: true });
    symlinkSync(folder, join(root, "etc"));
    assert.match((await run(["cat", "/etc/hosts"])).out, /slipway/);
    assert.deepEqual(readdirSync(folder).includes("hosts"), false);
    rmSync(join(root, "etc"));
    writeFileSync(join(root, "etc"), "a file");
    await assert.rejects(run(["true"]), { code: "SLIP_SANDBOX" });
  },

  "links that a process puts where its mount points were lead nobody outside": async ({ sh, root, folder }) => {
    mkdirSync(join(folder, "a/b/c"), { recursive: true });
    const before = statSync(join(folder, "a/b"), { bigint: true }).mtimeNs;
    const mounts = [{ type: "tmpfs", source: "tmpfs", target: "/made/a/b/c", options: [] }] as const;
    const answer = await sh(`mv /made/a /made/else && ln -s ${folder}/a /made/a`, { mounts });
    assert.equal(answer.exitCode, 0, answer.err);
    assert.equal(lstatSync(join(root, "made/a")).isSymbolicLink(), true);
    assert.equal(existsSync(join(folder, "a/b/c")), true);
    assert.equal(statSync(join(folder, "a/b"), { bigint: true }).mtimeNs, before);
  },

  "a working folder that leads to what the runtime has open is refused": async ({ run, root }) => {
    symlinkSync("/proc/self/fd/7", join(root, "tmp/link"));
    for (const cwd of [
      "/proc/self/fd/7",
      "/proc/1/cwd",
      "/tmp/link",
      "/tmp/../proc/self/fd/8/..",
      "relative",
      "a/../../b",
    ]) {
      await assert.rejects(run(["true"], { cwd }), { code: "SLIP_SANDBOX" }, cwd);
    }
  },

  "what has a NUL in it is refused, what is too long for the kernel gives 126": async ({ run }) => {
    for (const spec of [{ env: ["PATH=/bin", "A=b\0c"] }, { cwd: "/tmp\0/x" }, { hostname: "a\0b" }]) {
      await assert.rejects(run(["true"], spec), { code: "SLIP_SANDBOX", message: /NUL/ });
    }
    await assert.rejects(run(["sh", "-c", "true\0false"]), { code: "SLIP_SANDBOX" });
    const many = Array.from({ length: 1000 }, (_, at) => `V${at}=${"x".repeat(1000)}`);
    assert.equal((await run(["sh", "-c", "exit ${#V999}"], { env: ["PATH=/bin", ...many] })).exitCode, 1000 % 256);
    const long = await run(["true"], { env: ["PATH=/bin", `LONG=${"x".repeat(200_000)}`] });
    assert.equal(long.exitCode, 126);
    assert.match(long.err, /too long/i);
  },

  "devices of the machine keep their owner and mode, and stay where they are": async ({ sh, root }) => {
    const before = statSync("/dev/null", { bigint: true });
    const attempts =
      "chmod 600 /dev/null; chown 7:7 /dev/null; rm -f /dev/null; mv /dev/null /dev/x; chmod 0 /dev/zero";
    await sh(attempts);
    await sh(`touch /dev/null; echo x > /dev/null; ${attempts}`);
    const { mode, uid, gid, ino } = statSync("/dev/null", { bigint: true });
    assert.deepEqual([mode, uid, gid, ino], [before.mode, before.uid, before.gid, before.ino]);
    assert.equal(existsSync(join(root, "dev")), false);
  },

  "no device is opened through a volume of memory": async ({ sh }) => {
    const mounts = [{ type: "tmpfs", source: "tmpfs", target: "/m", options: ["dev"] }] as const;
    const answer = await sh("mknod /m/zero c 1 5; cat /m/zero", { mounts });
    assert.notEqual(answer.exitCode, 0);
    assert.equal(answer.out, "");
  },

  "calls of the 32-bit and x32 interfaces are filtered as well": async ({ run, root }) => {
    if (process.arch !== "x64") return;
    for (const [call, fine] of [
      [{ interrupt: true, number: 20 }, true],
      [{ interrupt: true, number: 310, argument: 0x10000000 }, false],
      [{ interrupt: true, number: 21 }, false],
      [{ interrupt: false, number: 39 }, true],
      [{ interrupt: false, number: 272, argument: 0x10000000 }, false],
      [{ interrupt: false, number: 0x40000000 + 272, argument: 0x10000000 }, false],
      [{ interrupt: false, number: 165 }, false],
    ] as const) {
      writeFileSync(join(root, "tmp/call"), callingProgram(call), { mode: 0o755 });
      const { exitCode } = await run(["/tmp/call"]);
      // its process id, EPERM, ENOSYS; or the signal SEGV where the kernel has no 32-bit interface
      assert.ok((fine ? [1, 139] : [101, 138, 139]).includes(exitCode), `${JSON.stringify(call)} gave ${exitCode}`);
    }
  },

  "programs that are setuid root work as they do in docker": async ({ sh, namespace }) => {
    if (namespace.kind === "single-id") return;
    assert.equal((await sh("cat /bin/id > /bin/root-id && chmod 4755 /bin/root-id")).exitCode, 0);
    const user = { uid: 1000, gid: 1000, additionalGids: [] };
    assert.match((await sh("/bin/root-id", { user })).out, /^uid=1000\S* gid=1000\S* euid=0/);
  },
};

/**
 * A 64-bit program that makes one system call, by `int 0x80` or `syscall`, and exits with its result: a process id, or 100 and
 * the number of the error.
 */
function callingProgram(call: {
  readonly interrupt: boolean;
  readonly number: number;
  readonly argument?: number;
}): Buffer {
  const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
  const argument = call.argument ?? 0;
  const enter = call.interrupt ? [0xcd, 0x80] : [0x0f, 0x05];
  const arguments_ = [0xbb, ...u32(argument), 0xbf, ...u32(argument), 0x31, 0xf6, 0x31, 0xc9, 0x31, 0xd2];
  // test eax,eax; jns +5; neg eax; add eax,100; mov edi,eax; mov eax,60; syscall
  const exit = [0x85, 0xc0, 0x79, 0x05, 0xf7, 0xd8, 0x83, 0xc0, 100, 0x89, 0xc7, 0xb8, ...u32(60), 0x0f, 0x05];
  const code = Buffer.from([0xb8, ...u32(call.number), ...arguments_, ...enter, ...exit]);
  const base = 0x400000n;
  const header = Buffer.alloc(120);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    header.writeUInt16LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [64, 1],
    [68, 5],
  ] as const)
    header.writeUInt32LE(value, at);
  const size = BigInt(header.length + code.length);
  for (const [at, value] of [
    [24, base + 120n],
    [32, 64n],
    [80, base],
    [88, base],
    [96, size],
    [104, size],
    [112, 4096n],
  ] as const) {
    header.writeBigUInt64LE(value, at);
  }
  return Buffer.concat([header, code]);
}
