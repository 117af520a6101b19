import type { CancelFlag } from "../base/index.ts";

/** The layers of an image as folders of changes (overlay upper folders), bottom first. */
export interface LayerStack {
  /** Those that may be made anew. */
  readonly own: readonly string[];
  /** Those below; undefined where they are not all at hand, and then what may hide something in them stays. */
  readonly base: readonly string[] | undefined;
  readonly overlayXattrs: "trusted" | "user";
}

/**
 * What a layer did to files of an earlier one, whose bytes are in the image for nothing: `owner`, `mode` and `again` wrote the same content once
 * more, with another owner, another mode or neither; `replaced` put something else there, `deleted` removed it.
 */
export type WasteKind = "owner" | "mode" | "again" | "replaced" | "deleted";

/** Bytes that are in the layers and not in the merged tree, or there twice. */
export interface Waste {
  readonly kind: WasteKind;
  /** The layer that did it, and the one whose bytes they are: numbers in `own`, from 0. */
  readonly by: number;
  readonly of: number;
  readonly bytes: number;
  /** Regular files; a file with several names counts once. */
  readonly files: number;
}

/** What becomes of one entry of a layer. */
export type Edit =
  /** It goes, with everything in it. */
  | { readonly kind: "drop" }
  /** It only hides what lies below the layers that may be changed. */
  | { readonly kind: "whiteout" }
  /** Mode, owner, time and extended attributes are those of another layer's entry, at an absolute path (a byte string). */
  | { readonly kind: "attributes"; readonly from: string };

/** What there is to fold. */
export interface FoldPlan {
  /** One a layer: path in the layer (a byte string) -> what becomes of it. A layer without edits stays as it is. */
  readonly edits: readonly ReadonlyMap<string, Edit>[];
  /** Most bytes first. */
  readonly waste: readonly Waste[];
}

/** A job for the thread: new folders of changes are made in `into`, named by the layer's number. */
export interface ReshapeJob {
  readonly stack: LayerStack;
  /** An existing, empty folder in the file system of the layers. */
  readonly into: string;
  readonly cancel?: CancelFlag | undefined;
}

export interface Folded {
  readonly waste: readonly Waste[];
  /** One a layer: the folder that takes its place, or undefined where it stays. */
  readonly folders: readonly (string | undefined)[];
}

export interface Squashed {
  readonly waste: readonly Waste[];
  readonly folder: string;
}
