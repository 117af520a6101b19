import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { cli } from "../fake.fixture.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("run", () => {
  test("flags end at the image", async () => {
    writeFileSync(join(folder, "env"), "# comment\nA=1\n\nHOME\nUNSET\n");
    const line =
      `run --rm -i -e B=2 -e HOME --env-file ${join(folder, "env")} -v /a:/b -v/c:/d:ro -w /w -u1:2 ` +
      "--entrypoint sh --network none -h box --read-only app -t -- x";
    const { calls } = await cli(line.split(" "), { env: { HOME: "/root" } });
    expect(calls).toEqual([
      {
        name: "run",
        args: [
          expect.objectContaining({
            image: "app",
            args: ["-t", "--", "x"],
            env: ["A=1", "HOME=/root", "B=2", "HOME=/root"],
            volumes: ["/a:/b", "/c:/d:ro"],
            workdir: "/w",
            user: "1:2",
            entrypoint: "sh",
            network: "none",
            hostname: "box",
            readOnly: true,
            interactive: true,
            tty: false,
            forwardSignals: true,
          }),
        ],
      },
    ]);
  });

  test("ends with the command's exit code", async () => {
    expect(await cli(["run", "app"], { library: { run: async () => ({ exitCode: 37 }) } })).toMatchObject({ code: 37 });
  });

  test("its own failures end with 125, a cancelled one with 130", async () => {
    const failing = (code: "SLIP_IMAGE_UNKNOWN" | "SLIP_CANCELLED"): Parameters<typeof cli>[1] => ({
      library: {
        run: async () => {
          throw new SlipwayError({ code, message: "No such image" });
        },
      },
    });
    expect(await cli(["run", "x"], failing("SLIP_IMAGE_UNKNOWN"))).toMatchObject({ code: 125 });
    expect(await cli(["run", "x"], failing("SLIP_CANCELLED"))).toMatchObject({ code: 130, stderr: "Cancelled\n" });
  });

  test("a terminal is given where there is one", async () => {
    const { calls } = await cli(["run", "-it", "app"], { stdinIsTTY: true, stdoutIsTTY: true });
    expect(calls[0]?.args[0]).toMatchObject({ tty: true, interactive: true, args: undefined });
  });
});
