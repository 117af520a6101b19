/** Floor 3: layers made smaller: squashed into one, or folded so that no byte is in them for nothing; the merged tree stays the same. */
export type { LayerStack, Waste, WasteKind } from "./contract.ts";
export { findWaste, fold, squash } from "./calls.ts";
