import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../fake.fixture.ts";

test("the document goes to standard output, what was not read to standard error", async () => {
  const { code, stdout, stderr, calls } = await cli(["sbom", "app"]);
  expect([code, JSON.parse(stdout)]).toEqual([0, { spdxVersion: "SPDX-2.3" }]);
  expect(stderr).toBe("not read /x is larger than 1 MB and was not read\n");
  expect(calls).toEqual([{ name: "sbom", args: [expect.objectContaining({ image: "app", format: "spdx-json" })] }]);
});

test("a table has a line a package", async () => {
  const { stdout } = await cli(["sbom", "--format", "table", "app"]);
  expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["NAME", "VERSION", "KIND", "LICENCES", "FOUND IN"],
    ["base-files", "12.4", "dpkg", "GPL-2+", "/var/lib/dpkg/status"],
    ["org.example:app", "1", "java", "/app.jar!lib/x.jar"],
    [""],
    ["2 packages"],
    [""],
  ]);
});

test("a file takes the document; one that cannot be written is an error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sbom-"));
  try {
    const file = join(folder, "app.cdx.json");
    const { stdout, calls } = await cli(["sbom", "--format=cyclonedx-json", "-o", file, "app"]);
    expect([stdout, JSON.parse(readFileSync(file, "utf8"))]).toEqual(["", { spdxVersion: "SPDX-2.3" }]);
    expect(calls[0]?.args).toEqual([expect.objectContaining({ format: "cyclonedx-json" })]);
    const failed = await cli(["sbom", "-o", join(folder, "none", "x"), "app"]);
    expect(failed.stderr).toContain("Cannot write the SBOM");
    expect(failed.code).not.toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
