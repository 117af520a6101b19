import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";

/** Removes what an earlier build wrote. Throws SLIP_OUTPUT for what is no file. */
export function removeOld(file: string, what: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    const message = `Cannot write the ${what} to "${file}": ${(error as Error).message}`;
    throw new SlipwayError({ code: "SLIP_OUTPUT", message, hint: "name a file", cause: error });
  }
}

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
