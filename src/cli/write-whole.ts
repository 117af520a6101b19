import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";

/** Writes a file of a build's result: it appears whole or not at all. Throws SLIP_OUTPUT. */
export function writeWhole(file: string, text: string, what: string): void {
  const temp = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(temp, text, { flag: "wx", mode: 0o644 });
    renameSync(temp, file);
  } catch (error) {
    rmSync(temp, { force: true });
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message: `Cannot write the ${what} to "${file}": ${(error as Error).message}`,
      hint: "the image was built; only the file is missing",
      cause: error,
    });
  }
}
