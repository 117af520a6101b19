/**
 * What Google's published images are made of, read from https://github.com/GoogleContainerTools/distroless, and what differs here and why.
 *
 * debian13: static/config.bzl, base/config.bzl, cc/config.bzl, python3/config.bzl, java/config.bzl of cd080764af3103b2f49fb5eb23297c72c945e77a (2026-08-21).
 * debian12: the same for static, base and cc; python3/config.bzl of 0e83cb53cc48d93aec39d3d62f66447e21163b0e (2026-05-11) and java/config.bzl of
 * 54966a0a20b61ff02efcc4c209a13598fc430b3d (2026-02-27), the last commits that had them.
 * Accounts: common/BUILD.bazel; paths: base/testdata/base.yaml and static/testdata/static.yaml; PATH and user: static/static.bzl.
 */
export interface Published {
  /** Of the image that this one is made on. */
  readonly on?: string | undefined;
  readonly packages: readonly string[];
  /** Packages of ours that it has not. */
  readonly more?: Readonly<Record<string, string>> | undefined;
  readonly entrypoint?: readonly string[] | undefined;
}

const shaping =
  "Debian's Java takes the system's libharfbuzz, and this one for it; theirs, of Adoptium, brings one along";
const ownNode =
  "theirs is Node.js' own program with all of it inside; Debian's links with packages, and needs this one";
const ownModules = "Debian's Node.js reads modules of its own from packages, and ends at once where one is missing";

const python = ["libbz2-1.0", "libexpat1", "liblzma5", "libsqlite3-0", "libuuid1", "libncursesw6", "libtinfo6"].concat(
  ["zlib1g", "libcom-err2", "libcrypt1", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1", "libkrb5-3"],
  ["libkrb5support0", "libnsl2", "libffi8"],
);
const java = [
  "zlib1g",
  "libjpeg62-turbo",
  "liblcms2-2",
  "libfreetype6",
  "fonts-dejavu-core",
  "fontconfig-config",
].concat(["libexpat1", "libfontconfig1", "libuuid1", "libbrotli1", "libcrypt1", "libstdc++6", "libgcc-s1"]);
const javaOfTrixie: Published = {
  on: "base-nossl-debian13",
  packages: [...java, "gcc-14-base", "libpng16-16t64", "libbz2-1.0"],
  more: {
    libharfbuzz0b: shaping,
    "libgraphite2-3": shaping,
    "libpcre2-8-0": shaping,
    "libglib2.0-0t64": shaping,
    libatomic1: "libglib2.0-0t64 links with it",
  },
};
const versionOfTrixie = (version: number): Published => ({
  ...javaOfTrixie,
  more: {
    ...javaOfTrixie.more,
    [`openjdk-${version}-jre-headless`]: `theirs has temurin-${version}-jre of packages.adoptium.net, which Debian does not sign`,
  },
  entrypoint: ["/usr/bin/java", "-jar"],
});
const node = (own: readonly string[], modules: readonly string[]): Published["more"] =>
  Object.fromEntries([
    ...["nodejs", "libbrotli1", "libnghttp2-14", ...own].map((name) => [name, ownNode]),
    ...["node-acorn", "node-cjs-module-lexer", "node-undici", "node-xtend", ...modules].map((name) => [
      name,
      ownModules,
    ]),
  ]) as Published["more"];

export const published: Readonly<Record<string, Published>> = {
  "static-debian12": { packages: ["base-files", "netbase", "tzdata", "media-types"] },
  "static-debian13": { packages: ["base-files", "netbase", "tzdata", "tzdata-legacy", "media-types"] },
  "base-nossl-debian12": { on: "static-debian12", packages: ["libc6"] },
  "base-nossl-debian13": { on: "static-debian13", packages: ["libc6"] },
  "base-debian12": { on: "static-debian12", packages: ["libc6", "libssl3"] },
  "base-debian13": { on: "static-debian13", packages: ["libc6", "libssl3t64", "libzstd1", "zlib1g"] },
  "cc-debian12": { on: "base-debian12", packages: ["libgomp1", "libstdc++6", "libgcc-s1", "gcc-12-base"] },
  "cc-debian13": { on: "base-debian13", packages: ["libgomp1", "libstdc++6", "libgcc-s1", "gcc-14-base"] },
  "python3-debian12": {
    on: "cc-debian12",
    packages: [...python, "libdb5.3", "python3-distutils", "libreadline8", "libtirpc3"].concat(
      ["libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal"], // one release of Python
    ),
    entrypoint: ["/usr/bin/python3.11"],
  },
  "python3-debian13": {
    on: "cc-debian13",
    packages: [...python, "libdb5.3t64", "libc-bin", "libreadline8t64", "libtirpc3t64", "python3.13-venv"].concat(
      ["libpython3.13-minimal", "libpython3.13-stdlib", "python3.13-minimal"], // one release of Python
    ),
    entrypoint: ["/usr/bin/python3.13"],
  },
  "java-base-debian12": {
    on: "base-nossl-debian12",
    packages: [
      ...java,
      "gcc-12-base",
      "libpng16-16",
      "libharfbuzz0b",
      "libgraphite2-3",
      "libpcre2-8-0",
      "libglib2.0-0",
    ],
  },
  "java17-debian12": {
    on: "java-base-debian12",
    packages: ["openjdk-17-jre-headless"],
    entrypoint: ["/usr/bin/java", "-jar"],
  },
  "java-base-debian13": javaOfTrixie,
  "java21-debian13": versionOfTrixie(21),
  "java25-debian13": versionOfTrixie(25),
  "nodejs18-debian12": {
    on: "cc-debian12",
    packages: [],
    more: node(["libnode108", "libc-ares2", "libicu72", "libuv1", "zlib1g"], ["node-busboy"]),
    entrypoint: ["/nodejs/bin/node"],
  },
  "nodejs20-debian13": {
    on: "cc-debian13",
    packages: [],
    more: node(
      ["libnode115", "libcares2", "libicu76", "libuv1t64"],
      ["node-balanced-match", "node-brace-expansion", "node-minimatch"],
    ),
    entrypoint: ["/nodejs/bin/node"],
  },
};

export const publishedAccounts = {
  passwd:
    "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  group: "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n",
} as const;

/** What their own tests look for in every base with libc. */
export const publishedPaths = [
  "/tmp",
  "/etc/passwd",
  "/etc/group",
  "/etc/os-release",
  "/etc/ssl/certs/ca-certificates.crt",
  "/usr/share/doc/ca-certificates/copyright",
  "/etc/services",
  "/etc/mime.types",
  "/usr/share/doc/tzdata/copyright",
  "/usr/share/zoneinfo",
  "/root",
  "/home/nonroot",
  "/var/lib/dpkg/status.d/libc6",
  "/var/lib/dpkg/status.d/ca-certificates",
] as const;
