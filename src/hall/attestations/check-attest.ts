import { type Ctx, SlipwayError } from "../../base/index.ts";
import type { AttestOptions } from "../api/attest-api.ts";
import type { Output } from "../outputs/output.ts";

/** Throws SLIP_UNSUPPORTED for an output that cannot hold attestations; called before a build does anything. */
export function checkAttest(attest: AttestOptions | undefined, outputs: readonly Output[]): void {
  if (!attest?.sbom && !attest?.provenance) return;
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

/** True where a build writes something that attestations go with; tells of it where it does not. */
export function isAttested(attest: AttestOptions | undefined, outputs: readonly Output[], ctx: Ctx): boolean {
  if (!attest?.sbom && !attest?.provenance) return false;
  const leaves = outputs.some((output) => output.type !== "image" || output.push !== undefined);
  if (!leaves) {
    ctx.emit({
      type: "warning",
      message: "Attestations go with what leaves the store, and this build writes nothing: none are made",
      hint: "add --push or -o type=oci,dest=FILE; `slipway sbom IMAGE` lists the software of an image in the store",
    });
  }
  return leaves;
}
