import { expect, test } from "vitest";
import { goDuration, healthText, quotedList } from "./history-text.ts";

test.each([
  [0, "0s"],
  [1, "1ns"],
  [1500, "1.5\u00b5s"],
  [1_500_000, "1.5ms"],
  [1_000_000_000, "1s"],
  [90_000_000_000, "1m30s"],
  [3_605_500_000_000, "1h0m5.5s"],
  [-90_000_000_000, "-1m30s"],
])("%d nanoseconds are %s", (nanoseconds, text) => {
  expect(goDuration(nanoseconds)).toBe(text);
});

test("words are quoted as Go quotes them", () => {
  expect(quotedList(["a", 'b "c" \\', "\u00fc\t\u0001\u{1f600}", "\u200b"])).toBe(
    '["a" "b \\"c\\" \\\\" "\u00fc\\t\\x01\u{1f600}" "\\u200b"]',
  );
  expect(quotedList([])).toBe("[]");
});

test("a health check has every member", () => {
  expect(healthText({ Test: ["CMD", "true"], Interval: 90_000_000_000, Retries: 3 })).toBe(
    "{Test:[CMD true] Interval:1m30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}",
  );
});
