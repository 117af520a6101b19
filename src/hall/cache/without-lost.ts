import { type Ctx, toSlipwayError } from "../../base/index.ts";
import type { Engine } from "../engine/engine.ts";

/**
 * Builds again without the records of a cache whose layers turn out not to be had: a registry that cleaned up, a folder that is gone. Their steps run
 * then. What a build needs in any case, the layers of its bases, stays an error.
 */
export async function withoutLostLayers<T>(work: () => Promise<T>, engine: Engine | undefined, ctx: Ctx): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!engine || ctx.signal.aborted || engine.lostLayers.size === 0) throw error;
      const caches = engine.store.travelled.forgetOn(engine.lostLayers);
      if (caches.length === 0) throw error;
      ctx.emit({
        type: "warning",
        message: `Layers of the cache ${caches.join(", ")} cannot be had: ${toSlipwayError(error).message}`,
        hint: "the steps that gave them run instead; --cache-to writes the cache anew",
      });
    }
  }
}
