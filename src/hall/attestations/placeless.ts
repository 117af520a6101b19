import { basename } from "node:path";
import { parseLayoutReference } from "../../import/index.ts";

/** The name of an image without folders of this machine: of a layout, the folder's own name is all that is told. */
export function placeless(name: string): string {
  const layout = parseLayoutReference(name);
  if (!layout) return name;
  const { folder, tag, digest } = layout;
  return `oci-layout://${basename(folder)}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
