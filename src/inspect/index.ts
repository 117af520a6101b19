/** Floor 4: what is in an image, and two images side by side. */
export type { Comparison, ImageInspection, InstalledPackage, NotableFile, TreeInspection } from "./contract.ts";
export type { AuditFinding, AuditReport } from "./audit/contract.ts";
export { auditRoot } from "./audit/audit-root.ts";
export { compareImages } from "./compare-images.ts";
export { listDigests } from "./file-digests.ts";
export { findSoftware } from "./find-software.ts";
export { inspectRoot } from "./inspect-root.ts";
export { checkResult } from "./result/check-result.ts";
export { noteRules, type ResultFinding, type ResultRule, resultRules } from "./result/rules.ts";
export type { Mark, ProgramFacts, Runtime, SuggestFacts, SuggestJob } from "./suggest/contract.ts";
export { compareNumbers } from "./suggest/elf-versions.ts";
export { suggestRoot } from "./suggest/suggest-root.ts";
