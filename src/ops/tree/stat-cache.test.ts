import type { Stats } from "node:fs";
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
