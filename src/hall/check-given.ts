import { statSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import type { BuildOptions } from "./api.ts";

/** Throws SLIP_SECRET, or SLIP_UNSUPPORTED for a private key, before a build begins that could only fail when it needs them. */
export function checkGiven({ secrets = {}, ssh = {} }: Pick<BuildOptions, "secrets" | "ssh">): void {
  for (const [id, source] of Object.entries(secrets)) {
    if ("file" in source && !statSync(source.file, { throwIfNoEntry: false })?.isFile()) {
      throw new SlipwayError({
        code: "SLIP_SECRET",
        message: `Cannot read the secret ${JSON.stringify(id)}: ${JSON.stringify(source.file)} is no file`,
        hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
      });
    }
  }
  for (const [id, socket] of Object.entries(ssh)) {
    const stat = statSync(socket, { throwIfNoEntry: false });
    if (stat?.isSocket()) continue;
    if (stat?.isFile()) {
      throw new SlipwayError({
        code: "SLIP_UNSUPPORTED",
        message: `Cannot serve the private key ${socket} for ssh ${JSON.stringify(id)}: slipway passes on agents alone`,
        hint: `add it to an agent (ssh-add ${socket}) and write --ssh ${id}`,
      });
    }
    throw new SlipwayError({
      code: "SLIP_SECRET",
      message: `Cannot reach the ssh agent ${JSON.stringify(id)}: ${JSON.stringify(socket)} is no socket`,
      hint: "start an agent (ssh-agent), which sets SSH_AUTH_SOCK, or name its socket",
    });
  }
}
