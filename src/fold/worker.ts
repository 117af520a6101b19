import { type CancelFlag, serve } from "../base/index.ts";
import type { LayerStack } from "./contract.ts";
import { foldLayers } from "./fold-layers.ts";
import { planFold } from "./plan-fold.ts";
import { squashLayers } from "./squash-layers.ts";

serve("fold/worker", {
  fold: foldLayers,
  squash: squashLayers,
  findWaste: ({ stack, cancel }: { readonly stack: LayerStack; readonly cancel?: CancelFlag | undefined }) =>
    planFold(stack, { contents: "guess", cancel }).waste,
});
