import type { Mount } from "../base/index.ts";

/** The kernel's limit (fs/overlayfs, OVL_MAX_STACK). */
export const maxLayers = 500;

/**
 * So that an upper folder is a full diff, whatever the kernel's defaults are: no names that point elsewhere (redirect_dir), no files
 * that are metadata alone (metacopy), no hard-link index. `nofollow` also keeps an image's layer from naming folders of others.
 */
const plain = ["redirect_dir=nofollow", "metacopy=off", "index=off"] as const;

/**
 * The mounts of a root file system.
 * @param layers folders of changes, bottom first.
 * @param writable where changes go, and overlayfs' work folder beside it; without it the root is read-only.
 * @param xattrs whose attributes overlayfs uses.
 */
export function rootMounts(
  layers: readonly string[],
  writable: { readonly upper: string; readonly work: string } | undefined,
  xattrs: "trusted" | "user",
): readonly Mount[] {
  const [bottom] = layers;
  if (writable && bottom === undefined) return [bind(writable.upper, [])];
  if (!writable && bottom !== undefined && layers.length === 1) return [bind(bottom, ["ro"])];
  return [
    {
      type: "overlay",
      source: "overlay",
      target: "/",
      options: [
        ...layers.toReversed().map((layer) => `lowerdir+=${layer}`),
        // A step's files need not reach the disk before the snapshot counts as settled (docs/adr): `volatile` spares its syncs.
        ...(writable ? [`upperdir=${writable.upper}`, `workdir=${writable.work}`, "volatile"] : ["ro"]),
        ...plain,
        ...(xattrs === "user" ? ["userxattr"] : []),
      ],
    },
  ];
}

function bind(source: string, options: readonly string[]): Mount {
  return { type: "bind", source, target: "/", options };
}
