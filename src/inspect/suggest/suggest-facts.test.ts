import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SmallElf, smallElf } from "../elf.fixture.ts";
import { zipOf as zip } from "../packages/packages.fixture.ts";
import type { SuggestFacts, SuggestJob } from "./contract.ts";
import { suggestFacts } from "./suggest-facts.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-suggest-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const loader = "/lib64/ld-linux-x86-64.so.2";

function put(path: string, content: string | Buffer, mode = 0o755): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  chmodSync(full, mode);
  return full;
}

const program = (more: SmallElf = {}): Buffer => smallElf({ interpreter: loader, needed: ["libc.so.6"], ...more });
const file = (path: string): SuggestFacts =>
  suggestFacts({ root: "/", subject: { kind: "file", path: join(root, path), shown: path } });
const folder = (): SuggestFacts => suggestFacts({ root, subject: { kind: "folder" } });
const image = (more: Partial<Extract<SuggestJob["subject"], { kind: "image" }>>): SuggestFacts =>
  suggestFacts({
    root,
    subject: { kind: "image", architecture: "amd64", entrypoint: [], cmd: [], env: [], workdir: "/", ...more },
  });

describe("a program", () => {
  test("tells its libraries, the versions that it needs of them, and what lies beside it", () => {
    put("lib/libown.so.1", smallElf({ soname: "libown.so.1", needed: ["libz.so.1", "libc.so.6"] }));
    put(
      "bin/app",
      program({
        needed: ["libown.so.1", "libstdc++.so.6", "libc.so.6"],
        runpath: "$ORIGIN/../lib",
        versions: { "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.38"], "libstdc++.so.6": ["GLIBCXX_3.4.9", "GLIBCXX_3.4.21"] },
      }),
    );
    expect(file("bin/app")).toMatchObject({
      architecture: "amd64",
      command: ["/app"],
      programs: [
        {
          path: "bin/app",
          role: "program",
          linkage: "glibc",
          loader,
          needs: [
            { name: "libc.so.6", versions: ["GLIBC_2.38"] },
            { name: "libstdc++.so.6", versions: ["GLIBCXX_3.4.21"] },
            { name: "libz.so.1", versions: [] },
          ],
          bundled: [join(root, "lib/libown.so.1")],
        },
      ],
    });
  });

  test.each([
    ["static", smallElf({ type: 2 }), "static"],
    ["for musl", smallElf({ interpreter: "/lib/ld-musl-x86_64.so.1", needed: ["libc.musl-x86_64.so.1"] }), "musl"],
    ["for another loader", smallElf({ interpreter: "/system/bin/linker64", needed: ["libc.so"] }), "musl"],
    ["for glibc on arm64", program({ machine: 183, interpreter: "/lib/ld-linux-aarch64.so.1" }), "glibc"],
  ])("%s is told from others", (_, bytes, linkage) => {
    put("app", bytes);
    expect(file("app").programs[0]?.linkage).toBe(linkage);
  });

  test("that looks for certificates or time zones has their names in it", () => {
    put(
      "app",
      smallElf({ type: 2, text: `${"x".repeat(5 << 20)}/etc/ssl/certs/ca-certificates.crt time.LoadLocation` }),
    );
    expect(file("app").programs[0]?.marks.map(({ kind }) => kind)).toEqual(["certificates", "time zones"]);
  });

  test("cut off anywhere tells something or is refused, and never fails otherwise", () => {
    const whole = program({ versions: { "libc.so.6": ["GLIBC_2.38"] } });
    for (let size = 4; size < whole.length; size += 3) {
      put("app", whole.subarray(0, size));
      try {
        expect(file("app").programs).toHaveLength(1);
      } catch (error) {
        expect(error).toMatchObject({ code: "SLIP_USAGE" });
      }
    }
  });
});

describe("what is no program for Linux", () => {
  test.each([
    ["MZ\x90\x00", "a program for Windows"],
    ["\xcf\xfa\xed\xfe\x07\x00\x00\x01", "a program for macOS"],
    ["\xca\xfe\xba\xbe\x00\x00\x00\x02", "a program for macOS"],
    ["\x00asm\x01\x00\x00\x00", "WebAssembly"],
    ["words\n", "text, and begins with no #! line"],
    ["", "empty"],
    ["\x01\x02\x03\x04\x05", "neither a program nor a script"],
  ])("%j is refused with what it is", (content, what) => {
    put("thing", Buffer.from(content, "latin1"));
    expect(() => file("thing")).toThrow(
      expect.objectContaining({ code: "SLIP_USAGE", message: expect.stringContaining(what) }),
    );
  });
});

describe("scripts and archives", () => {
  test.each([
    ["#!/usr/bin/env python3\n", { runtime: { name: "python3" } }],
    ["#!/usr/bin/python3.11 -I\n", { runtime: { name: "python3", version: "3.11" } }],
    ["#!/usr/bin/env -S node --no-warnings\n", { runtime: { name: "nodejs" } }],
    ["#!/usr/bin/perl -w\n", { packaged: "perl", runtime: undefined }],
    [
      '#!/bin/sh\nset -e\nexec /srv/app --port 80 "$@"\n',
      { shell: { by: "/bin/sh" }, command: ["/srv/app", "--port", "80"] },
    ],
  ])("%j", (content, expected) => {
    put("script", content);
    expect(file("script")).toMatchObject(expected);
  });

  test("classes tell the release of Java, the highest of an archive, but not those for newer releases beside them", () => {
    const classFile = (major: number): Buffer => Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, major, 0, 0]);
    put("A.class", classFile(61));
    expect(file("A.class").runtime).toMatchObject({ name: "java", least: 17 });
    const jar = zip({
      "META-INF/MANIFEST.MF": "Main-Class: com.example.Main\r\n",
      "META-INF/versions/25/com/example/Main.class": classFile(69),
      "com/example/Main.class": classFile(65),
      "module-info.class": classFile(69),
    });
    put("app.jar", jar);
    expect(file("app.jar").runtime).toMatchObject({ name: "java", least: 21 });
    put("data.zip", zip({ "a.txt": "x" }));
    expect(() => file("data.zip")).toThrow("an archive without classes of Java");
  });
});

describe("an image", () => {
  test("is followed through scripts, shells, env and tini to what starts", () => {
    put("lib/x86_64-linux-gnu/libpq.so.5", smallElf({ soname: "libpq.so.5" }));
    put("usr/local/lib/libmine.so.1", smallElf({ soname: "libmine.so.1" }));
    put("app/server", program({ needed: ["libpq.so.5", "libmine.so.1", "libc.so.6"], rpath: "/usr/local/lib" }));
    put("bin/dash", program());
    symlinkSync("dash", join(root, "bin/sh"));
    put("usr/bin/env", program());
    put("usr/bin/tini", program());
    put("entry.sh", '#!/usr/bin/env sh\nset -e\nif [ -n "$X" ]; then\n  echo hello\nfi\nexec env MODE=x "$@"\n');
    const facts = image({ entrypoint: ["/usr/bin/tini", "--", "/entry.sh"], cmd: ["./server", "-v"], workdir: "/app" });
    expect(facts).toMatchObject({
      steps: [
        "/usr/bin/tini starts what follows",
        "/entry.sh is a script for sh",
        "/entry.sh starts env MODE=x ./server -v",
        "env starts what follows",
      ],
      shell: { path: "/entry.sh", by: "sh" },
      command: ["./server", "-v"],
      packaged: undefined,
    });
    expect(facts.programs).toMatchObject([
      {
        path: "/app/server",
        needs: [{ name: "libc.so.6" }, { name: "libpq.so.5" }],
        bundled: ["/usr/local/lib/libmine.so.1"],
      },
    ]);
  });

  test("of Python tells its version, and extensions that do not come with the system", () => {
    put("usr/local/bin/python3.12", program());
    symlinkSync("python3.12", join(root, "usr/local/bin/python3"));
    const packages = "usr/local/lib/python3.12/site-packages";
    put(`${packages}/x/_x.cpython-312-x86_64-linux-gnu.so`, smallElf({ needed: ["libxml2.so.2"] }));
    put(`${packages}/x.libs/libbundled-1.so.1`, smallElf({ soname: "libbundled-1.so.1" }));
    put("usr/lib/x86_64-linux-gnu/libother.so.1", smallElf({ needed: ["libnothing.so"] }));
    const facts = image({ entrypoint: ["python3"], cmd: ["main.py"] });
    expect(facts.runtime).toMatchObject({ name: "python3", version: "3.12", by: "/usr/local/bin/python3.12" });
    expect(facts.programs.map(({ path, python, needs }) => [path, python, needs.map(({ name }) => name)])).toEqual([
      [`/${packages}/x/_x.cpython-312-x86_64-linux-gnu.so`, "3.12", ["libxml2.so.2"]],
      [`/${packages}/x.libs/libbundled-1.so.1`, undefined, []],
    ]);
  });

  test("with a jar tells what its classes need", () => {
    put("usr/bin/java", program());
    put("app/app.jar", zip({ "A.class": Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61]) }));
    const facts = image({ cmd: ["java", "-Xmx1g", "-jar", "app.jar"], workdir: "/app" });
    expect(facts.runtime).toMatchObject({ name: "java", least: 17 });
  });

  test("whose program is of a package says so", () => {
    put("usr/sbin/nginx", program());
    expect(image({ cmd: ["nginx", "-g", "daemon off;"] })).toMatchObject({ packaged: "/usr/sbin/nginx" });
  });

  test("without a command is refused; one whose program is missing says so", () => {
    expect(() => image({})).toThrow("neither ENTRYPOINT nor CMD");
    expect(image({ cmd: ["/nothing"] })).toMatchObject({ steps: ["/nothing is not in the image"], programs: [] });
    put("bin/sh", program());
    expect(image({ cmd: ["sh"] })).toMatchObject({ shell: { by: "sh" }, programs: [] });
  });

  test("that starts itself without end comes to an end", () => {
    put("loop", "#!/loop\n");
    put("bin/sh", program());
    put("a.sh", "#!/bin/sh\nexec /a.sh\n");
    expect(image({ cmd: ["/loop"] }).programs).toEqual([]);
    expect(image({ cmd: ["/a.sh"] }).programs).toEqual([]);
  });
});

describe("a folder", () => {
  test("is its programs and extensions together, each bringing the others", () => {
    put("app", program({ needed: ["libown.so.1", "libc.so.6"] }));
    put("libs/libown.so.1", smallElf({ soname: "libown.so.1", needed: ["libssl.so.3"] }));
    put(".git/hooks/program", program({ needed: ["libgit.so"] }));
    const facts = folder();
    expect(facts.programs.map(({ path }) => path)).toEqual(["/app", "/libs/libown.so.1"]);
    expect(facts.programs[0]).toMatchObject({
      bundled: ["/libs/libown.so.1"],
      needs: [{ name: "libc.so.6" }, { name: "libssl.so.3" }],
    });
  });

  test("of Node.js leaves out what is built for other systems", () => {
    put("package.json", "{}", 0o644);
    put("node_modules/b/prebuilds/linux-x64/b.node", smallElf({ needed: ["libstdc++.so.6"] }));
    put("node_modules/b/prebuilds/darwin-x64/b.node", smallElf({ needed: ["libbad.so"] }));
    put("node_modules/b/prebuilds/linux-arm64/b.node", smallElf({ machine: 183, needed: ["libarm.so"] }));
    const facts = folder();
    expect(facts.runtime).toMatchObject({ name: "nodejs", by: "/package.json" });
    const own = process.arch === "arm64" ? "libarm.so" : "libstdc++.so.6";
    expect(facts.programs.flatMap(({ needs }) => needs.map(({ name }) => name))).toEqual([own]);
  });

  test("with nothing in it is refused", () => {
    put("readme.md", "# x");
    expect(folder).toThrow("a folder without programs");
  });
});
