import type { RegistryCtx, RegistryEvent } from "./contract.ts";

const interval = 100;

/**
 * Tells how far a blob is, ten times a second at most, and always when it is there.
 * @param blob its digest, or what it is called until that is known
 * @returns what is to be told of bytes that went by; as the second of all that will, where those are not known from the beginning
 */
export function progressOf(
  direction: Extract<RegistryEvent, { type: "progress" }>["direction"],
  blob: string,
  size: number | undefined,
  { emit }: RegistryCtx,
): (current: number, total?: number) => void {
  let next = 0;
  return (current, total = size ?? current) => {
    const now = performance.now();
    if (now < next && (size === undefined || current < size)) return;
    next = now + interval;
    emit({ type: "progress", direction, blob, current, total });
  };
}
