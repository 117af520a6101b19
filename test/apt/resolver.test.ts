// What `npm run resolver-proof` does for 200 packages of two suites, for a few of one; apt takes more than a second for each.
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/store-lab.ts";
import { whyNoApt } from "./apt-root.ts";
import { differences } from "./differences.ts";
import { compareAll, openBoth } from "./prove-suite.ts";
import { samplePackages } from "./sample.ts";

describe.skipIf(whyNoApt)(`slipway beside apt${whyNoApt === undefined ? "" : ` (skipped: ${whyNoApt})`}`, () => {
  test("the same packages for a few of trixie, or the difference that is explained", async () => {
    const opened = await openBoth(tempFolder(), "trixie");
    const { names, kinds } = samplePackages(opened.apt.lists(), 200, "1");
    expect(names).toHaveLength(200);
    expect([...kinds].filter(([, count]) => count < 5)).toEqual([]);
    // One that differs, one whose dependency a Provides satisfies, an essential one, one with alternatives, a virtual package, Multi-Arch.
    const compared = await compareAll(opened, [
      "python3-aioshutil",
      "libfile-changenotify-perl",
      "bash",
      "curl",
      "ruby-json",
    ]);
    const apart = compared.filter(({ difference }) => difference !== undefined);
    expect(apart.map(({ name, reason }) => [name, reason])).toEqual([
      ["python3-aioshutil", differences["trixie"]?.["python3-aioshutil"]],
    ]);
    expect(compared.every(({ count }) => count !== undefined && count > 1)).toBe(true);
  });
});
