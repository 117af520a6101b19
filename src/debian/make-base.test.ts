import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inNamespace, type NamespaceKind, whyNoNamespace } from "../../test/support/in-namespace.ts";
import type { BaseOrder, MadeTree } from "./make-base.cases.ts";

const module = new URL("./make-base.cases.ts", import.meta.url);
const make = async (order: BaseOrder, kind?: NamespaceKind): Promise<MadeTree> => {
  await inNamespace(module, "make", order, kind);
  return JSON.parse(readFileSync(order.result, "utf8")) as MadeTree;
};

describe.skipIf(whyNoNamespace)(
  `a base image from the real archive${whyNoNamespace ? ` (${whyNoNamespace})` : ""}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-debian-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const made: { best?: MadeTree; single?: MadeTree } = {};
    const best = (): MadeTree => made.best ?? expect.fail("it was not made");

    // Once with what this user may do, once with a single id, as where there are no sub-ids: also for another order of events.
    beforeAll(async () => {
      const order = {
        name: "debian:bookworm-slim",
        packages: join(folder, "packages"),
        result: join(folder, "result"),
      };
      made.best = await make({ ...order, root: join(folder, "best") });
      made.single = await make({ ...order, root: join(folder, "single") }, "one-id");
    });

    test("every package is configured", () => {
      expect(best().packages).toBe(88);
      expect(best().notInstalled).toEqual([]);
      expect(best().audit).toBe("");
    });

    test("it says what it is", () => {
      expect(best().createdBy).toMatch(/^slipway: debian:bookworm-slim from archive bookworm 12\.\d+ \d{4}-\d\d-\d\d$/);
      expect(best().config).toEqual({
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        Cmd: ["bash"],
      });
    });

    test("it is Docker's: settings, merged /usr, sources, no documentation", () => {
      const { files } = best();
      expect(files["./bin"]).toBe("link usr/bin");
      expect(files["./lib64"]).toBe("link usr/lib64");
      for (const path of [
        "./usr/sbin/policy-rc.d",
        "./etc/apt/apt.conf.d/docker-clean",
        "./etc/apt/sources.list.d/debian.sources",
        "./etc/dpkg/dpkg.cfg.d/docker",
        "./usr/share/doc/bash/copyright",
        "./etc/passwd",
        "./etc/localtime",
      ]) {
        expect(Object.keys(files)).toContain(path);
      }
      expect(Object.keys(files).filter((path) => /^\.\/usr\/share\/(?:man\/man\d|locale)\/./.test(path))).toEqual(
        ["./usr/share/locale/locale.alias"].filter((path) => path in files),
      );
    });

    test("nothing of the making is left", () => {
      const left = Object.keys(best().files).filter((path) =>
        /^\.\/(?:dev|proc|sys|tmp|var\/lib\/apt\/lists|var\/cache\/apt)\/|^\.\/etc\/(?:resolv\.conf|hostname|hosts|machine-id)$|dpkg\.log$|-old$|\/tmp\.ci|\.dpkg-/.test(
          path,
        ),
      );
      expect(left).toEqual([]);
      expect(best().late).toEqual([]);
    });

    test("it is the same with a single id, but for owners", () => {
      expect(made.single?.files).toEqual(best().files);
      expect(made.single?.created).toBe(best().created);
      expect(made.single?.late).toEqual([]);
    });

    test("each part of the work shows its progress", () => {
      expect(best().labels).toEqual([
        "reading the archive",
        "fetching packages",
        "unpacking packages",
        "configuring packages",
      ]);
    });
  },
);
