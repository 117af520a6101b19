/** Floor 2: what is said about an image in documents of their own: SBOMs, provenance, and what attaches them. Data in, bytes out. */
export type * from "./contract.ts";
export { type AttestationManifest, digestSet, indexAttestation, referrerAttestation } from "./attach.ts";
export { cyclonedxDocument } from "./cyclonedx.ts";
export {
  type Material,
  olderProvenance,
  provenanceClaim,
  type ProvenanceInput,
  type ProvenanceStep,
} from "./provenance.ts";
export { imageUrl, packageUrl } from "./purl.ts";
export { spdxDocument } from "./spdx.ts";
export { type Claim, predicateTypes, statement, type StatementSubject } from "./statement.ts";
