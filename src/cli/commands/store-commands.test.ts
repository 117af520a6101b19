import { describe, expect, test } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import type { RemoveOptions } from "../../index.ts";
import { cli, id } from "../fake.fixture.ts";

describe("the store", () => {
  test("du counts what could be freed, and all of it", async () => {
    expect((await cli(["du"])).stdout).toBe(
      [
        "TYPE          TOTAL   ACTIVE   SIZE     RECLAIMABLE   WITH --ALL",
        "images        3       2        2GB      500MB (25%)   1.5GB (75%)",
        "build cache   9       4        0B       0B            0B",
        "runtime       1       1        20MB     0B            0B",
        "all                            2.02GB   500MB (25%)   1.5GB (74%)",
        "",
      ].join("\n"),
    );
    const lines = (await cli(["du", "--format", "json"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      "images",
      "build cache",
      "runtime",
    ]);
  });

  test.each([
    { line: "y", code: 0, pruned: true },
    { line: "YES", code: 0, pruned: true },
    { line: "", code: 1, pruned: false },
    { line: undefined, code: 1, pruned: false },
  ])("prune asks: $line", async ({ line, code, pruned }) => {
    const got = await cli(["prune"], { stdinIsTTY: true, line });
    expect(got.code).toBe(code);
    expect(got.calls).toHaveLength(pruned ? 1 : 0);
    expect(got.stderr).toContain("Continue? [y/N]");
  });

  test("context ls lists what goes, with --why what does not and the line that decides", async () => {
    const plain = await cli(["context", "ls", "."]);
    expect([plain.stdout, plain.stderr]).toEqual([
      "a.c\nsrc/\n",
      "1 file, 1.5kB; 1 entry is left out by .dockerignore\n",
    ]);
    const why = await cli(["context", "ls", "--why", "."]);
    expect(why.stdout).toBe("+ a.c\n- logs/  (.dockerignore:2: logs)\n+ src/\n");
    const json = await cli(["context", "ls", "--format", "json", "."]);
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(2);
  });

  test("prune -af does not ask", async () => {
    const { stdout, stderr, calls } = await cli(["prune", "-af"]);
    expect(calls).toEqual([{ name: "prune", args: [expect.objectContaining({ all: true })] }]);
    expect(stderr).toBe("");
    expect(stdout).toBe(
      "Deleted 1 image, 12 snapshots, 34 cache records, 2 cache mounts, 5 packages and layer archives\nTotal reclaimed space: 812MB\n",
    );
  });

  test("rmi says what it removed", async () => {
    const { stdout, calls } = await cli(["rmi", "-f", "a:1", "b:2"]);
    expect(stdout).toBe(`Untagged: a:1\nUntagged: b:2\nDeleted: ${id("a")}\n`);
    expect(calls[0]?.args).toEqual([["a:1", "b:2"], expect.objectContaining({ force: true })]);
  });

  test("rmi prints what went and then what did not", async () => {
    const removeImages = async (names: readonly string[], { onFailure }: RemoveOptions) => {
      for (const name of names.slice(1)) onFailure?.(new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: name }));
      return { untagged: names.slice(0, 1), deleted: [] };
    };
    const { code, stdout, stderr } = await cli(["rmi", "a:1", "no:1", "no:2"], { library: { removeImages } });
    expect({ code, stdout }).toEqual({ code: 5, stdout: "Untagged: a:1\n" });
    expect(stderr).toMatch(/no:2[^]*no:1/);
  });

  test("tag is silent", async () => {
    expect(await cli(["tag", "a", "b"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("save writes docker's archive to standard output, but not onto a terminal", async () => {
    expect((await cli(["save", "a"])).calls[0]?.args).toEqual([
      expect.objectContaining({ images: ["a"], type: "docker", dest: "-" }),
    ]);
    expect((await cli(["save", "--format=oci", "-o", "x", "a"])).calls[0]?.args).toEqual([
      expect.objectContaining({ type: "oci", dest: "x" }),
    ]);
    expect(await cli(["save", "a"], { stdoutIsTTY: true })).toMatchObject({ code: 2, calls: [] });
  });
});
