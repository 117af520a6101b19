import type { Ctx } from "../../base/index.ts";
import type { RegistryCtx, RegistryEvent } from "../../registry/index.ts";

/**
 * Tells what registries do as the progress of a step: bytes of all blobs together.
 * @param total bytes of all that is to go; that of the blobs seen so far without it.
 */
export function transferCtx(step: string, label: string, ctx: Ctx, total?: number): RegistryCtx {
  const blobs = new Map<string, { readonly current: number; readonly total: number }>();
  const progress = (): void => {
    const sum = (part: "current" | "total"): number =>
      [...blobs.values()].reduce((bytes, blob) => bytes + blob[part], 0);
    ctx.emit({
      type: "step-progress",
      id: step,
      label,
      current: sum("current"),
      total: total ?? sum("total"),
      unit: "bytes",
    });
  };
  const emit = (event: RegistryEvent): void => {
    switch (event.type) {
      case "progress":
        blobs.set(event.blob, event);
        return progress();
      case "retry":
        return told(`${event.reason.includes(event.host) ? "" : `${event.host}: `}${event.reason}; trying again`);
      case "mirror-failed":
        return ctx.emit({ type: "warning", message: `The mirror ${event.mirror} is passed over: ${event.reason}` });
      case "warning":
        return ctx.emit({ type: "warning", message: `${event.host} says: ${event.text}` });
      case "mounted":
        return told(`${event.digest.slice(0, 19)} is shared with ${event.from}`);
      case "exists":
        return;
    }
  };
  const told = (text: string): void => ctx.emit({ type: "step-output", id: step, stream: "stderr", text: `${text}\n` });
  return { signal: ctx.signal, emit };
}
