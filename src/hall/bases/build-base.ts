import type { BuildBaseOptions, BuiltBase } from "../api/base-api.ts";
import { callEngine } from "../engine/call-engine.ts";
import { readBaseFile } from "./own-base-files.ts";

/**
 * Makes a base, built in or described by a file, from the signed Debian archive into the store: no registry, and no program of a package, takes part. One that is there
 * and has the archive's packages of today is left as it is.
 * @throws SLIP_IMAGE_UNKNOWN for a name or version that the suite does not have, SLIP_UNSUPPORTED for an architecture, SLIP_NETWORK, SLIP_VERIFY,
 * SLIP_PACKAGE, SLIP_OUTPUT; of a file SLIP_BASE and SLIP_LOCK
 */
export async function buildBase({ signal, onEvent, ...options }: BuildBaseOptions): Promise<BuiltBase> {
  // What is wrong with a file is said before anything is started.
  await readBaseFile(options);
  return callEngine("build-base", options, { signal, onEvent });
}
