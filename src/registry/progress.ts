import type { Descriptor } from "../oci/index.ts";
import type { RegistryCtx, RegistryEvent } from "./contract.ts";

const interval = 100;

/** Tells how far a blob is, ten times a second at most, and always when it is there. */
export function progressOf(
  direction: Extract<RegistryEvent, { type: "progress" }>["direction"],
  { digest, size }: Descriptor,
  { emit }: RegistryCtx,
): (current: number) => void {
  let next = 0;
  return (current) => {
    const now = performance.now();
    if (now < next && current < size) return;
    next = now + interval;
    emit({ type: "progress", direction, digest, current, total: size });
  };
}
