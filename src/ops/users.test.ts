import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeNode } from "../base/syscalls.ts";
import { findGroupsOf, findOwner, findUser } from "./users.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-users-"));
  mkdirSync(join(root, "etc"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("names and numbers are looked up in the root's own files", () => {
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\napp:x:1000:7::/home/app:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nmore:x:8:app\n");
  expect(findUser(root, "app")).toEqual({ uid: 1000, gid: 7, home: "/home/app" });
  expect(findUser(root, "app:more")).toEqual({ uid: 1000, gid: 8, home: "/home/app" });
  expect(findGroupsOf(root, 1000)).toEqual([8]);
  expect(() => findUser(root, "nobody")).toThrow(expect.objectContaining({ code: "SLIP_USER_UNKNOWN" }));
});

test.each([
  ["app", [1000, 7]],
  ["app:more", [1000, 8]],
  ["app:9", [1000, 9]],
  ["app:", [1000, 0]],
  [":more", [0, 8]],
  [":5", [0, 5]],
  ["1000", [1000, 1000]],
  ["12:34", [12, 34]],
  ["12:more", [12, 8]],
  ["root", [0, 0]],
  ["root:root", [0, 0]],
  [":", [0, 0]],
])("the owner %s", (text, [uid, gid]) => {
  writeFileSync(join(root, "etc/passwd"), "app:x:1000:7::/home/app:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "more:x:8:app\n");
  expect(findOwner(root, text)).toEqual({ uid, gid });
});

test.each(["nobody", "app:nogroup", "nobody:1", "-1", "app:more:x", "99999999999"])(
  "the owner %s is unknown",
  (text) => {
    writeFileSync(join(root, "etc/passwd"), "app:x:1000:7::/home/app:/bin/sh\n");
    writeFileSync(join(root, "etc/group"), "more:x:8:app\n");
    expect(() => findOwner(root, text)).toThrow(expect.objectContaining({ code: "SLIP_USER_UNKNOWN" }));
  },
);

test("a passwd file that is a fifo, a folder, endless or a link to the machine's is no passwd file", () => {
  const path = join(root, "etc/passwd");
  const forms: readonly (() => void)[] = [
    () => makeNode(path, 0o010644, 0, 0),
    () => mkdirSync(path),
    () => {
      writeFileSync(path, "app:x:1000:7::/:/bin/sh\n");
      truncateSync(path, 2 ** 40);
    },
    () => symlinkSync("/etc/passwd", path),
    () => symlinkSync("../../../../../../../../etc/passwd", path),
  ];
  for (const make of forms) {
    make();
    expect(findUser(root, "1000")).toEqual({ uid: 1000, gid: 1000, home: "/" });
    expect(() => findUser(root, "app")).toThrow(expect.objectContaining({ code: "SLIP_USER_UNKNOWN" }));
    rmSync(path, { recursive: true });
  }
});
