import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ContainerConfig } from "../../oci/index.ts";
import { checkResult } from "./check-result.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-result-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: string | Buffer, mode = 0o755): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

function found(config: ContainerConfig): readonly string[] {
  const rootfs = { type: "layers", diff_ids: [] } as const;
  return checkResult(root, { os: "linux", architecture: "amd64", config, rootfs }).map(
    ({ rule, message }) => `${rule}: ${message}`,
  );
}

test("links are followed inside of the image alone", () => {
  symlinkSync("/etc/passwd", join(root, "app"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("../../../../../../bin/sh", join(root, "out"));
  for (const name of ["app", "loop", "out"]) {
    expect(found({ Entrypoint: [`/${name}`] })).toEqual([
      `EntrypointNotFound: The image starts with /${name}, which it does not have`,
    ]);
  }
  put("real/app", "#!/real/sh\n");
  put("real/sh", "#!/real/app\n");
  symlinkSync("/real/app", join(root, "linked"));
  // two scripts that name each other end as the kernel ends them
  expect(found({ Entrypoint: ["/linked"] })).toEqual([]);
});

test("an image that starts nothing, and one with an empty name, are looked at", () => {
  expect(found({})).toEqual([]);
  expect(found({ Cmd: [] })).toEqual([]);
  expect(found({ Entrypoint: [""] })).toEqual(["EntrypointNotFound: The image starts with , which it does not have"]);
});

test("names that are not ASCII are found and shown as they are", () => {
  put("döner", "#!/bin/ß\n");
  expect(found({ Entrypoint: ["/döner"] })).toEqual([
    'InterpreterMissing: The script /döner is for "/bin/ß", which the image does not have',
  ]);
});

test("a group of the user's may execute what its group may", () => {
  put("etc/passwd", "app:x:1234:2345::/:\n");
  put("etc/group", "wheel:x:0:other,app\n");
  put("app", "#!/app2\n", 0o710);
  put("app2", "x", 0o755);
  const config = { Entrypoint: ["/app"], User: "app" };
  const denied = found({ ...config, User: "4711:4711" });
  expect(denied).toEqual([expect.stringContaining("its user (4711) may not execute: its mode is 710")]);
  // the files belong to whoever runs this, so to group 0 or another
  if (process.getgid?.() === 0) expect(found(config).join()).not.toContain("may not execute");
});

test("a passwd that is a folder, and a script without end, cost nothing", () => {
  mkdirSync(join(root, "etc/passwd"), { recursive: true });
  put("app", Buffer.concat([Buffer.from("#!"), Buffer.alloc(1 << 20, "x")]));
  expect(found({ Entrypoint: ["/app"], User: "me" }).map((text) => text.split(":", 1)[0])).toEqual([
    "InterpreterMissing",
    "UserUnknown",
  ]);
});
