import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder, SlipwayError } from "../../base/index.ts";
import type { CredentialFile } from "./credential-files.ts";

/**
 * Writes the file whole or not at all, readable for its owner alone. A link stays one: what it names is replaced.
 * @throws SLIP_CONFIG
 */
export async function writeCredentialFile(path: string, file: CredentialFile): Promise<void> {
  try {
    makeFolder(dirname(path), 0o700);
    const target = await realpath(path).catch(() => path);
    const temporary = `${target}.${randomBytes(6).toString("hex")}`;
    try {
      const handle = await open(temporary, "wx", 0o600);
      try {
        // docker's own form, so that whoever writes next changes no more than it must.
        await handle.writeFile(JSON.stringify(file, undefined, "\t"));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (cause) {
    throw new SlipwayError({
      code: "SLIP_CONFIG",
      message: `Cannot write the credentials to ${path}: ${(cause as Error).message}`,
      hint: "make its folder writable, or name another with DOCKER_CONFIG or REGISTRY_AUTH_FILE",
      cause,
    });
  }
}
