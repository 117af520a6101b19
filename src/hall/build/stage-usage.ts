import type { Digest } from "../../base/index.ts";
import type { FileTree } from "../../ops/index.ts";
import type { BuildPlan, PlannedStage } from "../../plan/index.ts";
import type { SolveReport } from "../../solve/index.ts";
import type { StageUsage, Store } from "../../store/index.ts";

/**
 * What each stage of the build weighs, and which of them the image is made of. A stage on top of another counts what it adds.
 * Stages that the cache spared are measured from their records; what is not there any more is taken from the facts of an earlier
 * build of the same image.
 */
export function stageUsage(
  plan: BuildPlan,
  report: SolveReport<FileTree>,
  store: Store,
  image: Digest,
): readonly StageUsage[] {
  const earlier = store.images.get(image)?.facts?.stages ?? [];
  return plan.stages.flatMap((stage) => {
    const measured = measure(stage, report, store);
    return measured ?? earlier.filter(({ name }) => name === stage.name);
  });
}

function measure(stage: PlannedStage, report: SolveReport<FileTree>, store: Store): StageUsage[] | undefined {
  const tree = report.peek(stage.root);
  if (tree?.kind !== "snapshot") return undefined;
  const chain = tree.id === undefined ? [] : store.snapshots.chain(tree.id);
  const layers = stage.onStage ? chain.slice(chain.length - stage.own.length) : chain;
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  const entries = layers.reduce((sum, layer) => sum + layer.entries, 0);
  const compressed = store.remoteLayers.uncounted(layers.map(({ id }) => id));
  const { name, shipped } = stage;
  return [{ name, size, entries, shipped, ...(compressed > 0 && { compressedLayers: compressed }) }];
}
