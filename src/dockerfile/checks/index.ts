/** BuildKit's build checks over the typed tree. Pure: what is not in the file comes as facts. */
export { checkDockerfile } from "./check-dockerfile.ts";
export type { BaseFacts, Finding } from "./contract.ts";
export { looksSecret } from "./secrets.ts";
