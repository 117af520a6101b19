import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openCgroups } from "./cgroup.ts";

const unified = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find(
  (path) => existsSync(path) && statfsSync(path).type === 0x63677270,
);
const whyNoTree = unified === undefined || process.getuid?.() !== 0 ? "needs root and a tree of cgroup v2" : undefined;

test.skipIf(whyNoTree)(
  `a process is in the group of v2 that was made for it, and the group goes${whyNoTree ? ` (skipped: ${whyNoTree})` : ""}`,
  async () => {
    const parent = `/slipway-test-${process.pid}`;
    onTestFinished(() => rmdirSync(`${unified}${parent}`));
    const group = openCgroups(unified).open({ parent });
    expect(group.doors).toHaveLength(1);
    const script = "echo 0 >&3 && cat /proc/self/cgroup";
    const said = execFileSync("sh", ["-c", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe", ...group.doors],
    });
    expect(said).toMatch(new RegExp(`^0::${parent}/slipway-[0-9a-f-]+$`, "m"));
    await group[Symbol.asyncDispose]();
    expect(readdirSync(`${unified}${parent}`).filter((name) => name.startsWith("slipway-"))).toEqual([]);
  },
);

/** Trees of v1 as files that can be written like those of the kernel. */
function fakeTrees(...controllers: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "slipway-cgroup-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const controller of controllers) {
    mkdirSync(join(root, controller));
    writeFileSync(join(root, controller, "cgroup.procs"), "");
  }
  return root;
}

test("limits are written where v1 has them, one group for each controller that is needed", () => {
  const root = fakeTrees("memory", "cpu", "cpuset", "pids", "blkio");
  // Each group has a cgroup.procs in the kernel: here it is made by what is opened for writing.
  const group = openCgroups(root).open({
    parent: "/a/b",
    memory: 1 << 20,
    memorySwap: -1,
    cpuQuota: 5000,
    cpuShares: 2,
  });
  expect(group.doors).toHaveLength(5);
  const own = (controller: string): string => {
    const folder = join(root, controller, "a/b");
    return join(folder, readdirSync(folder).find((name) => name.startsWith("slipway-")) ?? "none");
  };
  const value = (controller: string, file: string): string => readFileSync(join(own(controller), file), "utf8");
  expect(value("memory", "memory.limit_in_bytes")).toBe(String(1 << 20));
  expect(value("memory", "memory.memsw.limit_in_bytes")).toBe("-1");
  expect(value("cpu", "cpu.cfs_quota_us")).toBe("5000");
  expect(value("cpu", "cpu.shares")).toBe("2");
  expect(existsSync(join(own("memory"), "cpu.shares"))).toBe(false);
});

test("a parent never leads out of the mount", () => {
  const root = fakeTrees("memory");
  openCgroups(root).open({ parent: "../../../out", memory: 4096 });
  expect(readdirSync(join(root, "memory"))).toContain("out");
});

test("what the machine does not have is said to be so, and nothing is left", () => {
  const root = fakeTrees("memory");
  const groups = openCgroups(root);
  expect(() => groups.open({ cpuQuota: 5000 })).toThrow(expect.objectContaining({ code: "SLIP_UNSUPPORTED" }));
  expect(() => groups.open({ cpuQuota: 5000 })).toThrow(/no control groups for cpu/);
  expect(() => openCgroups(join(root, "nowhere")).open({ memory: 1 })).toThrow(/no control groups/);
});
