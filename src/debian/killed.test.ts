// A base whose making is killed, or whose disk is full, at every point: the next try makes the same, and nothing is left behind.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "vitest";
import { openStore } from "../store/index.ts";
import { FakeArchive, makeDeb } from "../../test/support/fake-archive.ts";
import type { BaseAnswer, BaseOrder } from "../../test/support/make-base-child.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

const child = join(import.meta.dirname, "../../test/support/make-base-child.ts");
const names = ["one", "two", "three"];
/** The child's modules are compiled once. */
const compiled = mkdtempSync(join(tmpdir(), "slipway-test-"));
const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
afterAll(() => rmSync(compiled, { recursive: true }));

async function archiveOf(size: number): Promise<FakeArchive> {
  const archive = await FakeArchive.start();
  const packages = names.map(async (name) => {
    const big = randomBytes(size).toString("latin1");
    const deb = await makeDeb({ control: { control: `Package: ${name}\n` }, data: { [`usr/lib/${name}/big`]: big } });
    return { name, deb };
  });
  await archive.publishAll(await Promise.all(packages));
  return archive;
}

function orderOf({ url, keyring }: FakeArchive): Omit<BaseOrder, "root"> {
  return { mirror: url, keyring, packages: names };
}

interface Run {
  readonly answer: BaseAnswer | undefined;
  readonly killed: boolean;
}

/** Runs it to its end, or until a line of its progress is the last that it tells. */
function make(archive: FakeArchive, root: string, killAt?: (line: string) => boolean): Promise<Run> & { kill(): void } {
  const order: BaseOrder = { ...orderOf(archive), root };
  const running = spawn(process.execPath, [child, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
    env,
  });
  let last = "";
  createInterface(running.stdout).on("line", (line) => {
    if (killAt?.(line)) running.kill("SIGKILL");
    last = line;
  });
  const ended = new Promise<Run>((resolve) =>
    running.on("close", (_code, signal) => {
      const answer = signal === null ? (JSON.parse(last) as BaseAnswer) : undefined;
      resolve({ answer, killed: signal === "SIGKILL" });
    }),
  );
  return Object.assign(ended, { kill: () => void running.kill("SIGKILL") });
}

async function leftovers(root: string): Promise<readonly string[]> {
  using store = openStore(root);
  await store.recover();
  const list = (folder: string): readonly string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return [...(await store.verify({ blobs: true })), ...list("active"), ...list("trash")];
}

test("killed while it reads, fetches, unpacks or commits, it leaves nothing, and the next one makes the same", async () => {
  const archive = await archiveOf(400_000);
  const root = join(tempFolder(), "store");
  const undisturbed = make(archive, join(tempFolder(), "store"));

  // The same store all the way: each goes on from what the killed one before left.
  const killsAt = async (path: RegExp): Promise<void> => {
    const running: { kill?: () => void } = {};
    for (const one of archive.files.keys()) {
      if (!path.test(one)) continue;
      archive.faults.set(one, (_request, response, body) => {
        response.writeHead(200, { "content-length": body.length });
        response.write(body.subarray(0, body.length / 2), () => running.kill?.());
        return true;
      });
    }
    const run = make(archive, root);
    running.kill = () => run.kill();
    expect((await run).killed).toBe(true);
    archive.faults.clear();
  };
  const whole = (await undisturbed).answer;
  expect(whole).toMatchObject({ diffId: expect.stringMatching(/^sha256:/) as unknown, damage: [] });
  await killsAt(/bookworm\/.*by-hash/);
  await killsAt(/two_1.0_amd64.deb$/);
  for (const done of [0, 2]) {
    const at = (line: string): boolean => line.includes("unpacking packages") && line.includes(`"current":${done + 1}`);
    expect((await make(archive, root, at)).killed).toBe(true);
  }
  const again = (await make(archive, root)).answer;
  expect(again).toEqual(whole);
  expect(await leftovers(root)).toEqual([]);
  expect(readdirSync(join(root, "debian")).sort()).toEqual(["indexes", "releases", "unpacked"]);
});

const whyNot = process.getuid?.() === 0 ? undefined : "a small file system can be mounted by root only";

describe.skipIf(whyNot)(`a full disk${whyNot === undefined ? "" : ` (skipped: ${whyNot})`}`, () => {
  interface Tried {
    readonly answers: readonly BaseAnswer[];
    readonly left: readonly string[];
  }

  /** On a disk of so many megabytes, and again on the same with more. */
  async function onSmallDisk(archive: FakeArchive, megabytes: number): Promise<Tried> {
    const disk = join(tempFolder(), "disk");
    mkdirSync(disk);
    const order: BaseOrder = { ...orderOf(archive), root: join(disk, "store") };
    const script = [
      `mount -t tmpfs -o size=${megabytes}m none "$1"`,
      `"$2" "$3" "$4"`,
      `ls -A "$1/store/active" | sed "s/^/left /"`,
      `mount -o remount,size=64m "$1"`,
      `"$2" "$3" "$4"`,
    ].join(" && ");
    const args = ["sh", "-c", script, "sh", disk, process.execPath, child, JSON.stringify(order)];
    const running = spawn("unshare", ["-m", "--propagation", "private", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env,
    });
    const lines: string[] = [];
    for await (const line of createInterface(running.stdout)) lines.push(line);
    return {
      answers: lines.filter((line) => line.includes('"damage"')).map((line) => JSON.parse(line) as BaseAnswer),
      left: lines.filter((line) => line.startsWith("left ")),
    };
  }

  test("while packages are fetched, and while they are unpacked: one error, and with more room it goes on", async () => {
    const archive = await archiveOf(2_000_000);
    // What is fetched takes 9 megabytes, what is unpacked as many.
    const tried = await Promise.all([onSmallDisk(archive, 5), onSmallDisk(archive, 14)]);
    for (const { answers, left } of tried) {
      expect(answers).toEqual([
        {
          code: "SLIP_DISK_FULL",
          message: expect.any(String) as unknown,
          hint: expect.stringContaining("prune") as unknown,
          damage: [],
        },
        { diffId: expect.stringMatching(/^sha256:/) as unknown, damage: [] },
      ]);
      expect(left).toEqual([]);
    }
  });
});
