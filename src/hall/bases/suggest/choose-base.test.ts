import { describe, expect, test } from "vitest";
import type { BaseFacts } from "../../../debian/index.ts";
import type { ProgramFacts, SuggestFacts } from "../../../inspect/index.ts";
import type { Suggestion } from "../../api/suggest-api.ts";
import { chooseBase } from "./choose-base.ts";

const everywhere = ["base-nossl", "base", "cc", "python3", "nodejs", "java17", "java21", "java25"];
const fromBase = everywhere.filter((name) => name !== "base-nossl" && !name.startsWith("java"));
const libraries = (glibc: string, stdc: string): BaseFacts["trixie"]["libraries"] => ({
  "libc.so.6": { bases: everywhere, versions: [`GLIBC_${glibc}`] },
  "libssl.so.3": { bases: fromBase, versions: ["OPENSSL_3.0.0"] },
  "libstdc++.so.6": { bases: ["cc", "python3", "nodejs"], versions: [`GLIBCXX_${stdc}`] },
});
const facts: BaseFacts = {
  bookworm: { release: "12.15", sizes: {}, libraries: libraries("2.36", "3.4.30") },
  trixie: { release: "13.7", sizes: {}, libraries: libraries("2.41", "3.4.33") },
};

const nothing: SuggestFacts = {
  architecture: "amd64",
  steps: [],
  runtime: undefined,
  shell: undefined,
  programs: [],
  packaged: undefined,
  command: ["/app"],
  notes: [],
};
const program = (more: Partial<ProgramFacts> = {}): ProgramFacts => ({
  path: "app",
  role: "program",
  architecture: "amd64",
  linkage: "glibc",
  loader: "/lib64/ld-linux-x86-64.so.2",
  needs: [{ name: "libc.so.6", versions: ["GLIBC_2.34"] }],
  bundled: [],
  marks: [],
  ...more,
});
const needs = (...names: readonly string[]): ProgramFacts["needs"] => names.map((name) => ({ name, versions: [] }));

const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  trixie: { "libpq.so.5": "libpq5", nginx: "nginx" },
  bookworm: { "libpq.so.5": "libpq5", "libicu.so.72": "libicu72" },
};

function choose(
  found: Partial<SuggestFacts>,
  subject: Suggestion["subject"] = { kind: "file", name: "./app" },
  unasked?: string,
): Promise<Suggestion> {
  return chooseBase(
    subject,
    { ...nothing, ...found },
    {
      own: "amd64",
      facts,
      suites: ["trixie", "bookworm"],
      complete: async (missing, suite) => ({
        packages: new Map(
          missing.flatMap(({ name }) => {
            const one = unasked === undefined ? packages[suite]?.[name] : undefined;
            return one === undefined ? [] : [[name, [one]] as const];
          }),
        ),
        unasked,
      }),
    },
  );
}

describe("a program stands on", () => {
  test.each([
    [
      "nothing but the C library",
      needs("libc.so.6"),
      "base-nossl of trixie: gcr.io/distroless/base-nossl-debian13:nonroot",
    ],
    ["OpenSSL", needs("libc.so.6", "libssl.so.3"), "base of trixie: gcr.io/distroless/base-debian13:nonroot"],
    ["C++", needs("libc.so.6", "libstdc++.so.6"), "cc of trixie: gcr.io/distroless/cc-debian13:nonroot"],
  ])("the smallest base that has %s", async (_, all, summary) => {
    expect(await choose({ programs: [program({ needs: all })] })).toMatchObject({
      answer: "base",
      summary,
      missing: [],
    });
  });

  test("a release whose versions are new enough", async () => {
    const found = await choose({ programs: [program({ needs: [{ name: "libc.so.6", versions: ["GLIBC_2.38"] }] })] });
    expect(found).toMatchObject({ answer: "base", suite: "trixie" });
    expect(found.reasons).toContain("app needs GLIBC_2.38: trixie has GLIBC_2.41");
    expect(found.reasons).toContain("not bookworm: app needs GLIBC_2.38 of libc.so.6, and bookworm has GLIBC_2.36");
    const none = await choose({ programs: [program({ needs: [{ name: "libc.so.6", versions: ["GLIBC_2.43"] }] })] });
    expect(none).toMatchObject({
      answer: "none",
      summary: "No base of Debian fits: it was built on a newer system",
    });
    expect(none.reasons.join()).toContain("trixie has GLIBC_2.41");
  });

  test("a base with more packages where none has all, of the release that has them", async () => {
    const found = await choose({ programs: [program({ needs: needs("libc.so.6", "libpq.so.5") })] });
    expect(found).toMatchObject({
      answer: "own",
      summary: "base-nossl of trixie with libpq5: an own base, app-base.yaml",
      missing: [{ name: "libpq.so.5", packages: ["libpq5"] }],
      recipe:
        "name: app-base\nextends: base-nossl\nsuite: trixie\nvariant: nonroot\npackages:\n  - libpq5\ndependencies: true\n",
      dockerfile: 'FROM app-base\nCOPY --chmod=755 app /app\nENTRYPOINT ["/app"]\n',
    });
    const older = await choose({ programs: [program({ needs: needs("libicu.so.72") })] });
    expect(older).toMatchObject({ suite: "bookworm", recipe: expect.stringContaining("libicu72") });
  });

  test("what nobody could look up is told, with why", async () => {
    const found = await choose({ programs: [program({ needs: needs("libpq.so.5") })] }, undefined, "working offline");
    expect(found).toMatchObject({ answer: "own", recipe: undefined, notes: ["working offline"] });
    const unknown = await choose({ programs: [program({ needs: needs("libmine.so.1") })] });
    expect(unknown.notes.join()).toContain("no package of trixie has libmine.so.1");
  });

  test("scratch where it is static, or static where it asks for something", async () => {
    const bare = program({ linkage: "static", needs: [], loader: undefined });
    expect(await choose({ programs: [bare] })).toMatchObject({
      answer: "scratch",
      dockerfile: 'FROM scratch\nCOPY --chmod=755 app /app\nENTRYPOINT ["/app"]\n',
    });
    const tls = { ...bare, marks: [{ kind: "certificates", text: "crypto/x509" }] as const };
    const found = await choose({ programs: [tls] });
    expect(found).toMatchObject({ answer: "base", base: "static", image: "gcr.io/distroless/static-debian13:nonroot" });
    expect(found.reasons.at(-1)).toBe('app looks for certificates: it has "crypto/x509" in it');
  });

  test("the same base on another machine, with what to build it with", async () => {
    const found = await choose({ architecture: "arm64", programs: [program({ architecture: "arm64" })] });
    expect(found).toMatchObject({ answer: "base", notes: [expect.stringContaining("--platform linux/arm64")] });
  });

  test("no base where it is linked with musl", async () => {
    const found = await choose({ programs: [program({ linkage: "musl", loader: "/lib/ld-musl-x86_64.so.1" })] });
    expect(found).toMatchObject({ answer: "none", summary: "No base of Debian fits: app is linked with musl" });
    expect(found.reasons.join()).toContain("link it statically");
  });
});

describe("a runtime stands on", () => {
  const java = (least: number): Partial<SuggestFacts> => ({
    runtime: { name: "java", version: undefined, by: "app.jar", least },
  });

  test.each([
    [8, "java21"],
    [17, "java17"],
    [19, "java21"],
    [21, "java21"],
    [25, "java25"],
  ])("classes for Java %i: %s", async (least, base) => {
    expect(await choose(java(least))).toMatchObject({ answer: "base", base });
  });

  test("nothing where Java is too old everywhere", async () => {
    expect((await choose(java(26))).summary).toBe(
      "No base of Debian fits: it needs Java 26, and trixie has 21 and 25; it needs Java 26, and bookworm has 17",
    );
  });

  test("the release whose Python extensions are built for; for another Python they have to be built again", async () => {
    const python = (version: string): Partial<SuggestFacts> => ({
      runtime: { name: "python3", version, by: "/usr/bin/python3" },
      programs: [program({ role: "extension", path: "/x.so", python: version })],
    });
    expect(await choose(python("3.11"))).toMatchObject({ base: "python3", suite: "bookworm", notes: [] });
    expect(await choose(python("3.13"))).toMatchObject({ base: "python3", suite: "trixie", notes: [] });
    expect((await choose(python("3.12"))).notes.join()).toContain(
      "/x.so is built for Python 3.12, and trixie has 3.13: install its packages in a stage FROM debian:trixie",
    );
  });

  test("the same base with packages that extensions need", async () => {
    const found = await choose({
      runtime: { name: "nodejs", version: "20", by: "/usr/bin/node" },
      programs: [program({ role: "extension", path: "/x.node", needs: needs("libpq.so.5") })],
    });
    expect(found).toMatchObject({ answer: "own", recipe: expect.stringContaining("extends: nodejs") });
  });
});

describe("what starts", () => {
  const image = { kind: "image", name: "team/shop:1" } as const;

  test("from a shell's script is told with how to do without it", async () => {
    const shell = { path: "/entry.sh", by: "/bin/sh" };
    const found = await choose(
      { shell, programs: [program({ path: "/srv/app", bundled: ["/usr/local/lib/libx.so"] })], command: ["app", "-v"] },
      image,
    );
    expect(found.notes.join()).toContain('ENTRYPOINT ["app","-v"] starts the same without it');
    expect(found.dockerfile).toBe(
      'FROM gcr.io/distroless/base-nossl-debian13:nonroot\nCOPY --from=team/shop:1 /srv/app /srv/app\nCOPY --from=team/shop:1 /usr/local/lib/libx.so /usr/local/lib/libx.so\nENV LD_LIBRARY_PATH=/usr/local/lib\nENTRYPOINT ["/srv/app","-v"]\n',
    );
    const alone = await choose({ shell, command: [] });
    expect(alone).toMatchObject({ image: "gcr.io/distroless/static-debian13:debug-nonroot" });
  });

  test("of a package is that package on a base; of one that there is not, nothing", async () => {
    const found = await choose({ packaged: "/usr/sbin/nginx", programs: [program()], command: ["nginx"] }, image);
    expect(found).toMatchObject({ answer: "own", summary: "base of trixie with nginx: an own base, shop-base.yaml" });
    expect(await choose({ packaged: "/usr/bin/mine", programs: [program()] }, image)).toMatchObject({ answer: "none" });
  });

  test("and could not be found is no answer", async () => {
    expect(await choose({ steps: ["/x is not in the image"], command: [] }, image)).toMatchObject({
      answer: "none",
      reasons: ["/x is not in the image"],
    });
  });
});
