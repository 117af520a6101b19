import type {
  BuildResult,
  CacheMountSummary,
  Comparison,
  DiskUsageRow,
  ImageDetails,
  ImageInspection,
  Sbom,
} from "../index.ts";
import { runCli } from "./cli.ts";
import type { Io, Out } from "./io.ts";
import type { Library } from "./library.ts";

/** A moment that the tests call now. */
const NOW = Date.parse("2026-11-21T12:00:00Z");
export const id = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;

/** A stream that keeps what was written. */
export class Buffered implements Out {
  text = "";
  readonly isTTY: boolean;
  columns: number;
  rows = 24;

  constructor(isTTY = false, columns = 100) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

export interface Call {
  readonly name: keyof Library;
  readonly args: readonly unknown[];
}

export interface Given {
  readonly library?: Partial<Library> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdinIsTTY?: boolean | undefined;
  readonly stdoutIsTTY?: boolean | undefined;
  readonly stderrIsTTY?: boolean | undefined;
  readonly line?: string | undefined;
  readonly secret?: string | undefined;
  readonly columns?: number | undefined;
}

const described = { file: "Dockerfile", text: "FROM scratch\n" };

/** Runs a command line over a library that answers from memory and notes its calls. */
export async function cli(
  argv: readonly string[],
  given: Given = {},
): Promise<{
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}> {
  const calls: Call[] = [];
  const noted = <K extends keyof Library>(name: K, answer: Library[K]): Library[K] => {
    const called = given.library?.[name] ?? answer;
    return ((...args: unknown[]) => {
      calls.push({ name, args });
      return (called as (...all: unknown[]) => unknown).apply(undefined, args);
    }) as Library[K];
  };
  const library: Library = {
    build: noted("build", async () => built),
    buildMetadata: (result) => ({ "containerimage.digest": result.imageId }),
    checkConfig: (env) => given.library?.checkConfig?.(env),
    checkDockerfile: noted("checkDockerfile", async () => ({ ...described, findings: [], error: undefined })),
    outlineOf: noted("outlineOf", async () => ({
      ...described,
      outline: { name: undefined, description: undefined, args: [], secrets: [], ssh: [] },
    })),
    targetsOf: noted("targetsOf", async () => ({ ...described, targets: [] })),
    foresee: noted("foresee", async () => ({ target: "app", steps: [], skippedStages: [] })),
    graphOf: noted("graphOf", async () => ({
      target: "app",
      images: [{ platform: details.platform, root: id("a"), config: {} }],
      stages: [],
      skippedStages: [],
      sources: [],
      vertices: [],
    })),
    buildBase: noted("buildBase", async ({ name, suite = "trixie" }) => ({
      name: `gcr.io/distroless/${name}-debian${suite === "bookworm" ? 12 : 13}:latest`,
      images: [{ imageId: id("a"), platform: "linux/amd64", origin: "archive http://deb.example/debian", size: 2e7 }],
      outputs: [],
    })),
    listBases: noted("listBases", async ({ suite = "trixie" }) => [
      {
        name: "static",
        suite,
        image: "gcr.io/distroless/static-debian13:latest",
        platform: "linux/amd64",
        runtime: "",
        packages: 5,
        size: 2.3e6,
        compressed: 8e5,
        inStore: true,
        compressedInStore: false,
        id: id("a"),
        measured: "2026-11-22",
      },
      {
        name: "python3",
        suite,
        image: "gcr.io/distroless/python3-debian13:latest",
        platform: "linux/amd64",
        runtime: "Python 3.13",
        packages: 38,
        size: 5.8e7,
        compressed: undefined,
        inStore: false,
        compressedInStore: false,
        measured: "2026-11-22",
      },
    ]),
    suggestBase: noted("suggestBase", async ({ subject }) => ({
      subject: { kind: "file", name: subject },
      answer: "own",
      summary: "base of trixie with libpq5: an own base, app-base.yaml",
      base: "base",
      suite: "trixie",
      image: "gcr.io/distroless/base-debian13:nonroot",
      reasons: ["/app needs libc.so.6: base has it"],
      notes: [],
      missing: [{ name: "libpq.so.5", packages: ["libpq5"] }],
      dockerfile: "FROM app-base\nCOPY app /app\n",
      recipe: "name: app-base\nextends: base\n",
      facts: {
        architecture: "amd64",
        steps: [],
        runtime: undefined,
        shell: undefined,
        programs: [],
        packaged: undefined,
        command: [],
        notes: [],
      },
    })),
    lockBase: noted("lockBase", async ({ file, check }) => ({
      file: file.replace(/\.yaml$/, ".lock"),
      packages: 12,
      archs: ["amd64", "arm64"],
      changes: [
        { type: "moved", arch: "arm64", name: "libc6", before: "1", after: "2" },
        { type: "removed", arch: "amd64", name: "tzdata", before: "1" },
      ],
      written: check !== true,
    })),
    cacheMounts: noted("cacheMounts", async () => [cacheMount]),
    removeCacheMounts: noted("removeCacheMounts", async () => [cacheMount]),
    shell: noted("shell", async () => ({ exitCode: 0 })),
    failedSteps: noted("failedSteps", async () => []),
    run: noted("run", async () => ({ exitCode: 0 })),
    images: noted("images", async () => [details, dangling]),
    inspectImage: noted("inspectImage", async () => details),
    removeImages: noted("removeImages", async (names) => ({ untagged: names, deleted: [id("a")] })),
    tagImage: noted("tagImage", async () => {}),
    pull: noted("pull", async ({ image }) => [
      { name: `docker.io/library/${image}`, digest: id("d"), imageId: id("a"), isNew: true },
    ]),
    push: noted("push", async ({ images }) => images.map((name) => ({ name, digest: id("d") }))),
    listContext: noted("listContext", async () => ({
      ignoreFile: ".dockerignore",
      entries: [
        { path: "a.c", type: "file", size: 1500, taken: true },
        { path: "logs", type: "folder", size: 0, taken: false, rule: { pattern: "logs", includes: false, line: 2 } },
        { path: "src", type: "folder", size: 0, taken: true },
      ],
    })),
    lock: noted("lock", async ({ check }) => ({
      file: "/app/slipway.lock",
      dockerfile: "Dockerfile",
      entries: 2,
      changes: [
        {
          type: "moved",
          before: { kind: "image", name: "alpine:3.20", source: "registry", digest: id("a"), used: [] },
          after: { kind: "image", name: "alpine:3.20", source: "registry", digest: id("b"), used: [] },
          places: [{ line: 3, text: "FROM alpine:3.20" }],
        },
      ],
      written: !check,
    })),
    login: noted("login", async ({ registry = "docker.io" }) => ({
      registry,
      storedIn: "/home/anna/.docker/config.json",
    })),
    logout: noted("logout", async ({ registry = "docker.io" }) => ({ registry, had: true })),
    sbom: noted("sbom", async () => software),
    load: noted("load", async () => [{ imageId: id("a"), platform: "linux/amd64", names: ["app:1"] }]),
    save: noted("save", async () => {}),
    compare: noted("compare", async () => comparison),
    prune: noted("prune", async () => ({
      images: 1,
      snapshots: 12,
      cacheRecords: 34,
      cacheMounts: 2,
      failedSteps: 0,
      blobs: 5,
      freed: 812_345_678,
    })),
    diskUsage: noted("diskUsage", async () => ({
      rows: [
        usageRow("images", 3, 2, 2_000_000_000, 500_000_000, 1_500_000_000),
        usageRow("build cache", 9, 4, 0, 0, 0),
        usageRow("runtime", 1, 1, 20_000_000, 0, 0),
      ],
      total: 2_020_000_000,
    })),
    evictions: noted("evictions", async () => [
      {
        kind: "step",
        name: "RUN make\n  all",
        bytes: 1_200_000_000,
        lastUsed: NOW - 3 * 86_400_000,
        time: NOW,
        cap: "storage.max 20GB",
      },
    ]),
  };
  const stdout = new Buffered(given.stdoutIsTTY, given.columns);
  const stderr = new Buffered(given.stderrIsTTY);
  const io: Io = {
    stdout,
    stderr,
    stdinIsTTY: () => given.stdinIsTTY ?? false,
    readLine: async () => given.line,
    readSecret: async () => given.secret,
    env: given.env ?? {},
    now: () => NOW,
    signal: new AbortController().signal,
    atExit: () => {},
    library: async () => library,
  };
  const code = await runCli(argv, io);
  return { code, stdout: stdout.text, stderr: stderr.text, calls };
}

const software: Sbom = {
  imageId: id("a"),
  packages: [
    { kind: "dpkg", name: "base-files", version: "12.4", licenses: ["GPL-2+"], path: "/var/lib/dpkg/status" },
    { kind: "java", name: "app", group: "org.example", version: "1", path: "/app.jar", within: "lib/x.jar" },
  ],
  notes: ["/x is larger than 1 MB and was not read"],
  document: { spdxVersion: "SPDX-2.3" },
};

const cacheMount: CacheMountSummary = {
  id: "8q3zn5t7ab",
  name: "/root/.npm",
  size: 12_300_000,
  created: NOW - 86_400_000,
  lastUsed: NOW - 3_600_000,
  inUse: false,
  usedBy: "RUN npm ci",
};

function usageRow(
  type: DiskUsageRow["type"],
  count: number,
  active: number,
  size: number,
  reclaimable: number,
  reclaimableWithAll: number,
): DiskUsageRow {
  return { type, count, active, size, reclaimable, reclaimableWithAll };
}

const built: BuildResult = {
  imageId: id("a"),
  images: [{ platform: "linux/amd64", imageId: id("a"), size: 1 }],
  names: ["calculator:multi"],
  size: 1_953_792,
  facts: { duration: 90, steps: 6, cachedSteps: 6, stages: [], skippedStages: [], bases: {} },
  outputs: [],
};

export const details: ImageDetails = {
  id: id("a"),
  names: ["calculator:multi", "calculator:latest"],
  created: NOW - 3 * 60_000,
  size: 1_953_792,
  layers: 1,
  remoteLayers: 0,
  compressedLayers: 0,
  platform: { os: "linux", architecture: "amd64" },
  layerSizes: [1_953_792],
  config: {
    created: "2026-11-21T11:57:00Z",
    architecture: "amd64",
    os: "linux",
    config: { Entrypoint: ["/app"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [id("b")] },
    history: [
      { created: "2026-11-21T11:56:00Z", created_by: "COPY --from=build /app /app # slipway", comment: "slipway" },
      { created: "2026-11-21T11:57:00Z", created_by: 'ENTRYPOINT ["/app"]', empty_layer: true },
    ],
  },
};

const dangling: ImageDetails = {
  ...details,
  id: id("c"),
  names: [],
  created: NOW - 2 * 24 * 3_600_000,
  size: 812_345_678,
  layers: 4,
};

const single: ImageInspection = {
  name: "calculator:single",
  id: id("c"),
  size: 812_345_678,
  layers: 4,
  files: 21_403,
  links: 3210,
  folders: 2801,
  packages: ["adduser", "apt", "bash", "golang-go"].map((name) => ({ name, version: "1", manager: "dpkg" })),
  shells: ["/usr/bin/bash", "/usr/bin/dash"],
  packageManagers: ["/usr/bin/apt", "/usr/bin/apt-get", "/usr/bin/dpkg"],
  compilers: Array.from({ length: 14 }, (_, at) => `/usr/bin/gcc-${at}`),
  setuid: [{ path: "/usr/bin/su", mode: "4755" }],
  user: "",
  largest: [
    { path: "/usr/lib", size: 512_000_000 },
    { path: "/usr/share", size: 98_700_000 },
    { path: "/", size: 12 },
  ],
  notes: [],
  facts: { duration: 48_000, steps: 5, cachedSteps: 0, stages: [], skippedStages: [], bases: {} },
};

const multi: ImageInspection = {
  ...single,
  name: "calculator:multi",
  id: id("a"),
  size: 1_953_792,
  layers: 1,
  files: 1,
  links: 0,
  folders: 0,
  packages: [],
  shells: [],
  packageManagers: [],
  compilers: [],
  setuid: [],
  user: "65532",
  largest: [{ path: "/", size: 1_953_792 }],
  facts: {
    duration: 48_000,
    steps: 6,
    cachedSteps: 4,
    stages: [
      { name: "build", size: 812_345_678, entries: 52_101, shipped: false },
      { name: "app", size: 1_953_792, entries: 1, shipped: true },
    ],
    skippedStages: ["test: not needed by target app"],
    bases: {},
  },
};

export const comparison: Comparison = {
  a: single,
  b: multi,
  ratio: 812_345_678 / 1_953_792,
  packagesOnlyInA: ["adduser", "apt", "bash", "golang-go"],
  packagesOnlyInB: [],
};
