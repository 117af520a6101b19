import type { Store } from "../../store/index.ts";
import { attestationsKey, type AttestedWork, type KeptAttestations } from "./kept-attestations.ts";
import { provenanceInputs } from "./provenance-of.ts";

/**
 * Remembers with each image what its options ask to be said of it: it is attached to the image's manifest, which exists only when the image leaves the
 * store.
 */
export function keepAttestations(work: AttestedWork, store: Store): void {
  const { attest = {} } = work.options;
  const input = attest.provenance && work.plans && provenanceInputs(work, attest.provenance, Date.now());
  for (const [at, id] of work.ids.entries()) {
    const plan = work.plans?.[at];
    const kept: KeptAttestations = { attest, provenance: plan && input?.(plan) };
    store.facts.set(attestationsKey(id), kept, id);
  }
}
