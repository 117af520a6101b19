/**
 * The packages of the built-in bases: kept by hand, for nothing is resolved. They are those of Google's published images where the two are of the same
 * packages; published.test.ts holds them to each other and explains what differs.
 */

/** Suites that there are built-in bases of, with the number that names of images have for them. */
export const distrolessSuites = { bookworm: 12, trixie: 13 } as const;
export type DistrolessSuite = keyof typeof distrolessSuites;

/** What a suite calls its packages: https://wiki.debian.org/ReleaseGoals/64bit-time renamed many of them in trixie. */
export const suiteLists = {
  bookworm: {
    static: ["base-files", "netbase", "tzdata", "media-types"],
    nossl: ["libc6"],
    ssl: ["libssl3"],
    cc: ["libgomp1", "libstdc++6", "libgcc-s1", "gcc-12-base"],
    python: {
      version: "3.11",
      packages: ["libdb5.3", "libreadline8", "libtirpc3", "python3-distutils"],
    },
    java: ["libharfbuzz0b", "libpng16-16", "libglib2.0-0", "gcc-12-base"],
    javaVersions: [17],
    node: {
      version: 18,
      packages: ["libnode108", "libc-ares2", "libicu72", "libuv1", "node-busboy"],
    },
  },
  trixie: {
    static: ["base-files", "netbase", "tzdata", "tzdata-legacy", "media-types"],
    nossl: ["libc6"],
    ssl: ["libssl3t64", "libzstd1", "zlib1g"],
    cc: ["libgomp1", "libstdc++6", "libgcc-s1", "gcc-14-base"],
    python: {
      version: "3.13",
      packages: ["libdb5.3t64", "libreadline8t64", "libtirpc3t64", "libc-bin", "python3.13-venv"],
    },
    // libglib needs libatomic, libfreetype libbz2: the audit finds it
    java: ["libharfbuzz0b", "libpng16-16t64", "libglib2.0-0t64", "gcc-14-base", "libatomic1", "libbz2-1.0"],
    javaVersions: [21, 25],
    node: {
      version: 20,
      packages: [
        "libnode115",
        "libcares2",
        "libicu76",
        "libuv1t64",
        "node-balanced-match",
        "node-brace-expansion",
        "node-minimatch",
      ],
    },
  },
} as const satisfies Record<DistrolessSuite, unknown>;

export const pythonPackages = [
  "libbz2-1.0",
  "libcom-err2",
  "libcrypt1",
  "libexpat1",
  "libffi8",
  "libgssapi-krb5-2",
  "libk5crypto3",
  "libkeyutils1",
  "libkrb5-3",
  "libkrb5support0",
  "liblzma5",
  "libncursesw6",
  "libnsl2",
  "libsqlite3-0",
  "libtinfo6",
  "libuuid1",
  "zlib1g",
] as const;
export const javaPackages = [
  "fontconfig-config",
  "fonts-dejavu-core",
  "libbrotli1",
  "libcrypt1",
  "libexpat1",
  "libfontconfig1",
  "libfreetype6",
  "libgcc-s1",
  "libgraphite2-3",
  "libjpeg62-turbo",
  "liblcms2-2",
  "libpcre2-8-0",
  "libstdc++6",
  "libuuid1",
  "zlib1g",
] as const;
/** Debian's node reads some of its own modules from packages, and ends at once where they are missing. */
export const nodePackages = [
  "libbrotli1",
  "libnghttp2-14",
  "node-acorn",
  "node-cjs-module-lexer",
  "node-undici",
  "node-xtend",
  "nodejs",
  "zlib1g",
] as const;
