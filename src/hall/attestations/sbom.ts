import type { Sbom, SbomOptions } from "../api/attest-api.ts";
import { callEngine } from "../engine/call-engine.ts";

/**
 * The software of an image in the store, and a document of it: what its distribution's databases list (dpkg, apk, rpm), and what programs and packages
 * carry about themselves (Go, npm, Python, Java). The same image gives the same document.
 * Throws SLIP_IMAGE_UNKNOWN.
 */
export async function sbom({ signal, ...options }: SbomOptions): Promise<Sbom> {
  return callEngine("sbom", options, { signal });
}
