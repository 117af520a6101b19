/** Floor 2: runs one process over mounts in an OCI runtime; enters the namespaces that mounting needs. */
export type * from "./contract.ts";
