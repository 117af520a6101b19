import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { makeNode } from "../base/syscalls.ts";
import { context, scratch, sizeOf, twoLayers, untar } from "./fixtures.ts";
import { exportLocal, exportTar } from "./index.ts";

describe("exportTar", () => {
  test("writes the root file system as it is, names of whiteouts included", async () => {
    using folder = scratch();
    const { layers } = await twoLayers(folder.path);
    const root = layers[0]!.upper;
    writeFileSync(`${root}/.wh.file`, "a file like any other");
    const dest = `${folder.path}/root.tar`;
    const { size } = await exportTar(root, { dest, epoch: 1_000_000_000 }, context());
    expect(statSync(dest).size).toBe(size);
    expect(execFileSync("tar", ["-tf", dest]).toString().trim().split("\n")).toEqual([
      ".wh.file",
      "file",
      "gone/",
      "gone/deep/",
      "link",
      "opaque/",
      "opaque/old",
      "twin",
    ]);
    const unpacked = untar(dest, `${folder.path}/u`);
    expect(statSync(`${unpacked}/file`).mtimeMs).toBe(1_000_000_000_000);
    expect(statSync(`${unpacked}/twin`).ino).toBe(statSync(`${unpacked}/file`).ino);
  });

  test("names the pipe whose reader went away", async () => {
    using folder = scratch();
    mkdirSync(`${folder.path}/root`);
    writeFileSync(`${folder.path}/root/large`, Buffer.alloc(1 << 20));
    const dest = `${folder.path}/pipe`;
    makeNode(dest, constants.S_IFIFO | 0o600, 0, 0);
    const reader = openSync(dest, constants.O_RDONLY | constants.O_NONBLOCK);
    const done = exportTar(`${folder.path}/root`, { dest }, context());
    // it is in the middle of the file then: a pipe takes 64 KiB
    while (!hasData(reader)) await sleep(5);
    closeSync(reader);
    await expect(done).rejects.toMatchObject({ code: "SLIP_OUTPUT", message: expect.stringContaining(dest) as string });
  });

  test("names the destination that cannot be written", async () => {
    using folder = scratch();
    writeFileSync(`${folder.path}/file`, "");
    const done = exportTar(folder.path, { dest: `${folder.path}/file/below/root.tar` }, context());
    await expect(done).rejects.toMatchObject({
      code: "SLIP_OUTPUT",
      message: expect.stringContaining("root.tar") as string,
    });
  });
});

describe("exportLocal", () => {
  test("copies files, modes, times, links, and says what it leaves out", async () => {
    using folder = scratch();
    const { layers } = await twoLayers(folder.path);
    const root = layers[0]!.upper;
    execFileSync("chmod", ["4750", `${root}/file`]);
    execFileSync("touch", ["-d", "@1234567890.123456789", `${root}/file`, `${root}/gone`]);
    const server = createServer().listen(`${root}/socket`);
    await new Promise((listening) => server.once("listening", listening));
    const ctx = context();
    const { size } = await exportLocal([root], { dest: `${folder.path}/out` }, ctx);
    server.close();
    const out = `${folder.path}/out`;
    expect(readdirSync(out).sort()).toEqual(["file", "gone", "link", "opaque", "twin"]);
    expect(readlinkSync(`${out}/link`)).toBe("file");
    expect(statSync(`${out}/twin`).ino).toBe(statSync(`${out}/file`).ino);
    // the owner is another one now, so the bit would mean another thing
    expect(statSync(`${out}/file`).mode & 0o7777).toBe(0o750);
    for (const name of ["file", "gone"]) {
      expect(lstatSync(`${out}/${name}`, { bigint: true }).mtimeNs).toBe(1_234_567_890_123_456_789n);
    }
    expect(size).toBe(sizeOf(out));
    expect(ctx.events).toMatchObject([{ type: "warning", message: expect.stringContaining("1 devices") as string }]);
  });

  test.runIf(process.getuid?.() === 0)("gives files of every owner to whoever runs it", async () => {
    using folder = scratch();
    const root = `${folder.path}/root`;
    mkdirSync(`${root}/d`, { recursive: true });
    for (const name of ["d/a", "b"]) writeFileSync(`${root}/${name}`, "x");
    for (const name of ["d", "d/a", "b"]) chownSync(`${root}/${name}`, 7, 42);
    chmodSync(`${root}/b`, 0o6755);
    await exportLocal([root], { dest: `${folder.path}/out` }, context());
    for (const name of ["d", "d/a", "b"]) {
      const { uid, gid, mode } = lstatSync(`${folder.path}/out/${name}`);
      expect([name, uid, gid, mode & 0o7000]).toEqual([name, 0, 0, 0]);
    }
  });

  test("replaces files of the same name in a folder that is there, follows no link in it, and leaves the rest", async () => {
    using folder = scratch();
    const { layers } = await twoLayers(folder.path);
    const root = layers[0]!.upper;
    const out = `${folder.path}/out`;
    mkdirSync(`${folder.path}/outside`);
    mkdirSync(`${out}/link`, { recursive: true });
    writeFileSync(`${out}/link/x`, "in the way");
    writeFileSync(`${out}/mine`, "mine");
    writeFileSync(`${folder.path}/outside/file`, "good");
    symlinkSync(`${folder.path}/outside`, `${out}/opaque`);
    symlinkSync(`${folder.path}/outside/file`, `${out}/file`);
    for (let i = 0; i < 2; i++) {
      await exportLocal([root], { dest: out }, context());
      expect(readdirSync(out).sort()).toEqual(["file", "gone", "link", "mine", "opaque", "twin"]);
      expect(readFileSync(`${out}/mine`, "utf8")).toBe("mine");
      expect(lstatSync(`${out}/opaque`).isDirectory()).toBe(true);
      expect(lstatSync(`${out}/file`).isFile()).toBe(true);
      expect(readlinkSync(`${out}/link`)).toBe("file");
      expect(statSync(`${out}/twin`).ino).toBe(statSync(`${out}/file`).ino);
      expect(readFileSync(`${folder.path}/outside/file`, "utf8")).toBe("good");
    }
  });

  test("leaves a folder that is there open to others when it fails", async () => {
    using folder = scratch();
    const [root, out] = [`${folder.path}/root`, `${folder.path}/out`];
    for (const path of [`${root}/bin`, `${out}/bin`]) mkdirSync(path, { recursive: true, mode: 0o755 });
    writeFileSync(`${root}/bin/x`, "x");
    // a name that stands where the file in the way is put for a moment: it cannot be removed
    writeFileSync(`${out}/bin/x`, "mine");
    mkdirSync(`${out}/bin/.slipway-${process.pid}.tmp/x`, { recursive: true });
    await expect(exportLocal([root], { dest: out }, context())).rejects.toThrow("directory");
    expect(lstatSync(`${out}/bin`).mode & 0o777).toBe(0o755);
  });

  test("leaves nothing when it fails", async () => {
    using folder = scratch();
    const out = `${folder.path}/out/new`;
    await expect(exportLocal(["/nonexistent"], { dest: out }, context())).rejects.toMatchObject({
      code: "SLIP_OUTPUT",
    });
    expect(readdirSync(`${folder.path}/out`)).toEqual([]);
    const cancelled = exportLocal([folder.path], { dest: out }, context(AbortSignal.abort()));
    await expect(cancelled).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
    expect(existsSync(out)).toBe(false);
    await expect(exportLocal(["/"], { dest: "-" }, context())).rejects.toMatchObject({ code: "SLIP_OUTPUT" });
  });
});

/** Takes a byte of a pipe that does not block, when there is one. */
function hasData(pipe: number): boolean {
  try {
    return readSync(pipe, Buffer.alloc(1)) === 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    return false;
  }
}
