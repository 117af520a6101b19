// The built-in bases, as archives, in other engines: as an ordinary user on a root that cannot be written.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeBase, slipway, whyNoBases } from "../../bases/bases.ts";
import { type Engine, engines, whyNoEngines } from "./engines.ts";

const why = whyNoEngines ?? whyNoBases;
const because = why === undefined ? "" : ` (skipped: ${why})`;

interface Tried {
  readonly base: string;
  readonly variant?: string;
  readonly words: readonly string[];
  /** A program of this machine that is put into the container as the entry point. */
  readonly program?: string;
  readonly entrypoint?: string;
  readonly says: string | RegExp;
}

const python =
  "import os, ssl, ctypes.util, locale; print(os.getuid(), ctypes.util.find_library('ssl'), locale.getpreferredencoding())";
const node =
  "require('tls'); console.log(process.getuid(), new Intl.DateTimeFormat('pl', { month: 'long' }).format(0))";
const nonroot = "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
const tried: readonly Tried[] = [12, 13].flatMap((number) => [
  {
    base: `static-debian${number}`,
    variant: "debug-nonroot",
    words: ["-c", "id -u; pwd"],
    says: "65532\n/home/nonroot\n",
  },
  { base: `base-nossl-debian${number}`, program: "getent", words: ["passwd", "nonroot"], says: nonroot },
  { base: `base-debian${number}`, program: "openssl", words: ["version", "-d"], says: 'OPENSSLDIR: "/usr/lib/ssl"\n' },
  { base: `cc-debian${number}`, variant: "nonroot", program: "getent", words: ["passwd", "nonroot"], says: nonroot },
  { base: `python3-debian${number}`, words: ["-c", python], says: /^65532 libssl\.so\.3 utf-8\n$/i },
  { base: `nodejs-debian${number}`, words: ["-e", node], says: "65532 styczeń\n" },
  { base: `java-base-debian${number}`, program: "getent", words: ["passwd", "nonroot"], says: nonroot },
  ...(number === 12 ? [17] : [21, 25]).map((version) => ({
    base: `java${version}-debian${number}`,
    entrypoint: "/usr/bin/java",
    words: ["--version"],
    says: new RegExp(`^openjdk ${version}\\.`),
  })),
]);

describe.skipIf(why)(`the built-in bases in other engines${because}`, { timeout: 280_000 }, () => {
  let folder: string;
  beforeAll(() => {
    // What the chroot shares.
    folder = mkdtempSync(join(tmpdir(), "slipway-bases-"));
    mkdirSync(join(folder, "bin"));
    for (const program of ["getent", "openssl"]) copyFileSync(`/usr/bin/${program}`, join(folder, "bin", program));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (engine: Engine, image: string, { program, entrypoint, words }: Tried) => {
    const mount = program === undefined ? [] : ["-v", `${join(folder, "bin", program)}:/${program}:ro`];
    const begin = entrypoint ?? (program === undefined ? undefined : `/${program}`);
    const options = [...mount, ...(begin === undefined ? [] : [`--entrypoint=${begin}`])];
    return engine.run("--read-only", "--user=65532", ...options, image, ...words);
  };

  test.each(tried)("$base", async (one) => {
    const archive = join(folder, `${one.base}.tar`);
    const reference = await makeBase(one.base, one.variant ?? "");
    const saved = await slipway("save", "--platform=linux/amd64", "-o", archive, reference);
    expect([saved.code, saved.stderr]).toEqual([0, expect.any(String)]);
    for (const engine of engines) {
      const image = engine.load(archive);
      const { code, stdout, stderr } = run(engine, image, one);
      expect([engine.name, code, stderr]).toEqual([engine.name, 0, ""]);
      expect(stdout).toMatch(one.says);
      engine.call("rmi", "-f", image);
    }
    rmSync(archive);
  });
});
