import { olderProvenance } from "../../attest/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { BuildRecord } from "../api/api.ts";
import { type DoneBuild, provenanceInputs } from "./provenance-of.ts";

/** How a build that is done came to its images. */
export function buildRecord(build: DoneBuild, mode: "min" | "max"): BuildRecord {
  const input = provenanceInputs(build, { mode }, Date.now());
  return {
    invocationId: build.invocationId,
    provenance: build.plans.map((plan) => ({
      platform: formatPlatform(plan.platform),
      predicate: olderProvenance(input(plan)),
    })),
  };
}
