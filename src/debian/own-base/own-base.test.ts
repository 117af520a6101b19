import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { SlipwayError } from "../../base/index.ts";
import type { RecipeFile } from "../distroless/recipe.ts";
import { parseOwnBase, readOwnBase } from "./own-base.ts";

/** A folder with files that descriptions take; `ca.pem` is a certificate authority that ends in 2126. */
function folder(): string {
  const made = tempFolder();
  writeFileSync(join(made, "app.conf"), "port=80\n");
  mkdirSync(join(made, "share/deep"), { recursive: true });
  writeFileSync(join(made, "share/run.sh"), "#!/bin/sh\n");
  chmodSync(join(made, "share/run.sh"), 0o700);
  writeFileSync(join(made, "share/deep/data"), "d", { mode: 0o600 });
  symlinkSync("deep/data", join(made, "share/link"));
  symlinkSync("/etc", join(made, "away"));
  writeFileSync(join(made, "ca.pem"), `Authority\n${ca}`);
  writeFileSync(join(made, "key.pem"), `${ca}-----BEGIN PRIVATE KEY-----\n`);
  writeFileSync(join(made, "none.pem"), "hello\n");
  writeFileSync(join(made, "torn.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  writeFileSync(join(made, "broken.pem"), "-----BEGIN CERTIFICATE-----\nMAEF\n-----END CERTIFICATE-----\n");
  return made;
}

const ca = readFileSync(new URL("./test-ca.pem", import.meta.url), "utf8");

async function recipeOf(text: string, arch: "amd64" | "arm64" = "amd64") {
  return (await parseOwnBase(text, join(folder(), "My Base.yaml"))).recipe(arch);
}

describe("a description of a base", () => {
  test("that says nothing but what it extends is that base, by another name", async () => {
    const base = await parseOwnBase("extends: python3\n", "/x/My Base.yml");
    expect([base.name, base.suite, base.archs, base.warnings]).toEqual(["my-base", "trixie", [], []]);
    const recipe = base.recipe("amd64");
    expect(recipe.packages).toContain("python3.13-minimal");
    expect(recipe.config).toMatchObject({ entrypoint: ["/usr/bin/python3.13"], user: "0", workdir: "/" });
    expect(recipe.links?.map(({ path }) => path)).toContain("/usr/bin/python3");
  });

  test("without another base has what all have, and its packages alone", async () => {
    const recipe = await recipeOf(
      "name: tiny\nsuite: bookworm\npackages: [libc6, curl=7.88.1-10]\ndependencies: true\n",
    );
    expect(recipe).toMatchObject({
      name: "tiny",
      suite: "bookworm",
      packages: ["base-files", "curl=7.88.1-10", "libc6"],
      resolve: ["libc6", "curl=7.88.1-10"],
      libraryCache: true,
      layers: 1,
      certificates: { debian: true, own: [] },
    });
    expect(recipe.users?.map(({ name }) => name)).toEqual(["root", "nobody", "nonroot"]);
    expect(recipe.folders?.map(({ path }) => path)).toEqual(["/home", "/home/nonroot", "/root", "/tmp"]);
    expect((await recipeOf("slim: true")).libraryCache).toBe(false);
  });

  test("adds users, groups, folders, files and links, and says who owns them", async () => {
    const recipe = await recipeOf(`
extends: cc
users:
  - { name: app, uid: 10001, group: web, comment: The app }
  - { name: helper, uid: 10002, home: /srv/helper/, shell: /busybox/sh }
groups:
  - { name: web, gid: 8080, members: [helper] }
folders:
  - { path: /var/lib/app/, mode: 0750, owner: app }
  - { path: /tmp, mode: 0o1755 }
  - { path: /opt/share/deep, mode: "700" }
files:
  - path: /etc/app.conf
    from: app.conf
    owner: app:web
  - path: /etc/motd
    content: |
      hello
    mode: 0640
    owner: 5:staff
  - path: /opt/share
    from: share
    owner: helper
links:
  - { path: /usr/bin/app, target: /opt/share/run.sh }
user: app:web
`);
    expect(recipe.users?.slice(3)).toEqual([
      { name: "app", uid: 10001, gid: 8080, home: "/home/app", shell: undefined, comment: "The app" },
      { name: "helper", uid: 10002, gid: 10002, home: "/srv/helper", shell: "/busybox/sh", comment: undefined },
    ]);
    expect(recipe.groups?.slice(5)).toEqual([
      { name: "web", gid: 8080, members: ["helper"] },
      { name: "helper", gid: 10002 },
    ]);
    const folders = Object.fromEntries((recipe.folders ?? []).map(({ path, ...other }) => [path, other]));
    expect(folders).toMatchObject({
      "/home/app": { mode: 0o700, uid: 10001, gid: 8080 },
      "/srv/helper": { mode: 0o700, uid: 10002, gid: 10002 },
      "/var/lib/app": { mode: 0o750, uid: 10001, gid: 8080 },
      "/opt/share": { mode: 0o755, uid: 10002 },
      "/opt/share/deep": { mode: 0o700 },
      "/tmp": { mode: 0o1755 },
    });
    const files = Object.fromEntries((recipe.files ?? []).map((file): [string, RecipeFile] => [file.path, file]));
    expect(files["/etc/app.conf"]).toMatchObject({ mode: 0o644, uid: 10001, gid: 8080 });
    expect(files["/etc/motd"]).toMatchObject({ content: Buffer.from("hello\n"), mode: 0o640, uid: 5, gid: 50 });
    expect([files["/opt/share/run.sh"]?.mode, files["/opt/share/deep/data"]?.mode]).toEqual([0o755, 0o644]);
    expect(recipe.links).toEqual([
      { path: "/opt/share/link", target: "deep/data" },
      { path: "/usr/bin/app", target: "/opt/share/run.sh" },
    ]);
    expect(recipe.config).toMatchObject({ user: "10001:8080", workdir: "/" });
  });

  test("says how it is run; texts are as they are written", async () => {
    const { config } = await recipeOf(`
extends: java21
variant: debug-nonroot
env: { PORT: 8080, RATE: 1.10, ON: yes, EMPTY: "", PATH: /bin }
labels: { "org.example.version": 1.0 }
entrypoint: []
cmd: ["--help"]
workdir: /
`);
    expect(config).toMatchObject({
      env: { PORT: "8080", RATE: "1.10", ON: "yes", EMPTY: "", PATH: "/bin", LANG: "C.UTF-8" },
      labels: { "org.example.version": "1.0" },
      entrypoint: undefined,
      cmd: ["--help"],
      user: "65532",
      workdir: "/",
    });
  });

  test("chooses time zones, locales, certificates and what is left out", async () => {
    const recipe = await recipeOf(`
extends: java21
timezones: [Europe/Berlin, UTC]
locales: [de_DE.UTF-8, C.UTF-8, de_DE@euro]
certificates: { debian: false, own: [ca.pem] }
without: [fonts-dejavu-core]
slim: true
layers: 12
`);
    expect(recipe).toMatchObject({
      timezones: ["Europe/Berlin", "UTC"],
      certificates: { debian: false, own: [ca], keystore: true },
      without: ["fonts-dejavu-core"],
      slim: true,
      layers: 12,
    });
    expect(recipe.config.env["LANG"]).toBe("de_DE.UTF-8");
    expect(recipe.taken).toEqual([
      { package: "libc-bin", paths: ["/usr/lib/locale/C.utf8"] },
      {
        package: "locales-all",
        paths: ["/usr/lib/locale/de_DE.utf8", "/usr/lib/locale/de_DE@euro"],
        linksInside: true,
      },
    ]);
    const none = await recipeOf("extends: static\ntimezones: none\n");
    expect(none.packages).toEqual(["base-files", "media-types", "netbase"]);
    expect((await recipeOf("packages: [libc6]\ntimezones: all\n")).packages).toEqual(["base-files", "libc6", "tzdata"]);
  });

  test("is for several architectures, each with its own paths", async () => {
    const base = await parseOwnBase("extends: java21\narch: [arm64, amd64]\n", "b.yaml");
    expect(base.archs).toEqual(["arm64", "amd64"]);
    expect(base.recipe("arm64").config.env["JAVA_HOME"]).toBe("/usr/lib/jvm/java-21-openjdk-arm64");
    expect((await parseOwnBase("extends: cc\narch: arm64\n", "b.yaml")).archs).toEqual(["arm64"]);
  });
});

/** What is printed of an error but for the lines of the text: message, code and hint. */
async function refusal(text: string): Promise<string> {
  const file = join(folder(), "b.yaml");
  const error: unknown = await parseOwnBase(text, file).then(
    () => "nothing was refused",
    (caught: unknown) => caught,
  );
  if (!(error instanceof SlipwayError)) return String(error);
  expect(error.code).toBe("SLIP_BASE");
  const { span } = error.location ?? { span: { startLine: 0, start: 0, end: 0 } };
  const marked = text.slice(span.start, span.end);
  expect(error.message).toContain(`b.yaml:${span.startLine}:`);
  return `${error.message.replace(file, "b.yaml")} | ${error.hint} | ${marked}`;
}

const golden: readonly (readonly [text: string, message: string])[] = [
  [
    "<<<<<<< ours\nname: a\n",
    "b.yaml:1:1: two branches were not merged there | take the lines of one of them, or of both | <<<<<<<",
  ],
  ["", "b.yaml:1:1: it is empty | the least that describes a base is a line such as `extends: python3` | "],
  ["extend: cc\n", 'b.yaml:1:1: unknown key "extend" | did you mean "extends"? | extend'],
  [
    "- cc\n",
    "b.yaml:1:1: the file must be keys with values, and it is a list | the least that describes a base is a line such as `extends: python3` | - cc",
  ],
  ["extends: cc\nextends: base\n", "b.yaml:2:1: this key stands there twice | keep one of them | extends"],
  ["extends: python\n", 'b.yaml:1:10: there is no built-in base "python"'],
  [
    "extends: java17\n",
    "b.yaml:1:10: cannot make java17 from the Debian archive: of Java, trixie has 21 and 25 | take java21 or java25, or java17 of bookworm | java17",
  ],
  ["suite: trixe\n", 'b.yaml:1:8: suite cannot be "trixe" | did you mean "trixie"? there are bookworm, trixie | trixe'],
  ["suite: buster\n", 'b.yaml:1:8: suite cannot be "buster" | there are bookworm, trixie | buster'],
  ["arch: [amd64, x86]\n", 'b.yaml:1:15: arch cannot be "x86"'],
  ["arch: []\n", "b.yaml:1:7: arch is an empty list | name one at least, or leave the key out | []"],
  ["packages: curl\n", "b.yaml:1:11: packages must be a list, and it is a text | write packages: [curl] | curl"],
  ["packages:\n", "b.yaml:1:1: packages has no value | write one, or leave the line out | packages"],
  ["packages: [libc6, libc6]\n", "b.yaml:1:19: the package libc6 is listed twice | keep one of the lines | libc6"],
  ["packages: [Foo]\n", 'b.yaml:1:12: packages cannot be "Foo" | write the name of a package, or NAME=VERSION | Foo'],
  [
    "packages: [libc6]\nwithout: [libc6]\n",
    "b.yaml:2:11: libc6 is listed in packages too | keep one of the lines | libc6",
  ],
  ["slim: yes\n", "b.yaml:1:7: slim must be true or false, and it is a text"],
  ["name: 12\n", 'b.yaml:1:7: name must be a text, and it is a whole number | put it in quotes: "12" | 12'],
  ["layers: 0\n", "b.yaml:1:9: layers cannot be 0 | it is a number from 1 to 100 | 0"],
  ["layers: 1.5\n", "b.yaml:1:9: layers must be a whole number, and it is a number"],
  [
    "user: ap\nusers:\n  - { name: app, uid: 1001 }\n",
    'b.yaml:1:7: there is no user ap | did you mean "app"? there are root, nobody, nonroot, app | ap',
  ],
  [
    "user: app:webb\nusers: [{ name: app, uid: 1001 }]\ngroups: [{ name: web, gid: 80 }]\n",
    'b.yaml:1:7: there is no group webb | did you mean "web"?',
  ],
  [
    "users: [{ name: app, uid: 65532 }]\n",
    "b.yaml:1:27: the uid 65532 belongs to the user nonroot already | take another number: those from 1000 to 59999 are free | 65532",
  ],
  [
    "users:\n  - { name: nonroot, uid: 1 }\n",
    "b.yaml:2:13: there is a user nonroot already | name another one | nonroot",
  ],
  [
    "users: [{ name: a, uid: 1001 }, { name: b, uid: 1001 }]\n",
    "b.yaml:1:49: the uid 1001 belongs to the user a already",
  ],
  [
    "users: [{ name: a, uid: 1001, group: stff }]\n",
    'b.yaml:1:38: there is no group stff | did you mean "staff"? | stff',
  ],
  ["users: [{ name: a }]\n", "b.yaml:1:9: users needs uid | Its number: 10001 | { name: a }"],
  ["groups: [{ name: a, gid: 50 }]\n", "b.yaml:1:26: the gid 50 belongs to the group staff already"],
  [
    "groups: [{ name: a, gid: 51, members: [x] }]\n",
    "b.yaml:1:40: there is no user x | there are root, nobody, nonroot | x",
  ],
  [
    "files: [{ path: etc/x, content: a }]\n",
    'b.yaml:1:17: files.path cannot be "etc/x" | write a whole path in the image: /etc/app.conf | etc/x',
  ],
  ["files: [{ path: /etc/../x, content: a }]\n", 'b.yaml:1:17: files.path cannot be "/etc/../x"'],
  [
    "files: [{ path: /x }]\n",
    'b.yaml:1:9: /x has neither content nor from | write content: "" for an empty file | { path: /x }',
  ],
  [
    "files: [{ path: /x, content: a, from: app.conf }]\n",
    "b.yaml:1:39: /x has both content and from | keep one of them | app.conf",
  ],
  [
    "files: [{ path: /x, content: }]\n",
    'b.yaml:1:21: content has no value | write content: "" for an empty text, or leave the line out | content',
  ],
  [
    "files: [{ path: /x, from: app.cnf }]\n",
    "b.yaml:1:27: app.cnf is not there | paths are relative to the folder of this file | app.cnf",
  ],
  ["files: [{ path: /x, from: ../up }]\n", "b.yaml:1:27: ../up lies outside of the folder of this file"],
  ["files: [{ path: /x, from: /etc/passwd }]\n", "b.yaml:1:27: /etc/passwd lies outside of the folder of this file"],
  ["files: [{ path: /x, from: away/passwd }]\n", "b.yaml:1:27: away/passwd lies outside of the folder of this file"],
  ["files: [{ path: /x, from: share, mode: 0644 }]\n", "b.yaml:1:40: share is a folder, and mode is for a file"],
  [
    "files: [{ path: /x, content: a, mode: 0888 }]\n",
    'b.yaml:1:39: files.mode cannot be "0888" | write the bits in octal digits, as chmod does: 0644 | 0888',
  ],
  ["files: [{ path: /x, content: a, mode: rw }]\n", 'b.yaml:1:39: files.mode cannot be "rw"'],
  [
    "files: [{ path: /x, content: a, mod: 1 }]\n",
    'b.yaml:1:33: unknown key "mod" in files | did you mean "mode"? | mod',
  ],
  ["files: [{ path: /x, content: a, owner: me }]\n", "b.yaml:1:40: there is no user me"],
  [
    "files:\n  - { path: /x, content: a }\n  - { path: /x/, content: b }\n",
    "b.yaml:3:13: /x is written twice | keep one of them | /x/",
  ],
  [
    "files: [{ path: /x, content: a }]\nfolders: [{ path: /x/y }]\n",
    "b.yaml:2:19: /x/y lies below /x, which is a file | name another place for one of them | /x/y",
  ],
  [
    "files: [{ path: /etc/passwd, content: a }]\n",
    "b.yaml:1:17: /etc/passwd is made of users | write it there | /etc/passwd",
  ],
  ["links: [{ path: /x }]\n", "b.yaml:1:9: links needs target | What it leads to: /opt/app/bin/app | { path: /x }"],
  ["env: { A B: c }\n", 'b.yaml:1:8: env.A B cannot be "A B" | names of variables have no space and no = | A B'],
  ["env: [A=b]\n", "b.yaml:1:6: env must be keys with values, and it is a list"],
  ["env: { A: }\n", 'b.yaml:1:8: A has no value | write A: "" for an empty text, or leave the line out | A'],
  [
    "entrypoint: /app --serve\n",
    "b.yaml:1:13: entrypoint must be a list, and it is a text | write entrypoint: [/app --serve] | /app --serve",
  ],
  ["certificates: { own: [none.pem] }\n", "b.yaml:1:23: none.pem has no certificate"],
  [
    "certificates: { own: [key.pem] }\n",
    "b.yaml:1:23: key.pem holds a private key | name a file with certificates alone: what is in an image is public | key.pem",
  ],
  ["certificates: { own: [broken.pem] }\n", "b.yaml:1:23: certificate 1 in broken.pem cannot be read"],
  [
    "certificates: { own: [torn.pem] }\n",
    "b.yaml:1:23: what stands between BEGIN and END CERTIFICATE in torn.pem is no certificate | copy it anew | torn.pem",
  ],
  ["certificates: { own: [share] }\n", "b.yaml:1:23: share is no file"],
  ["timezones: some\n", 'b.yaml:1:12: timezones cannot be "some" | there are all, none | some'],
  ["timezones: [../x]\n", 'b.yaml:1:13: timezones cannot be "../x" | write a name such as Europe/Berlin | ../x'],
  ["locales: [deutsch!]\n", 'b.yaml:1:11: locales cannot be "deutsch!" | write a name such as de_DE.UTF-8 | deutsch!'],
  ["a: &x [1]\n", 'b.yaml:1:1: unknown key "a"'],
  ["packages: &x [libc6]\n", "b.yaml:1:14: anchors and aliases are not known here | write the value out | [libc6]"],
  ["name: !!str base\n", "b.yaml:1:13: tags (!name) are not known here | write the plain value | base"],
  ["name: !own base\n", "b.yaml:1:7: tags (!name) are not known here | write the plain value | !own"],
  [
    "name: a\n---\nname: b\n",
    "b.yaml:2:1: a second document begins there | one file describes one base: remove the line --- | ---",
  ],
  ["env:\n\tA: b\n", "b.yaml:2:1: a tab stands there, where YAML wants spaces | indent with spaces | \t"],
  ["name: [a\n", "b.yaml:2:1: that is no YAML: "],
  ["name: a\u0000b\n", "b.yaml:1:8: a control character is there | remove it | \u0000"],
];

test.each(golden)("%j is refused by name, at its place", async (text, message) => {
  expect(await refusal(text)).toContain(`Cannot use ${message}`);
});

test("lists in lists without end are refused in plain words", async () => {
  const message = await refusal(`packages: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`);
  expect(message).toMatch(/lists or keys are nested too deeply there \| such files have a few levels/);
});

test("files that are none, or no text, are refused", async () => {
  const made = folder();
  await expect(readOwnBase(join(made, "b.yaml"))).rejects.toThrow("there is no such file");
  await expect(readOwnBase(made)).rejects.toThrow("it is a folder");
  await expect(readOwnBase("/dev/null")).rejects.toThrow("it is no file");
  writeFileSync(join(made, "b.yaml"), Buffer.from([0xff, 0xfe, 0x20]));
  await expect(readOwnBase(join(made, "b.yaml"))).rejects.toThrow("it is not UTF-8 text");
});
