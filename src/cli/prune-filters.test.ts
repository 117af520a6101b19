import { expect, test } from "vitest";
import { parseFilters, parseSpace } from "./prune-filters.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const hour = 3_600_000;

test.each([
  ["until=24h", now - 24 * hour],
  ["until=1h30m", now - 1.5 * hour],
  ["unused-for=10m", now - hour / 6],
  ["until=2026-11-20T10:00:00Z", Date.parse("2026-11-20T10:00:00Z")],
  ["until=2026-11-20T10:00:00+02:00", Date.parse("2026-11-20T08:00:00Z")],
  ["until=2026-11-20T10:00:00.5Z", Date.parse("2026-11-20T10:00:00.500Z")],
  ["until=2026-11-20", new Date(2026, 10, 20).getTime()],
  ["until=1700000000", 1_700_000_000_000],
  ["until=1700000000.5", 1_700_000_000_500],
])("%s is a time", (text, time) => {
  expect(parseFilters([text], now)).toEqual({ until: time });
});

test("the earliest time counts, kinds are joined, labels must all hold", () => {
  expect(parseFilters(["until=24h", "until=48h"], now).until).toBe(now - 48 * hour);
  expect(parseFilters(["type=regular", "type=exec.cachemount", "type=cache"], now).kinds).toEqual([
    "cache",
    "cache mount",
  ]);
  expect(parseFilters(["label=a", "label!=b=c=d"], now)).toEqual({
    kinds: ["image"],
    labels: [
      { name: "a", value: undefined, not: false },
      { name: "b", value: "c=d", not: true },
    ],
  });
});

test.each([
  ["dangling=true", "Unknown filter"],
  ["unti=24h", "Unknown filter"],
  ["until!=24h", "Unknown filter"],
  ["24h", "Unknown filter"],
  ["until=yesterday", "Invalid time"],
  ["until=-1h", "Invalid time"],
  ["until=2026-13-41", "Invalid time"],
  ["unused-for=2026-11-20", "Invalid time"],
  ["type=toString", "Unknown type"],
  ["label=", "No label"],
])("%s is refused", (text, message) => {
  expect(() => parseFilters([text], now)).toThrow(message);
});

test("a size is bytes", () => {
  expect(parseSpace("--reserved-space", undefined)).toBeUndefined();
  expect(parseSpace("--reserved-space", "20GB")).toBe(20 * 2 ** 30);
  expect(() => parseSpace("--max-used-space", "80%")).toThrow('Invalid value "80%" for --max-used-space');
});
