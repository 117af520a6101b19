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

test("a PATH and a LD_LIBRARY_PATH without end are given up in time", () => {
  const folders = Array.from({ length: 100_000 }, (_, at) => `/f${at}`).join(":");
  expect(found({ Cmd: ["app"], Env: [`PATH=${folders}`] })[0]).toContain("EntrypointNotFound");
  put("lib/ld-linux-x86-64.so.2", "loader");
  put("app", dynamicProgram(2000));
  const started = performance.now();
  const told = found({ Cmd: ["/app"], Env: [`LD_LIBRARY_PATH=${folders}`] });
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(told).toEqual([]);
});

test("a passwd that is a folder, and a script without end, cost nothing", () => {
  mkdirSync(join(root, "etc/passwd"), { recursive: true });
  put("app", Buffer.concat([Buffer.from("#!"), Buffer.alloc(1 << 20, "x")]));
  expect(found({ Entrypoint: ["/app"], User: "me" }).map((text) => text.split(":", 1)[0])).toEqual([
    "InterpreterMissing",
    "UserUnknown",
  ]);
});

/** A program that needs so many libraries, each of another name. */
function dynamicProgram(count: number): Buffer {
  const loader = Buffer.from("/lib/ld-linux-x86-64.so.2\0");
  const names = Array.from({ length: count }, (_, at) => `lib${at}.so\0`);
  const strings = Buffer.from(`\0${names.join("")}`);
  const [header, segments] = [64, 3 * 56];
  const table = header + segments + loader.length;
  const dynamic = table + strings.length;
  const file = Buffer.alloc(dynamic + 16 * (count + 2));
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(BigInt(header), 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  const parts = [
    [1, 0, file.length],
    [3, header + segments, loader.length],
    [2, dynamic, 16 * (count + 2)],
  ] as const;
  for (const [at, [type, offset, size]] of parts.entries()) {
    const place = header + at * 56;
    file.writeUInt32LE(type, place);
    file.writeBigUInt64LE(BigInt(offset), place + 8);
    file.writeBigUInt64LE(BigInt(offset), place + 16);
    file.writeBigUInt64LE(BigInt(size), place + 32);
  }
  loader.copy(file, header + segments);
  strings.copy(file, table);
  let name = 1;
  for (let at = 0; at < count; at++) {
    file.writeBigUInt64LE(1n, dynamic + 16 * at);
    file.writeBigUInt64LE(BigInt(name), dynamic + 16 * at + 8);
    name += names[at]!.length;
  }
  file.writeBigUInt64LE(5n, dynamic + 16 * count);
  file.writeBigUInt64LE(BigInt(table), dynamic + 16 * count + 8);
  return file;
}
