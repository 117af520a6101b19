import type { Digest } from "../../base/index.ts";
import { standsOn, type Vertex } from "../../graph/index.ts";
import type { FileTree } from "../../ops/index.ts";
import type { Forecast } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { ForeseenStep } from "../api/foresee-api.ts";

/** What is to be said of images that are in the store without all their layers, by vertex. */
export function lazyImages(
  found: readonly Forecast<FileTree>[],
  store: Store,
): ReadonlyMap<Digest, Pick<ForeseenStep, "status" | "because">> {
  const needed = filesNeeded(found);
  return new Map(
    found.flatMap(({ vertex, status }) => {
      const { op, digest } = vertex;
      if (op.kind !== "image" || status !== "source") return [];
      const { length } = store.remoteLayers.missing(store.images.get(op.id)?.snapshots.at(-1));
      if (length === 0) return [];
      const layers = `${length} of its layers ${length === 1 ? "is" : "are"} not here`;
      const told = needed.has(digest)
        ? ({ status: "pull", because: `${layers}, and a step needs their files` } as const)
        : ({ status: "source", because: `${layers}: they come when a step needs their files` } as const);
      return [[digest, told] as const];
    }),
  );
}

/** What a step that runs stands on or takes from: the inputs themselves, and all that those stand on. */
function filesNeeded(found: readonly Forecast<FileTree>[]): ReadonlySet<Digest> {
  const needed = new Set<Digest>();
  for (const { vertex, status } of found) {
    // A linked copy is put on its base by a record alone.
    if (status !== "run" || vertex.op.kind === "link") continue;
    for (const input of vertex.inputs) {
      for (let at: Vertex | undefined = input; at && !needed.has(at.digest); at = standsOn(at)) needed.add(at.digest);
    }
  }
  return needed;
}
