// Small bases in a Dockerfile: from a registry that stands for gcr.io, and from the Debian archive itself, through whatever mirror this machine uses.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeRegistry } from "../registry/support/fake-registry.ts";
import { layerOf } from "../registry/support/layers.ts";
import { plain, plantImage } from "../registry/support/planted.ts";
import { closedPort } from "../support/closed-port.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import type { Ended } from "./support/slipway.ts";

const base = "gcr.io/distroless/static-debian13";

describe.skipIf(whyNoLab)(`FROM gcr.io/distroless${because}`, { timeout: 120_000 }, () => {
  const lab = openLab();
  const registry = new FakeRegistry({});
  let away: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await registry.listen();
    const mirror = process.env["SLIPWAY_DEBIAN_MIRROR"];
    away = {
      // What is not on loopback has to go where nobody listens, but for the archive.
      HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}`,
      NO_PROXY: ["127.0.0.1", ...(mirror === undefined ? [] : [new URL(mirror).hostname])].join(),
    };
    for (const [name, tag] of [
      ["distroless/static-debian13", "nonroot"],
      ["distroless/static-debian13", "latest"],
      ["library/debian", "trixie-slim"],
    ] as const) {
      const layer = plain(layerOf("from-registry.txt", `${name}:${tag}`, 100));
      registry.repository(name).tags.set(tag, plantImage(registry, name, { layers: [layer] }));
    }
  });
  afterAll(() => registry.close());

  /** The registry answers for gcr.io and docker.io. */
  const reachable = (): Readonly<Record<string, string>> => {
    const file = join(lab.folder, "config.json");
    const mirrors = [registry.url];
    writeFileSync(file, JSON.stringify({ registries: { "gcr.io": { mirrors }, "docker.io": { mirrors } } }));
    return { ...away, SLIPWAY_CONFIG: file };
  };
  const build = (dockerfile: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
    lab.slipway(["build", "--progress=plain", ...args, lab.context({ Dockerfile: dockerfile, f: "f" })], { env });
  /** What the provenance of a build says of its base. */
  const material = (folder: string): Readonly<Record<string, string>> => {
    const blobs = join(folder, "blobs/sha256");
    const statements = readdirSync(blobs)
      .map((name) => readFileSync(join(blobs, name), "utf8"))
      .filter((text) => text.includes('"resolvedDependencies"') && text.startsWith('{"_type"'));
    const [statement] = statements.map((text) => JSON.parse(text));
    return statement.predicate.buildDefinition.resolvedDependencies[0].annotations;
  };

  test("is pulled where its registry answers, as debian is", async () => {
    const dest = join(lab.folder, "pulled");
    mkdirSync(dest);
    const output = ["--provenance", "-o", `type=oci,tar=false,dest=${dest}`];
    const { code, stderr } = await build(`FROM ${base}:nonroot\nCOPY f /\n`, ["-t", "pulled", ...output], reachable());
    expect([code, stderr]).toEqual([0, expect.stringContaining(`pull ${base}:nonroot`)]);
    expect(stderr).toMatch(
      /^ {2}base +gcr\.io\/distroless\/static-debian13:nonroot from the registry gcr\.io sha256:/m,
    );
    expect(material(dest)).toMatchObject({ origin: "registry", registry: "gcr.io" });
    expect(await build("FROM debian:trixie-slim\nCOPY f /\n", [], reachable())).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("debian:trixie-slim from the registry docker.io sha256:"),
    });
  });

  test("is made from the archive where no registry can be reached, and history, progress and provenance say so", async () => {
    const dest = join(lab.folder, "made");
    mkdirSync(dest);
    const output = ["--provenance", "-o", `type=oci,tar=false,dest=${dest}`];
    const file = `FROM scratch AS copied\nCOPY --from=${base}:debug-nonroot /busybox/busybox /busybox\nFROM ${base}\nCOPY --from=copied /busybox /busybox\nCOPY f /\n`;
    const { code, stderr } = await build(file, ["-t", "made", ...output], away);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${base} from the Debian archive\n`)]);
    expect(stderr).toMatch(
      /^ {2}base +gcr\.io\/distroless\/static-debian13 from the archive \S+ trixie 13\.\d+ \d{4}-/m,
    );
    const history = await lab.slipway(["history", "--no-trunc", "made"]);
    expect(history.stdout).toMatch(/slipway: distroless static-debian13 from archive trixie 13\.\d+ \d{4}-\d\d-\d\d /);
    expect(history.stdout).not.toContain("://");
    expect(material(dest)).toMatchObject({
      origin: "archive",
      suite: "trixie",
      version: expect.stringMatching(/^13\./),
      snapshot: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      mirror: expect.stringContaining("://"),
    });
    const ran = await lab.slipway(["run", "--rm", "made", "/busybox", "id", "-u"]);
    expect([ran.code, ran.stdout]).toEqual([0, "0\n"]);
  });

  test("is locked to its packages, and built again of those", async () => {
    const context = lab.context({ Dockerfile: `FROM ${base}\nCOPY f /\n`, f: "f", ".dockerignore": "*.lock\n" });
    const locked = await lab.slipway(["lock", context], { env: away });
    expect([locked.code, locked.stderr + locked.stdout]).toEqual([
      0,
      expect.stringMatching(/archive trixie 13\.\d+ of/),
    ]);
    const lock = readFileSync(join(context, "slipway.lock"), "utf8");
    expect(lock).toMatch(/^source = "archive"$[^]*^packages = "sha256:/m);
    const built = await lab.slipway(["build", "-q", "--locked", context], { env: away });
    expect([built.code, built.stderr]).toEqual([0, ""]);
    writeFileSync(join(context, "slipway.lock"), lock.replace(/packages = "sha256:..../, 'packages = "sha256:0000'));
    const other = await lab.slipway(["build", "-q", "--locked", "--no-cache", context], { env: away });
    expect(other.code).not.toBe(0);
    expect(other.stderr).toContain(base);
  });

  test("--base-images says which of them may answer", async () => {
    const before = registry.requests.length;
    const archive = await build(
      `FROM ${base}:nonroot-amd64\nCOPY f /\n`,
      ["--base-images=archive", "--platform=linux/amd64"],
      reachable(),
    );
    expect([archive.code, registry.requests.length]).toEqual([0, before]);
    expect(archive.stderr).toContain(`${base}:nonroot-amd64 from the archive `);
    const refused = await build(`FROM ${base}:debug\n`, ["--base-images=registry"], away);
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("(SLIP_NETWORK)")]);
    expect(refused.stderr).not.toContain("from the Debian archive");
  });

  test.each([
    ["pyhton3-debian12", 'There is no built-in base "pyhton3"', 'did you mean "python3"?'],
    ["static-debian11", "there are no bases of Debian 11", "debian12 (bookworm) and debian13 (trixie)"],
    ["java21-debian12", "of Java, bookworm has 17", "take java17, or java21 of trixie"],
    ["static-debian13:v1", 'there is no tag "v1"', "the tags are latest, nonroot, debug, debug-nonroot"],
    [
      `cc-debian12@sha256:${"0".repeat(64)}`,
      "nothing in the store has that digest",
      "FROM gcr.io/distroless/cc-debian12",
    ],
  ])("%s is refused in its line, with what there is", async (name, message, hint) => {
    const { code, stderr } = await build(`FROM gcr.io/distroless/${name}\n`, ["--base-images=archive"], away);
    expect([code, stderr.match(/^ERROR: /gm)]).toEqual([5, ["ERROR: "]]);
    expect(stderr).toContain(`>>> FROM gcr.io/distroless/${name}\n`);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^ {2}hint: /m);
    expect(stderr).toContain(hint);
  });
});
