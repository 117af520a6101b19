import { expect, test } from "vitest";
import { columnsOf, table } from "./table.ts";
import { width } from "./text.ts";

const rows = [
  ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"],
  ["registry.example.org/some/project/with/a/long/name", "latest", "0123456789ab", "About a minute ago", "1.23MB"],
];

test("without a terminal nothing is cut", () => {
  expect(table(rows)).toBe(
    "REPOSITORY                                           TAG      IMAGE ID       CREATED              SIZE\n" +
      "registry.example.org/some/project/with/a/long/name   latest   0123456789ab   About a minute ago   1.23MB\n",
  );
  expect(columnsOf({ isTTY: false, columns: 40 })).toBeUndefined();
  expect(columnsOf({ isTTY: true, columns: 40 })).toBe(40);
});

test.each([200, 104, 100, 80, 60, 40, 20, 5])("no row is wider than a terminal of %i columns", (columns) => {
  const lines = table(rows, { columns }).trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
});

test("columns come closer before any is cut, and the widest is cut first", () => {
  expect(table(rows, { columns: 98 })).toContain("with/a/long/name latest 0123456789ab About a minute ago 1.23MB\n");
  expect(table(rows, { columns: 80 })).toContain("… latest 0123456789ab About a minute ago 1.23MB\n");
});

test("what a column takes at most holds without a terminal too", () => {
  expect(
    table(
      [
        ["a", "b"],
        ["long text", "c"],
      ],
      { most: [5] },
    ),
  ).toBe("a       b\nlong…   c\n");
});
