import type { Ctx } from "../../base/index.ts";
import type { BaseRecipe } from "./recipe.ts";

/** Where only one id can be set, what a recipe gives to others belongs to root: elsewhere its user could not write there. */
export function warnOfOwners({ name, folders = [], files = [] }: BaseRecipe, { emit }: Pick<Ctx, "emit">): void {
  const others = [...folders, ...files].filter(({ uid = 0, gid = 0 }) => uid !== 0 || gid !== 0);
  const [first] = others;
  if (!first) return;
  emit({
    type: "warning",
    message: `In ${name}, ${first.path}${others.length > 1 ? ` and ${others.length - 1} more` : ""} should belong to ${first.uid ?? 0}:${first.gid ?? 0} and belongs to root: there is one id here, and no other can be set`,
    hint: "give yourself a range of ids (docs/rootless.md), remove the store and make the base again before the image goes elsewhere",
  });
}
