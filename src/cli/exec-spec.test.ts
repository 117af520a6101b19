import { describe, expect, test } from "vitest";
import { type ExecFlags, parseAllow, parseExec } from "./exec-spec.ts";

const none: ExecFlags = { ulimit: [], "shm-size": undefined, "add-host": [], "cgroup-parent": undefined, resource: [] };

test("without flags there is nothing to say", () => {
  expect(parseExec(none)).toBeUndefined();
  expect(parseExec({ ...none, "shm-size": "0" })).toBeUndefined();
});

test.each<[Partial<ExecFlags>, object]>([
  [
    { ulimit: ["nofile=1:2", "core=-1", "nofile=3"] },
    {
      ulimits: [
        { name: "nofile", soft: 3, hard: 3 },
        { name: "core", soft: -1, hard: -1 },
      ],
    },
  ],
  [{ ulimit: ["stack=8192:-1"] }, { ulimits: [{ name: "stack", soft: 8192, hard: -1 }] }],
  [{ "shm-size": "64m" }, { shmSize: 64 << 20 }],
  [
    { "add-host": ["A:10.0.0.1", "b=[::1]", "c:fd00::2"] },
    {
      extraHosts: [
        { name: "a", address: "10.0.0.1" },
        { name: "b", address: "::1" },
        { name: "c", address: "fd00::2" },
      ],
    },
  ],
  [{ "add-host": ["gate:host-gateway"] }, { extraHosts: [{ name: "gate", address: "127.0.0.1" }] }],
  [{ "cgroup-parent": "/builds" }, { cgroupParent: "/builds" }],
  [
    { resource: ["memory=2g", "memory-swap=-1", "cpu-quota=50000", "cpu-shares=512", "cpuset-cpus=0-2,5"] },
    { resources: { memory: 2 ** 31, memorySwap: -1, cpuQuota: 50_000, cpuShares: 512, cpusetCpus: "0-2,5" } },
  ],
])("%j", (flags, expected) => {
  expect(parseExec({ ...none, ...flags })).toEqual({ ...expected });
});

describe("what is wrong is said so", () => {
  test.each<[Partial<ExecFlags>, RegExp]>([
    [{ ulimit: ["nofiles=1"] }, /Unknown limit "nofiles"/],
    [{ ulimit: ["nofile"] }, /Invalid value ""/],
    [{ ulimit: ["nofile=2:1"] }, /larger than the hard one/],
    [{ ulimit: ["nofile=-1:1"] }, /larger than the hard one/],
    [{ "shm-size": "much" }, /--shm-size/],
    [{ "add-host": ["name"] }, /Invalid value "name"/],
    [{ "add-host": ["name:there"] }, /Invalid address "there"/],
    [{ "add-host": ["two words:10.0.0.1"] }, /Invalid value/],
    [{ "add-host": ["a:10.0.0.1\n10.0.0.2 b"] }, /Invalid/],
    [{ resource: ["ram=1"] }, /Unknown resource "ram"/],
    [{ resource: ["constructor=1"] }, /Unknown resource/],
    [{ resource: ["memory=x"] }, /--resource memory/],
    [{ resource: ["cpu-shares=1"] }, /--resource cpu-shares/],
    [{ resource: ["cpuset-cpus=a"] }, /--resource cpuset-cpus/],
    [{ resource: ["memory=2g", "memory-swap=1g"] }, /together/],
  ])("%j", (flags, message) => {
    expect(() => parseExec({ ...none, ...flags })).toThrow(message);
  });

  test("rights", () => {
    expect(parseAllow(["network.host", "security.insecure"])).toEqual(["network.host", "security.insecure"]);
    expect(() => parseAllow(["all"])).toThrow(/Unknown right "all"/);
    expect(() => parseAllow(["device=x"])).toThrow(expect.objectContaining({ code: "SLIP_UNSUPPORTED" }));
  });
});
