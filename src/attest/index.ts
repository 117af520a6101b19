/** Floor 2: what is said about an image in documents of their own: SBOMs, provenance, and what attaches them. Data in, bytes out. */
export type * from "./contract.ts";
export { cyclonedxDocument } from "./cyclonedx.ts";
export { packageUrl } from "./purl.ts";
export { spdxDocument } from "./spdx.ts";
