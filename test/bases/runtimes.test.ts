// What the built-in bases are for: the programs of each language in them, through slipway's own sandbox.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Servers, startServers } from "../../scripts/examples/servers.ts";
import { because, makeBase, programs, run, slipway, whyNoBases } from "./bases.ts";
import { notInPython } from "./not-in-python.ts";

const emulated = readFileIfAny("/proc/sys/fs/binfmt_misc/qemu-aarch64").startsWith("enabled");
const whyNoCompiler = spawnSync("g++", ["--version"]).status === 0 ? undefined : "no g++ on PATH";

describe.skipIf(whyNoBases)(`The built-in bases${because}`, { timeout: 280_000 }, () => {
  let servers: Servers;
  const asNonroot = ["--user=65532", "--workdir=/home/nonroot"];
  /** With our name server, and with an authority of ours beside. */
  const online = (): readonly string[] => [
    `--volume=${servers.ca}/ca.pem:/ca.pem:ro`,
    ...(servers.resolver === undefined ? [] : [`--volume=${servers.resolver}:/etc/resolv.conf:ro`]),
  ];
  beforeAll(async () => void (servers = await startServers()));
  afterAll(() => servers[Symbol.asyncDispose]());

  describe.each([
    ["python3-debian12", "3.11"],
    ["python3-debian13", "3.13"],
  ])("%s", (title, version) => {
    test("imports all of its standard library but what is of other systems, or in packages of its own", async () => {
      const image = await makeBase(title);
      const [tried, ...missing] = (await run(image, ["--read-only", ...asNonroot], "/programs/stdlib.py"))
        .trim()
        .split(" ");
      expect(missing).toEqual(Object.keys(notInPython[version as keyof typeof notInPython]).sort());
      expect(Number(tried)).toBeGreaterThan(600);
    });

    test("finds libraries, certificates, names, zones, a locale and a home, as user 65532", async () => {
      const image = await makeBase(title);
      const words = ["/programs/surroundings.py", servers.trusted, servers.stranger];
      const found = JSON.parse(await run(image, [...asNonroot, ...online()], ...words)) as Record<string, unknown>;
      expect(found).toMatchObject({
        user: [65532, 65532, "nonroot", "/home/nonroot", "/home/nonroot"],
        home: true,
        temporary: true,
        root: "EACCES",
        system: "EACCES",
        encodings: ["utf-8", "utf-8", "C.UTF-8"],
        libraries: ["libc.so.6", "libssl.so.3", "libz.so.1", "libstdc++.so.6", null],
        loaded: 1,
        address: "127.0.0.1",
        services: [443, 6],
        trusted: "hello\n",
        stranger: "SSLCertVerificationError",
        zone: "2026-07-01T08:00:00-04:00",
        shell: "/bin/sh",
      });
      expect(found["authorities"]).toBeGreaterThan(140);
      expect(found["zones"]).toBeGreaterThan(590);
      const still = JSON.parse(await run(image, ["--read-only", ...asNonroot, ...online()], ...words)) as object;
      expect(still).toMatchObject({
        home: "EROFS",
        temporary: "EROFS",
        root: "EROFS",
        system: "EROFS",
        trusted: "hello\n",
      });
    });
  });

  test.each([
    ["java17-debian12", "17"],
    ["java21-debian13", "21"],
    ["java25-debian13", "25"],
  ])("%s has trust anchors, UTF-8, fonts and time zones", async (title, version) => {
    const image = await makeBase(title);
    const java = ["--entrypoint=/usr/bin/java", ...asNonroot, ...online()];
    const told = await run(image, java, "/programs/Surroundings.java", servers.stranger);
    const { anchors, ...found } = Object.fromEntries(
      told
        .trim()
        .split("\n")
        .map((line) => line.split("=")),
    ) as Record<string, string>;
    expect(Number(anchors)).toBeGreaterThan(140);
    expect(found).toEqual({
      charset: "UTF-8",
      "file.encoding": "UTF-8",
      "sun.jnu.encoding": "UTF-8",
      "user.name": "nonroot",
      "user.home": "/home/nonroot",
      "java.specification.version": version,
      file: "[żółw]",
      writable: "false",
      zone: "2026-07-01T08:00",
      fonts: "true",
      stranger: "refused",
      processes: "0",
    });
  });

  test.each([["nodejs-debian12"], ["nodejs-debian13"]])(
    "%s asks a server that the bundle vouches for, and no other",
    async (title) => {
      const image = await makeBase(title);
      const script = ["/programs/surroundings.mjs", servers.trusted, servers.stranger];
      const found = JSON.parse(
        await run(image, [...asNonroot, ...online(), "--env=NODE_EXTRA_CA_CERTS=/ca.pem"], ...script),
      ) as object;
      expect(found).toEqual({
        user: [65532, "nonroot", "/home/nonroot", "/home/nonroot"],
        root: "EACCES",
        authorities: true,
        modules: true,
        address: "127.0.0.1",
        trusted: "hello\n",
        stranger: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        zone: "7/1/2026, 8:00:00 AM",
        month: "styczeń",
      });
      const bundle = `--volume=${servers.ca}/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro`;
      const alone = await run(image, [...asNonroot, ...online(), bundle], ...script);
      expect(JSON.parse(alone)).toMatchObject({ trusted: "hello\n", stranger: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    },
  );

  describe.each([["debian12"], ["debian13"]])("%s", (suite) => {
    test.skipIf(whyNoCompiler)("cc runs a program of C++ with OpenMP, in the locale C.UTF-8", async () => {
      const folder = mkdtempSync(join(tmpdir(), "slipway-cc-"));
      try {
        execFileSync("g++", ["-fopenmp", "-o", join(folder, "probe"), join(programs, "surroundings.cpp")]);
        const image = await makeBase(`cc-${suite}`, "nonroot");
        const options = [`--volume=${folder}/probe:/probe:ro`, "--entrypoint=/probe", ...online()];
        expect(await run(image, options, servers.host)).toBe(
          "caught 3\nC.UTF-8 4\n65532 nonroot /home/nonroot\n2026-07-01 08:00 EDT\n127.0.0.1 443\n110\n",
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("base has what openssl, getent and iconv of this machine need", async () => {
      const image = await makeBase(`base-${suite}`);
      const tool = (name: string, ...words: readonly string[]): Promise<string> =>
        run(image, [`--volume=/usr/bin/${name}:/${name}:ro`, `--entrypoint=/${name}`, ...online()], ...words);
      expect(await tool("openssl", "version", "-d")).toBe('OPENSSLDIR: "/usr/lib/ssl"\n');
      const address = (url: string): string => url.replace(/^https:\/\/|\/$/g, "");
      const client = ["s_client", "-brief", "-verify_return_error", "-verify_hostname", servers.host, "-connect"];
      await tool("openssl", ...client, address(servers.trusted), "-CAfile", "/ca.pem");
      await expect(tool("openssl", ...client, address(servers.stranger))).rejects.toThrow("certificate verify failed");
      expect(await tool("getent", "passwd", "nonroot")).toBe(
        "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
      );
      expect(await tool("getent", "ahostsv4", servers.host)).toMatch(/^127\.0\.0\.1 +STREAM/);
      expect(await tool("iconv", "-f", "ISO-8859-2", "-t", "UTF-8", "/etc/protocols")).toContain("tcp\t6\tTCP");
    });

    test("debug has a shell, and the others none", async () => {
      const debug = await makeBase(`static-${suite}`, "debug-nonroot");
      const script =
        "id -u; pwd; TZ=America/New_York date -d @1782907200 +%R; touch ~/new && echo kept; ls /busybox | wc -l";
      const lines = (await run(debug, ["--env=HOME=/home/nonroot"], "-c", script)).trim().split("\n");
      expect(lines.slice(0, 4)).toEqual(["65532", "/home/nonroot", "08:00", "kept"]);
      expect(Number(lines[4])).toBeGreaterThan(200);
      const plain = await slipway("run", "--rm", await makeBase(`static-${suite}`), "/bin/sh", "-c", "true");
      expect([plain.code, plain.stderr]).toEqual([127, expect.stringContaining("/bin/sh")]);
    });
  });

  describe.skipIf(!emulated)(`for arm64, emulated${emulated ? "" : " (skipped: no qemu-aarch64 registered)"}`, () => {
    const platform = ["--platform=linux/arm64"];
    test("python imports what links with libraries", async () => {
      const image = await makeBase("python3-debian13", "", "arm64");
      const imports =
        "import ssl, sqlite3, ctypes.util, lzma, bz2, curses, readline, uuid, decimal, dbm.ndbm, platform";
      const told = await run(
        image,
        platform,
        "-c",
        `${imports}; print(platform.machine(), ctypes.util.find_library("ssl"))`,
      );
      expect(told).toBe("aarch64 libssl.so.3\n");
    });

    test("java starts", async () => {
      const image = await makeBase("java21-debian13", "", "arm64");
      const { code, stderr } = await slipway(
        "run",
        "--rm",
        ...platform,
        "--entrypoint=/usr/bin/java",
        image,
        "-version",
      );
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^openjdk version "21\./m)]);
    });
  });
});

function readFileIfAny(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
