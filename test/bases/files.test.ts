// Every file of the bases' packages is there but documents, and every other file is explained.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openArchive } from "../../src/debian/archive.ts";
import { builtInRecipe } from "../../src/debian/distroless/built-in.ts";
import { parseDistrolessName } from "../../src/debian/distroless/distroless-name.ts";
import { published, publishedAccounts, publishedPaths } from "../../src/debian/distroless/published.fixture.ts";
import { materialPackages } from "../../src/debian/distroless/recipe.ts";
import { openStore } from "../../src/store/index.ts";
import { because, makeBase, slipway, storeFolder, whyNoBases } from "./bases.ts";

/** What is left out: read by people, or by programs that look for their mistakes. */
const documents =
  /^usr\/share\/(?:bug|doc-base|info|lintian|man)(?:\/|$)|^usr\/share\/doc\/[^/]+\/(?!copyright|NOTICE)/;
/** What no package ships and slipway writes. */
const written = [
  /^(?:etc\/(?:passwd|group|nsswitch\.conf|ld\.so\.cache)|root|home|home\/nonroot|tmp)$/,
  /^etc\/ssl(?:$|\/certs(?:$|\/ca-certificates\.crt$|\/java))/,
  /^usr\/lib\/ssl(?:$|\/certs$|\/cert\.pem$)/,
  /^var\/lib\/dpkg\/status\.d/,
  /^usr\/share\/doc\/(?:ca-certificates|libc-bin)(?:$|\/copyright$)/,
  /^usr\/lib\/locale(?:$|\/C\.utf8)/,
  /^sbin\/ldconfig$/,
  /^usr\/bin\/(?:python3?|java)$/,
  /^nodejs(?:$|\/bin(?:$|\/node$))/,
  // Folders and links of a root that base-files makes by its scripts.
  /^(?:bin|sbin|lib|lib64|var|var\/lib|var\/lib\/dpkg|etc|usr|usr\/(?:bin|sbin|lib|lib64|share|share\/doc))$/,
];

const lines = (text: string): readonly string[] => text.split("\n").filter(Boolean);
const plainPath = (path: string): string => path.replace(/^\.?\//, "").replace(/\/$/, "");

describe.skipIf(whyNoBases)(`Files of the built-in bases${because}`, { timeout: 280_000 }, () => {
  test.each(Object.keys(published))("%s", async (title) => {
    const reference = await makeBase(title);
    const choice = parseDistrolessName(reference);
    if (!choice) throw new Error(`no base ${title}`);
    const recipe = builtInRecipe(choice, "amd64");
    using store = openStore(storeFolder());
    const ctx = { signal: new AbortController().signal, emit: () => undefined };
    const cache = { folder: store.path("debian", "."), blobs: store.blobs };
    const archive = await openArchive({ suite: recipe.suite, arch: "amd64", cache, ctx });
    const debs = await archive.fetch(recipe.packages.flatMap((name) => archive.versions(name).slice(0, 1)));
    const shipped = new Set(
      debs
        .flatMap((deb) =>
          lines(execFileSync("sh", ["-c", 'dpkg-deb --fsys-tarfile "$1" | tar -t', "sh", deb], { encoding: "utf8" })),
        )
        .map(plainPath),
    );
    shipped.delete("");

    const folder = mkdtempSync(join(tmpdir(), "slipway-files-"));
    try {
      const tar = join(folder, "base.tar");
      const suite = ["--suite", recipe.suite, "--arch", "amd64"];
      const made = await slipway("base", "build", choice.name, "-q", ...suite, "-o", `type=tar,dest=${tar}`);
      expect([made.code, made.stderr]).toEqual([0, ""]);
      const there = new Set(lines(execFileSync("tar", ["-tf", tar], { encoding: "utf8" })).map(plainPath));
      expect([...shipped].filter((path) => !there.has(path) && !documents.test(path))).toEqual([]);
      expect([...there].filter((path) => documents.test(path))).toEqual([]);
      expect([...there].filter((path) => !shipped.has(path) && !written.some((one) => one.test(path)))).toEqual([]);
      for (const path of publishedPaths) {
        if (choice.name !== "static" || !path.endsWith("/libc6")) expect(there).toContain(path.slice(1));
      }
      for (const name of [...recipe.packages, ...materialPackages(recipe)]) {
        expect(there).toContain(`var/lib/dpkg/status.d/${name}`);
      }
      const read = (path: string): string => execFileSync("tar", ["-xOf", tar, path], { encoding: "utf8" });
      expect([read("etc/passwd"), read("etc/group")]).toEqual([publishedAccounts.passwd, publishedAccounts.group]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
