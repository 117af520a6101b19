import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { smallElf } from "../../src/inspect/elf.fixture.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const description = `name: tiny
packages: [netbase]
timezones: none
files:
  - { path: /opt/tool, content: "#!/usr/bin/perl\\n", mode: 0755 }
  - { path: /opt/app, from: app, mode: 0755 }
`;

describe.skipIf(whyNoLab)(`Bases${because}`, () => {
  const lab = openLab();
  const app = smallElf({
    type: 2,
    needed: ["libpq.so.5", "libc.so.6"],
    interpreter: "/lib64/ld-linux-x86-64.so.2",
    versions: { "libc.so.6": ["GLIBC_2.34"] },
  });

  test("that lack what their files need get no name, and are told the packages that have it", async () => {
    const folder = lab.context({ "tiny.yaml": description, app });
    const file = join(folder, "tiny.yaml");
    const failed = await lab.slipway(["base", "build", "--arch=amd64", file]);
    expect(failed.code).toBe(6);
    expect(failed.stderr).toContain(
      "/opt/tool is a script for /usr/bin/perl, which is not there: the package perl-base has it",
    );
    expect(failed.stderr).toContain("/opt/app needs libpq.so.5, which is not there: the package libpq5 has it");
    expect(failed.stderr).toContain("(SLIP_AUDIT)");
    expect((await lab.slipway(["inspect", "tiny"])).code).not.toBe(0);

    const warned = await lab.slipway(["base", "build", "--arch=amd64", "--audit=warn", file]);
    expect(warned).toMatchObject({ code: 0, stdout: "tiny:latest\n" });
    expect(warned.stderr).toMatch(
      /audited 1 program or library, \d+ scripts?, \d+ links? and \d+ packages: 4 things cannot work/,
    );
    expect((await lab.slipway(["base", "build", "--arch=amd64", file])).code).toBe(6);
  });

  test("are suggested for an image by what it starts in the end, and for its program", async () => {
    const folder = lab.context({
      app,
      "entry.sh": { content: '#!/bin/sh\nexec /srv/app "$@"\n', mode: 0o755 },
      Dockerfile:
        'FROM base\nCOPY --chmod=755 app /srv/app\nCOPY entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]\nCMD ["-v"]\n',
    });
    await lab.build(folder, "-t", "shop");
    const { code, stdout } = await lab.slipway(["base", "suggest", "--format=json", "--offline", "shop"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      subject: { kind: "image", name: "shop" },
      answer: "own",
      base: "base-nossl",
      suite: "trixie",
      missing: [{ name: "libpq.so.5" }],
      facts: { command: ["/srv/app", "-v"], shell: { path: "/entry.sh" } },
    });
    const text = await lab.slipway(["base", "suggest", "--offline", join(folder, "app")]);
    expect(text.stdout).toContain("needs GLIBC_2.34: trixie has GLIBC_2.41");
    const wrong = await lab.slipway(["base", "suggest", join(folder, "Dockerfile")]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("it is text, and begins with no #! line");
    symlinkSync("circle", join(folder, "circle"));
    const circle = await lab.slipway(["base", "suggest", join(folder, "circle")]);
    expect(circle).toMatchObject({ code: 2, stdout: "" });
    expect(circle.stderr).toContain("its links lead in a circle");
  });

  test("are listed with those in the store", async () => {
    const { stdout } = await lab.slipway(["base", "ls", "--suite", "trixie"]);
    expect(stdout).toMatch(/^NAME +SUITE +RUNTIME +PACKAGES +SIZE +COMPRESSED\nstatic +trixie/);
    expect((await lab.slipway(["base", "ls", "--suite", "buster"])).code).toBe(5);
  });
});
