import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { errorCodes } from "../../src/base/index.ts";
import { foreignProgram } from "../../src/sandbox/index.ts";
import { defaultPlatform, formatPlatform, parsePlatform } from "../../src/oci/index.ts";

const own = formatPlatform(defaultPlatform());
const [foreign = "", other = ""] = ["linux/arm64", "linux/amd64", "linux/s390x"].filter((name) => name !== own);
const crossing = `FROM --platform=$BUILDPLATFORM base AS build
RUN cat /proc/sys/kernel/random/uuid >/id
FROM --platform=$BUILDPLATFORM build AS compile
ARG TARGETARCH
RUN echo "$TARGETARCH" >/arch
FROM scratch
COPY --from=compile /id /arch /
CMD ["/app"]
`;

interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

describe.skipIf(whyNoLab)(`platforms${because}`, () => {
  const lab = openLab();

  test("two platforms: one solve, one name, one index, and every command takes the one asked for", async () => {
    const context = lab.context({ Dockerfile: crossing });
    const layout = join(lab.folder, "two-layout");
    const out = join(lab.folder, "two-files");
    const { stderr } = await lab.build(
      context,
      "--platform",
      `${foreign},${other}`,
      "-t",
      "two:1",
      "-o",
      `type=oci,dest=${layout},tar=false`,
      "-o",
      out,
    );
    const ran = stderr.split("\n").filter((line) => line.includes('"step-start"')).length;
    // uuid once, two echoes, two copies; then the two outputs.
    expect(ran).toBe(7);

    const folder = (platform: string): string => join(out, platform.replaceAll("/", "_"));
    expect(readdirSync(out).toSorted()).toEqual([foreign, other].map((name) => name.replaceAll("/", "_")).toSorted());
    const id = readFileSync(join(folder(foreign), "id"), "utf8");
    expect(readFileSync(join(folder(other), "id"), "utf8")).toBe(id);
    expect(readFileSync(join(folder(foreign), "arch"), "utf8")).toBe(`${foreign.split("/")[1]}\n`);

    const blob = (digest: string): unknown =>
      JSON.parse(readFileSync(join(layout, "blobs/sha256", digest.slice(7)), "utf8"));
    const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: Described[] };
    expect(manifests).toHaveLength(1);
    expect(manifests[0]).toMatchObject({
      mediaType: "application/vnd.oci.image.index.v1+json",
      annotations: { "org.opencontainers.image.ref.name": "1" },
    });
    const inner = (blob(manifests[0]!.digest) as { manifests: Described[] }).manifests;
    const named = inner.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
    expect(named).toEqual([foreign, other]);
    for (const { digest, platform } of inner) {
      const { config } = blob(digest) as { config: Described };
      expect(blob(config.digest)).toMatchObject({ os: "linux", architecture: platform?.architecture });
    }

    const listed = await lab.slipway(["images", "--format", "json", "two"]);
    const rows = listed.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { Platform: string; ID: string });
    expect(rows.map(({ Platform }) => Platform).toSorted()).toEqual([foreign, other].toSorted());
    expect((await lab.slipway(["images"])).stdout).toContain("PLATFORM");
    const inspect = async (...args: readonly string[]): Promise<string> =>
      (await lab.slipway(["inspect", "-f", "{{.Architecture}}", ...args, "two:1"])).stdout.trim();
    expect(await inspect("--platform", foreign)).toBe(foreign.split("/")[1]);
    expect(await inspect("--platform", other)).toBe(other.split("/")[1]);
    // Neither is this machine's: the first.
    expect(await inspect()).toBe(foreign.split("/")[1]);
    expect(await lab.slipway(["inspect", "--platform", "linux/riscv64", "two:1"])).toMatchObject({ code: 5 });
    expect((await lab.slipway(["history", "--platform", other, "two:1"])).stdout).toContain("CMD");

    await lab.slipway(["tag", "two:1", "two:2"]);
    const docker = await lab.slipway(["save", "-o", join(lab.folder, "two.tar"), "two:2"]);
    expect(docker).toMatchObject({ code: 3 });
    expect(docker.stderr).toContain("--platform");
    const one = await lab.slipway(["save", "--platform", other, "-o", join(lab.folder, "two.tar"), "two:2"]);
    expect(one).toMatchObject({ code: 0 });
    const all = await lab.slipway(["save", "--format", "oci", "-o", join(lab.folder, "two-oci.tar"), "two:2"]);
    expect(all).toMatchObject({ code: 0 });
    const unpacked = join(lab.folder, "two-oci");
    mkdirSync(unpacked);
    execFileSync("tar", ["-xf", join(lab.folder, "two-oci.tar"), "-C", unpacked]);
    const saved = JSON.parse(readFileSync(join(unpacked, "index.json"), "utf8")) as { manifests: Described[] };
    expect(saved.manifests[0]?.mediaType).toBe("application/vnd.oci.image.index.v1+json");

    expect((await lab.slipway(["rmi", "two:1"])).stdout).toBe("Untagged: two:1\n");
    const removed = await lab.slipway(["rmi", "two:2"]);
    expect(removed.stdout.match(/^Deleted: /gm)).toHaveLength(2);
    expect(await lab.verify()).toEqual([]);
  });

  test("a rebuild for both platforms is all cached, and says so", async () => {
    const context = lab.context({ Dockerfile: crossing });
    const args = ["--platform", foreign, "--platform", other, "-t", "again"];
    await lab.build(context, ...args);
    const { steps, stdout } = await lab.build(context, ...args, "-q");
    expect(Object.values(steps).filter((did) => did !== "cached")).toEqual([]);
    expect(stdout).toMatch(/^sha256:[a-f0-9]{64}\n$/);
  });

  test("a build for one platform after the other replaces what the name stood for", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY <<EOF /x\nx\nEOF\n" });
    await lab.build(context, "--platform", `${foreign},${other}`, "-t", "replaced");
    await lab.build(context, "--platform", other, "-t", "replaced");
    const listed = await lab.slipway(["images", "--format", "json", "replaced"]);
    expect(listed.stdout.trim().split("\n")).toHaveLength(1);
  });

  test("a docker archive of two platforms is refused before anything is built", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY nothing /\n" });
    const dest = join(lab.folder, "refused.tar");
    const args = ["build", "--platform", `${foreign},${other}`, "-o", `type=docker,dest=${dest}`, context];
    const { code, stderr } = await lab.slipway(args);
    expect(code).toBe(errorCodes.SLIP_OUTPUT);
    expect(stderr).toContain("images of one platform");
  });

  test("an image whose programs nothing here runs is not started", async () => {
    const context = lab.context({ Dockerfile: 'FROM scratch\nCOPY <<EOF /x\nx\nEOF\nCMD ["/x"]\n' });
    await lab.build(context, "--platform", "linux/vax", "-t", "vax");
    const { code, stderr } = await lab.slipway(["run", "vax"]);
    expect(code).toBe(125);
    expect(stderr).toContain("Cannot run programs for linux/vax");
    expect(stderr).toContain("qemu-user-static");
  });

  test("platform-split puts the files of one platform into its folder too", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY <<EOF /x\nx\nEOF\n" });
    const out = join(lab.folder, "split");
    await lab.build(context, "--platform", foreign, "-o", `type=local,dest=${out},platform-split=true`);
    expect(statSync(join(out, foreign.replaceAll("/", "_"), "x")).size).toBe(2);
  });

  const emulated = ["linux/arm64", "linux/arm/v7", "linux/s390x", "linux/riscv64", "linux/ppc64le"].find(
    (name) => name !== own && isRun(foreignProgram(parsePlatform(name).architecture)),
  );
  const noEmulator = emulated === undefined ? " (skipped: no emulator is registered)" : "";

  test.skipIf(noEmulator !== "")(
    `RUN for another architecture goes through the registered emulator${noEmulator}`,
    async () => {
      const platform = emulated as string;
      const program = foreignProgram(parsePlatform(platform).architecture) as Uint8Array;
      const files = { Dockerfile: "FROM scratch\nCOPY --chmod=755 prog /bin/prog\n", prog: program };
      await lab.build(lab.context(files), "--platform", platform, "-t", "foreign-base");
      const context = lab.context({ Dockerfile: 'FROM foreign-base\nRUN ["/bin/prog"]\n' });
      const { steps } = await lab.build(context, "--platform", platform, "-t", "foreign-run");
      expect(Object.entries(steps).find(([text]) => text.startsWith("RUN"))?.[1]).toBe("ran");
      expect(await lab.slipway(["run", "--platform", platform, "foreign-run", "/bin/prog"])).toMatchObject({ code: 0 });
    },
  );
});

/** Whether this machine starts a program. */
function isRun(program: Uint8Array | undefined): boolean {
  const file = join(mkdtempSync(join(tmpdir(), "slipway-foreign-")), "program");
  writeFileSync(file, program ?? "", { mode: 0o755 });
  const { status } = spawnSync(file);
  rmSync(dirname(file), { recursive: true });
  return status === 0;
}
