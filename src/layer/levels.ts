import type { Compression } from "./contract.ts";

/** Level used when none is given. */
export const defaultLevel: Readonly<Record<Compression, number>> = { none: 0, gzip: 4, zstd: 3 };
