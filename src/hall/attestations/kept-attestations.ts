import type { ProvenanceInput } from "../../attest/index.ts";
import type { Digest } from "../../base/index.ts";
import type { Store } from "../../store/index.ts";
import type { AttestOptions } from "../api/attest-api.ts";
import { isAttested } from "./check-attest.ts";
import type { DoneBuild } from "./provenance-of.ts";

/** What attestations are about: a build, or images of which only the software is told. */
export type AttestedWork =
  | DoneBuild
  | {
      readonly ids: readonly Digest[];
      readonly options: { readonly attest?: AttestOptions | undefined };
      readonly plans: undefined;
    };

/** What the last build of an image wanted to be said of it, wherever it goes. */
export interface KeptAttestations {
  readonly attest: AttestOptions;
  readonly provenance?: ProvenanceInput | undefined;
}

/** Undefined for an image of which nothing is to be said: it was not built here, or its last build did not ask for it. */
export function keptAttestations(image: Digest, store: Store): KeptAttestations | undefined {
  return store.facts.get(attestationsKey(image)) as KeptAttestations | undefined;
}

/**
 * Remembers with images what is to be said of them whenever they leave the store, which need not be now. Work that asks for nothing ends what earlier work
 * on the same images asked for.
 * @returns whether there is anything
 */
export async function noteAttestations(work: AttestedWork, store: Store): Promise<boolean> {
  if (isAttested(work.options.attest)) {
    (await import("./keep-attestations.ts")).keepAttestations(work, store);
    return true;
  }
  for (const id of work.ids) if (keptAttestations(id, store)) store.facts.delete(attestationsKey(id));
  return false;
}

/** The fact that keeps them; its number is raised when their form changes. */
export function attestationsKey(image: Digest): string {
  return `attestations 1 ${image}`;
}
