import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { SlipwayError, type SourceLocation } from "../../base/index.ts";
import { RootFiles } from "../root-files.ts";
import { finishRoot } from "./finish-root.ts";
import type { BaseRecipe } from "./recipe.ts";

const place: SourceLocation = { file: "own.yaml", text: "x", span: { start: 0, end: 1, startLine: 1, endLine: 1 } };

/** A root with a file, a folder and links: one to a folder of this machine, one of a merged /usr. */
function makeRoot() {
  const [root, outside] = [tempFolder(), tempFolder()];
  chmodSync(outside, 0o700);
  mkdirSync(join(root, "usr/bin"), { recursive: true, mode: 0o755 });
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/motd"), "hello\n");
  symlinkSync("usr/bin", join(root, "bin"));
  symlinkSync(outside, join(root, "etc/away"));
  const finish = (more: Partial<BaseRecipe>): void => {
    const recipe: BaseRecipe = {
      name: "own",
      suite: "trixie",
      arch: "amd64",
      packages: [],
      config: { env: {} },
      ...more,
    };
    const job = { recipe, unpacked: [], given: [], materials: tempFolder(), time: 0, owner: "squash" as const };
    finishRoot(new RootFiles(root), job);
  };
  return { root, outside, finish };
}

const wrong: readonly (readonly [what: string, more: Partial<BaseRecipe>, named: string, message: string])[] = [
  [
    "a folder where a link leads out of the root",
    { folders: [{ path: "/etc/away", mode: 0o777 }] },
    "/etc/away",
    "Cannot make the folder /etc/away of the base image: a link to ",
  ],
  [
    "a folder where a file is",
    { folders: [{ path: "/etc/motd", mode: 0o755 }] },
    "/etc/motd",
    "Cannot make the folder /etc/motd of the base image: a file is there",
  ],
  [
    "a file where a folder is",
    { files: [{ path: "/etc", content: "" }] },
    "/etc",
    "Cannot write /etc of the base image: a folder is there",
  ],
  [
    "a file below a file, of a folder that is copied",
    { files: [{ path: "/etc/motd/a/b", content: "" }] },
    "/etc/motd",
    "Cannot write /etc/motd/a/b of the base image: /etc/motd is no folder",
  ],
  [
    "a link where a folder with files is",
    { links: [{ path: "/etc", target: "usr" }] },
    "/etc",
    "Cannot make the link /etc: there is a folder with files in its place",
  ],
];

test.each(wrong)("%s is refused at its place", (_what, more, named, message) => {
  const { outside, finish } = makeRoot();
  let error: unknown;
  try {
    finish({ ...more, places: { [`path ${named}`]: place } });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ code: "SLIP_PACKAGE", location: place });
  expect((error as SlipwayError).message).toContain(message);
  expect(statSync(outside).mode & 0o777).toBe(0o700);
});

test("what is named /bin is in /usr/bin where that is a link, also the folder itself", () => {
  const { root, finish } = makeRoot();
  finish({ folders: [{ path: "/bin", mode: 0o711 }], files: [{ path: "/bin/app", content: "app", mode: 0o4755 }] });
  expect(lstatSync(join(root, "bin")).isSymbolicLink()).toBe(true);
  expect(statSync(join(root, "usr/bin")).mode & 0o7777).toBe(0o711);
  expect(statSync(join(root, "usr/bin/app")).mode & 0o7777).toBe(0o4755);
  expect(readFileSync(join(root, "usr/bin/app"), "utf8")).toBe("app");
});

test("certificates are files of the package, never what a link in it leads to", () => {
  const { root, outside, finish } = makeRoot();
  const share = join(root, "usr/share/ca-certificates");
  mkdirSync(share, { recursive: true });
  writeFileSync(join(outside, "secret"), "secret");
  symlinkSync(join(outside, "secret"), join(share, "a.crt"));
  writeFileSync(join(share, "b.crt"), "-----BEGIN CERTIFICATE-----\nMAEF\n-----END CERTIFICATE-----\n");
  finish({ certificates: { debian: true } });
  const bundle = readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
  expect(bundle).toMatch(/^-----BEGIN CERTIFICATE-----\nMAEF\n[^\n]+\n$/);
});
