import { SlipwayError } from "../../base/index.ts";
import type { AttestOptions } from "../api/attest-api.ts";
import type { Output } from "../outputs/output.ts";

/** Throws SLIP_UNSUPPORTED for an output that cannot hold attestations; called before a build does anything. */
export function checkAttest(attest: AttestOptions | undefined, outputs: readonly Output[]): void {
  if (!isAttested(attest)) return;
  for (const output of outputs) {
    if (!["image", "oci", "local", "tar"].includes(output.type)) {
      throw refusal(
        "a docker archive, and the engine that takes one, have no place for them",
        "use type=oci or --push, or leave --sbom and --provenance away",
      );
    }
    if ("form" in output && output.form.format === "docker") {
      throw refusal("Docker's media types have no place for them", "leave oci-mediatypes=false away");
    }
  }
}

function refusal(why: string, hint: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_UNSUPPORTED", message: `Attestations cannot be attached: ${why}`, hint });
}

/** Whether something is to be said of what is built, when it leaves the store. */
export function isAttested(attest: AttestOptions | undefined): boolean {
  return attest?.sbom !== undefined || attest?.provenance !== undefined;
}
