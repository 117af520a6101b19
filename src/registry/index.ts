/** Floor 2: registries over the OCI distribution-spec: pulling, pushing, credentials. */
export type * from "./contract.ts";
export type { RegistriesConfig, RegistrySettings } from "./config.ts";
export { type LoginRequest, login, logout } from "./auth/login.ts";
export { openRegistries } from "./open-registries.ts";
