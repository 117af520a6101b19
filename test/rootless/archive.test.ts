import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds, obstacle, type Person, person } from "./people.ts";

/** The one file here that needs the Debian archive. */
const kind = kinds.at(-1) ?? "self";
const why = obstacle(kind);

describe.skipIf(why)(
  `Debian packages as an ordinary user (${kind}), from the archive${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    let who: Person;
    beforeAll(() => {
      who = person(kind);
    });
    afterAll(() => who?.[Symbol.dispose]());

    // dbus has a setuid helper with a group of its own and makes a user; cron makes a group.
    test("apt-get installs packages that make users and change owners", { timeout: 240_000 }, async () => {
      const context = who.context("apt", {
        Dockerfile:
          "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends dbus cron\n",
      });
      const { child, ended } = who.start(["build", "-t", "apt", context], { patience: 230_000 });
      const { code, stderr } = await ended;
      expect({ code, stderr: stderr.slice(-2000) }).toMatchObject({ code: 0 });
      expect(child.exitCode).toBe(0);
      const { stdout } = await who.slipway([
        "run",
        "apt",
        "sh",
        "-c",
        "dpkg --audit; id -u messagebus; crontab -l 2>&1",
      ]);
      expect(stdout).toMatch(/^\d+\nno crontab for root$/m);
    });
  },
);
