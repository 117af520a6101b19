import { expect, test } from "vitest";
import { formatAgo, formatCount, formatDuration, formatSize, plural } from "./format.ts";

test.each([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [1_234_567, "1.23MB"],
  [12_345_678, "12.3MB"],
  [812_345_678, "812MB"],
  [999_600, "1MB"],
  [999_499, "999kB"],
  [1_073_741_824, "1.07GB"],
  [2e18, "2000PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  [0, "0.0s"],
  [49, "0.0s"],
  [312, "0.3s"],
  [59_949, "59.9s"],
  [59_960, "1m 00s"],
  [65_000, "1m 05s"],
  [3_599_400, "59m 59s"],
  [3_600_000, "1h 00m"],
  [7_440_000, "2h 04m"],
])("%d ms are %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
test.each([
  [0, "Less than a second ago"],
  [1 * second, "1 second ago"],
  [45 * second, "45 seconds ago"],
  [61 * second, "About a minute ago"],
  [10 * 60 * second, "10 minutes ago"],
  [hour, "About an hour ago"],
  [5 * hour, "5 hours ago"],
  [3 * day, "3 days ago"],
  [15 * day, "2 weeks ago"],
  [70 * day, "2 months ago"],
  [800 * day, "2 years ago"],
  [-5 * second, "Less than a second ago"],
])("%d ms before now is %s", (age, text) => {
  const now = 1_700_000_000_000;
  expect(formatAgo(now - age, now)).toBe(text);
});

test("an unknown time, counts and plurals", () => {
  expect(formatAgo(0, 1_700_000_000_000)).toBe("N/A");
  expect(formatCount(51_700)).toBe("51,700");
  expect(formatCount(999)).toBe("999");
  expect(plural(1, "entry", "entries")).toBe("1 entry");
  expect(plural(1200, "entry", "entries")).toBe("1,200 entries");
});
