import { didYouMean, SlipwayError } from "../../base/index.ts";
import type { DebianArch } from "../contract.ts";
import {
  distrolessSuites,
  type DistrolessSuite,
  javaPackages,
  nodePackages,
  pythonPackages,
  suiteLists,
} from "./package-lists.ts";
import type { BaseRecipe, RecipeFolder, RecipeGroup, RecipeLink, RecipeUser } from "./recipe.ts";

/** The suite of a base that names none. */
export const usualSuite: DistrolessSuite = "trixie";

export interface DistrolessChoice {
  /** `static`, `base-nossl`, `base`, `cc`, `python3`, `java-base`, `java21`, `nodejs`, `nodejs20`. */
  readonly name: string;
  readonly suite: DistrolessSuite;
  /** Runs as user 65532. */
  readonly nonroot: boolean;
  /** With a shell in /busybox. */
  readonly debug: boolean;
  /** For this architecture and no other: the tag named it (`latest-arm64`). */
  readonly arch?: DebianArch | undefined;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** The locale that a program with libc has without any package of locales. */
const utf8 = { package: "libc-bin", paths: ["/usr/lib/locale/C.utf8"] } as const;
/** What Python's ctypes asks for libraries. */
const libraryTool = { package: "libc-bin", paths: ["/sbin/ldconfig"] } as const;

const users: readonly RecipeUser[] = [
  { name: "root", uid: 0, gid: 0, comment: "root", home: "/root" },
  { name: "nobody", uid: 65534, gid: 65534, comment: "nobody", home: "/nonexistent" },
  { name: "nonroot", uid: 65532, gid: 65532, comment: "nonroot", home: "/home/nonroot" },
];
const groups: readonly RecipeGroup[] = [
  { name: "root", gid: 0 },
  { name: "nobody", gid: 65534 },
  { name: "tty", gid: 5 },
  { name: "staff", gid: 50 },
  { name: "nonroot", gid: 65532 },
];
const folders: readonly RecipeFolder[] = [
  { path: "/root", mode: 0o700 },
  { path: "/home", mode: 0o755 },
  { path: "/home/nonroot", mode: 0o700, uid: 65532, gid: 65532 },
  { path: "/tmp", mode: 0o1777 },
];
const nameServices = `passwd: files
group: files
shadow: files

hosts: files dns
networks: files

protocols: files
services: files
ethers: files
rpc: files
`;

/** What one kind of base adds to what all have. */
interface Kind {
  readonly packages: readonly string[];
  readonly taken?: BaseRecipe["taken"];
  readonly links?: readonly RecipeLink[];
  readonly keystore?: boolean;
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The recipe of a built-in base.
 * @throws SLIP_IMAGE_UNKNOWN for a name that there is not, for a version that the suite does not have, with those that it has, and for another
 * architecture than the one that was named.
 */
export function builtInRecipe(choice: DistrolessChoice, arch: DebianArch): BaseRecipe {
  const { name, suite, nonroot, debug } = choice;
  if (choice.arch !== undefined && choice.arch !== arch) throw otherArch(choice.arch, name, arch);
  const kind = kindOf(name, suite, arch);
  return {
    name: distrolessName(choice),
    suite,
    arch,
    packages: [...new Set(kind.packages)].sort(),
    taken: name === "static" ? undefined : [utf8, ...(kind.taken ?? [])],
    folders,
    files: [{ path: "/etc/nsswitch.conf", content: nameServices }],
    links: kind.links,
    users,
    groups,
    certificates: { debian: true, keystore: kind.keystore },
    busybox: debug,
    libraryCache: name !== "static",
    noDocuments: true,
    config: {
      env: {
        PATH: debug ? `${path}:/busybox` : path,
        SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
        ...kind.env,
      },
      entrypoint: kind.entrypoint ?? (debug ? ["/busybox/sh"] : undefined),
      user: nonroot ? "65532" : "0",
      workdir: nonroot ? "/home/nonroot" : "/",
    },
  };
}

/** The names of the built-in bases that a suite has. */
export function builtInNames(suite: DistrolessSuite): readonly string[] {
  const { javaVersions, node } = suiteLists[suite];
  return [
    "static",
    "base-nossl",
    "base",
    "cc",
    "python3",
    "java-base",
    ...javaVersions.map((version) => `java${version}`),
    "nodejs",
    `nodejs${node.version}`,
  ];
}

/** Whether a name is that of a built-in base, of any suite and version: `java99` is, and no suite has it. */
export function isBuiltInName(name: string): boolean {
  return /^(?:java|nodejs)\d{1,3}$/.test(name) || builtInNames(usualSuite).includes(name);
}

/** The suite of that name, or the usual one. Throws SLIP_IMAGE_UNKNOWN. */
export function builtInSuite(name: string = usualSuite): DistrolessSuite {
  const suites = Object.keys(distrolessSuites) as readonly DistrolessSuite[];
  const found = suites.find((suite) => suite === name || `${distrolessSuites[suite]}` === name);
  if (found) return found;
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `There are no built-in bases of "${name}"`,
    hint: `there are those of ${suites.join(" and ")}`,
  });
}

/**
 * The name in Google's registry: `gcr.io/distroless/python3-debian13:latest`.
 * @throws SLIP_IMAGE_UNKNOWN for a name or version that the suite does not have.
 */
export function distrolessReference(choice: DistrolessChoice): string {
  builtInRecipe(choice, "amd64");
  const name = distrolessName(choice);
  return `gcr.io/distroless/${name}${name.includes(":") ? "" : ":latest"}`;
}

/** `python3-debian13`, with `:debug-nonroot` where it is not the usual one. */
export function distrolessName({ name, suite, nonroot, debug }: DistrolessChoice): string {
  const tag = [...(debug ? ["debug"] : []), ...(nonroot ? ["nonroot"] : [])].join("-");
  return `${name}-debian${distrolessSuites[suite]}${tag && `:${tag}`}`;
}

function kindOf(name: string, suite: DistrolessSuite, arch: DebianArch): Kind {
  const list = suiteLists[suite];
  const nossl = [...list.static, ...list.nossl];
  const base = [...nossl, ...list.ssl];
  const cc = [...base, ...list.cc];
  const java = [...nossl, ...javaPackages, ...list.java];
  switch (name) {
    case "static":
      return { packages: list.static };
    case "base-nossl":
      return { packages: nossl };
    case "base":
      return { packages: base };
    case "cc":
      return { packages: cc };
    case "java-base":
      return { packages: java, keystore: true, env: { LANG: "C.UTF-8" } };
    case "python3":
      return python(list.python, cc);
    default:
      return versioned(name, suite, arch, { cc, java });
  }
}

function python({ version, packages }: (typeof suiteLists)[DistrolessSuite]["python"], cc: readonly string[]): Kind {
  const program = `/usr/bin/python${version}`;
  return {
    packages: [
      ...cc,
      ...pythonPackages,
      ...packages,
      `libpython${version}-minimal`,
      `libpython${version}-stdlib`,
      `python${version}-minimal`,
    ],
    taken: [libraryTool],
    links: [
      { path: "/usr/bin/python3", target: `python${version}` },
      { path: "/usr/bin/python", target: `python${version}` },
    ],
    entrypoint: [program],
    env: { LANG: "C.UTF-8" },
  };
}

function versioned(
  name: string,
  suite: DistrolessSuite,
  arch: DebianArch,
  { cc, java }: { readonly cc: readonly string[]; readonly java: readonly string[] },
): Kind {
  const { node, javaVersions } = suiteLists[suite];
  const [, runtime, digits = ""] = /^(java|nodejs)(\d{0,3})$/.exec(name) ?? [];
  if (runtime === "nodejs") {
    if (digits !== "" && Number(digits) !== node.version) throw lacks(name, suite, "Node.js", [node.version]);
    return {
      packages: [...cc, ...nodePackages, ...node.packages],
      links: [{ path: "/nodejs/bin/node", target: "/usr/bin/node" }],
      entrypoint: ["/nodejs/bin/node"],
    };
  }
  if (runtime === "java" && digits !== "") {
    if (!javaVersions.some((version) => `${version}` === digits)) throw lacks(name, suite, "Java", javaVersions);
    const home = `/usr/lib/jvm/java-${digits}-openjdk-${arch}`;
    return {
      packages: [...java, `openjdk-${digits}-jre-headless`],
      links: [{ path: "/usr/bin/java", target: `${home}/bin/java` }],
      keystore: true,
      entrypoint: ["/usr/bin/java", "-jar"],
      env: { LANG: "C.UTF-8", JAVA_HOME: home },
    };
  }
  const names = builtInNames(suite);
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `There is no built-in base "${name}"`,
    hint: [didYouMean(name, names), `${suite} has ${names.join(", ")}`].filter(Boolean).join(" "),
  });
}

function otherArch(named: DebianArch, name: string, arch: DebianArch): SlipwayError {
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot make ${name} for ${arch}: its tag names ${named}`,
    hint: "take the tag without an architecture, or build for that one with --platform",
  });
}

function lacks(name: string, suite: DistrolessSuite, runtime: string, versions: readonly number[]): SlipwayError {
  const there = versions.length > 1 ? `${versions.slice(0, -1).join(", ")} and ${versions.at(-1)}` : `${versions[0]}`;
  const kind = runtime === "Java" ? "java" : "nodejs";
  const others = Object.keys(distrolessSuites).filter(
    (other) => other !== suite && builtInNames(other as DistrolessSuite).includes(name),
  );
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot make ${name} from the Debian archive: of ${runtime}, ${suite} has ${there}`,
    hint: [
      `take ${versions.map((version) => kind + version).join(" or ")}`,
      ...others.map((other) => `${name} of ${other}`),
    ].join(", or "),
  });
}
