// What `npm run resolver-proof` does for 200 packages of two suites, for a few of one; apt takes more than a second for each.
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/store-lab.ts";
import { whyNoApt } from "./apt-root.ts";
import { differences } from "./differences.ts";
import { compareAll, openBoth } from "./prove-suite.ts";

describe.skipIf(whyNoApt)(`slipway beside apt${whyNoApt === undefined ? "" : ` (skipped: ${whyNoApt})`}`, () => {
  test("the same packages for a few of trixie, or the difference that is explained", { timeout: 180_000 }, async () => {
    const opened = await openBoth(tempFolder(), "trixie");
    // One that differs, one whose dependency something provides that is needed anyway, an essential one with Pre-Depends.
    const compared = await compareAll(opened, ["python3-aioshutil", "libfile-changenotify-perl", "bash"]);
    const apart = compared.filter(({ difference }) => difference !== undefined);
    expect(apart.map(({ name, reason }) => [name, reason])).toEqual([
      ["python3-aioshutil", differences["trixie"]?.["python3-aioshutil"]],
    ]);
    expect(compared.every(({ count }) => count !== undefined && count > 1)).toBe(true);
  });
});
