import { type Stats, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { openStatCache } from "./stat-cache.ts";

test.each([
  ["half a second ago", 500.5, true],
  ["within this second, on a file system that keeps whole seconds", "coarse", false],
  ["long ago, on a file system that keeps whole seconds", "coarse and old", true],
] as const)("a file that changed %s is remembered only when it cannot change unseen", (_when, ago, remembered) => {
  const second = Math.floor(Date.now() / 1000) * 1000;
  const changed = typeof ago === "number" ? Date.now() - ago : second - (ago === "coarse" ? 0 : 60_000);
  // Never a whole second by chance.
  const time = typeof ago === "number" ? Math.floor(changed) + 0.25 : changed;
  const stat = { size: 1, mtimeMs: time, ctimeMs: time, ino: 7 } as Stats;
  const cache = openStatCache(join(tempFolder(), "cache"));
  cache.set("a", stat, "00".repeat(32));
  expect(cache.get("a", stat)).toBe(remembered ? "00".repeat(32) : undefined);
});

test("a file that is asked and has nothing new is marked as used, at most once a day", () => {
  const file = join(tempFolder(), "cache");
  const time = Date.now() - 60_000.25;
  const stat = { size: 1, mtimeMs: time, ctimeMs: time, ino: 7 } as Stats;
  const first = openStatCache(file);
  first.set("a", stat, "00".repeat(32));
  first.save(["a"]);
  for (const [hours, marked] of [
    [5, false],
    [30, true],
  ] as const) {
    const used = Math.floor(Date.now() / 1000) - hours * 3600;
    utimesSync(file, used, used);
    const again = openStatCache(file);
    expect(again.get("a", stat)).toBe("00".repeat(32));
    again.save(["a"]);
    expect(statSync(file).mtimeMs > used * 1000).toBe(marked);
  }
});
