import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { closedPort } from "../support/closed-port.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`Without a network${because}`, () => {
  const lab = openLab();

  test("a base that has to be made is one error with its place and remedy, and exit code 6", async () => {
    const mirror = `http://127.0.0.1:${await closedPort()}`;
    const context = lab.context({ Dockerfile: "FROM debian:bookworm\nRUN true\n" });
    const { code, stdout, stderr } = await lab.slipway(["build", "--progress=plain", context], {
      store: join(lab.folder, "empty"),
      env: { SLIPWAY_DEBIAN_MIRROR: mirror, SLIPWAY_DEBIAN_SECURITY_MIRROR: mirror },
    });
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr.match(/^ERROR: /gm)).toHaveLength(1);
    expect(stderr.match(/^#\d+ ERROR: /gm)).toHaveLength(1);
    expect(stderr).toMatch(/>>> FROM debian:bookworm\n/);
    expect(stderr).toMatch(
      /^ERROR: Cannot reach 127\.0\.0\.1:\d+: .*\(SLIP_NETWORK\)\n {2}hint: .*--debian-mirror or SLIPWAY_DEBIAN_MIRROR\n$/m,
    );
  });

  test("a base in the store needs none", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN true\n" });
    const env = { SLIPWAY_DEBIAN_MIRROR: `http://127.0.0.1:${await closedPort()}` };
    expect(await lab.slipway(["build", "-q", context], { env })).toMatchObject({ code: 0, stderr: "" });
  });
});
