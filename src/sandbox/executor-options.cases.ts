// What a ProcessSpec may ask for beyond the usual: cases of the Executor (see executor.cases.ts).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import { field, type Lab, status } from "./executor-lab.cases.ts";

export const optionCases: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  "limits that are asked for take the place of the usual ones": async ({ sh }) => {
    const ulimits = [
      { name: "nofile", soft: 123, hard: 456 },
      { name: "core", soft: 0, hard: 4096 },
      { name: "stack", soft: 65_536, hard: 131_072 },
    ] as const;
    const answer = await sh("ulimit -Sn; ulimit -Hn; grep -E 'core file|Max stack' /proc/self/limits", { ulimits });
    const [soft, hard, ...lines] = answer.out.trim().split("\n");
    assert.deepEqual([soft, hard], ["123", "456"]);
    assert.match(lines.join("\n"), /Max stack size\s+65536\s+131072/);
    assert.match(lines.join("\n"), /Max core file size\s+0\s+4096/);
  },

  "no limit is none": async ({ sh }) => {
    const hard = /^Max cpu time\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    if (hard !== "unlimited") return;
    const answer = await sh("grep 'Max cpu' /proc/self/limits", { ulimits: [{ name: "cpu", soft: -1, hard: -1 }] });
    assert.match(answer.out, /unlimited\s+unlimited/);
  },

  "/dev/shm has the size that is asked for": async ({ sh }) => {
    const size = (answer: { readonly out: string }): string =>
      answer.out.trim().split("\n").at(-1)?.split(/\s+/)[1] ?? "";
    assert.equal(size(await sh("df -k /dev/shm")), "65536");
    assert.equal(size(await sh("df -k /dev/shm", { shmSize: 8 << 20 })), "8192");
  },

  "names that are asked for stand before those of the network": async ({ sh }) => {
    const extraHosts = [
      { name: "localhost.test", address: "10.9.8.7" },
      { name: "six.test", address: "fd00::1" },
    ];
    for (const network of ["host", "none"] as const) {
      const { out } = await sh("cat /etc/hosts; uname -n", { extraHosts, network, hostname: "my-host" });
      assert.ok(out.startsWith("10.9.8.7\tlocalhost.test\nfd00::1\tsix.test\n"), out);
      assert.match(out, /^127\.0\.0\.1\tmy-host$/m);
      assert.equal(out.trim().split("\n").at(-1), "my-host");
    }
  },

  "a privileged process has every capability, no filter and nothing masked; the next one is in the sandbox again":
    async (lab) => {
      const { sh, namespace } = lab;
      const own = /^CapBnd:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
      assert.equal(field(await sh(status("CapBnd"), { privileged: true })), own);
      assert.equal(field(await sh(status("CapEff"), { privileged: true })), own);
      assert.equal(field(await sh(status("Seccomp"), { privileged: true })), "0");
      const mounted = await sh("mount -t tmpfs tmpfs /tmp && touch /tmp/x && ls /tmp", { privileged: true });
      assert.equal(mounted.out, "x\n", mounted.err);
      assert.equal((await sh("mount -t tmpfs tmpfs /tmp")).exitCode === 0, false);
      assert.equal(field(await sh(status("Seccomp"))), "2");
      if (namespace.kind !== "root") return;
      assert.equal((await sh("head -c 1 /proc/kcore | wc -c", { privileged: true })).exitCode, 0);
      const node = "mknod /tmp/zero c 1 5 && head -c 3 /tmp/zero | wc -c";
      assert.equal((await sh(node, { privileged: true })).out.trim(), "3");
      assert.equal((await sh(`rm -f /tmp/zero; ${node}`)).out.trim(), "0");
    },

  "another user in a privileged process has capabilities as a bound alone": async ({ sh, namespace }) => {
    if (namespace.kind === "single-id") return;
    const user = { uid: 1000, gid: 1000, additionalGids: [] };
    assert.equal(BigInt(`0x${field(await sh(status("CapEff"), { privileged: true, user }))}`), 0n);
  },

  "a control group has the limits and is gone afterwards, or it is said that there can be none": async ({ sh }) => {
    const cgroup = { memory: 64 << 20 };
    const script = "cat /proc/self/cgroup; head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null; echo $?";
    let answer: Awaited<ReturnType<typeof sh>>;
    try {
      answer = await sh(script, { cgroup });
    } catch (error) {
      assert.ok(error instanceof SlipwayError);
      assert.equal(error.code, "SLIP_UNSUPPORTED");
      assert.match(error.message, /control group/);
      return;
    }
    const group = /[^:\n]*slipway-[0-9a-f-]{36}/.exec(answer.out)?.[0];
    assert.ok(group !== undefined, answer.out);
    assert.notEqual(answer.out.trim().split("\n").at(-1), "0", "the limit did not end what takes more");
    for (const tree of ["", "/memory"]) assert.equal(existsSync(`/sys/fs/cgroup${tree}${group}`), false);
  },

  "a control group that cannot be is an error, and nothing runs": async ({ sh, upper }) => {
    const cgroup = { cpusetCpus: "4095" };
    await assert.rejects(sh("touch /ran", { cgroup }), { code: "SLIP_UNSUPPORTED" });
    assert.equal(existsSync(`${upper}/ran`), false);
  },
};
