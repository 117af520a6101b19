import { lstatSync } from "node:fs";
import { type Digest, SlipwayError, type SourceLocation } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { formatPlatform, parsePlatform, type Platform } from "../oci/index.ts";
import type { BuildPlan } from "../plan/index.ts";
import { emulation } from "../sandbox/index.ts";
import type { Store } from "../store/index.ts";

/**
 * Before anything runs: every RUN over an image of another architecture must have what runs its programs. What stands over no image is let
 * be: nobody knows what its programs are for.
 * Throws SLIP_EMULATION with the place of the first that has not.
 */
export function requireEmulation(plans: readonly BuildPlan[], store: Store): void {
  const looked = new Set<string>();
  for (const vertex of plans.flatMap(({ vertices }) => vertices)) {
    if (vertex.op.kind !== "exec") continue;
    const image = imageBelow(vertex);
    const what = `${vertex.op.platform} ${image ?? ""}`;
    if (image === undefined || looked.has(what)) continue;
    looked.add(what);
    const has = (path: string): boolean =>
      (store.images.get(image)?.snapshots ?? []).some((id) => isThere(`${store.snapshots.folder(id)}${path}`));
    checkEmulation(parsePlatform(vertex.op.platform), vertex.origin.text, has, vertex.origin.location);
  }
}

/**
 * Throws SLIP_EMULATION when this machine does not run the programs of a platform.
 * @param what runs them, for the message.
 * @param has whether their file system has a file, where the emulator must be in it.
 */
export function checkEmulation(
  platform: Platform,
  what: string,
  has: (path: string) => boolean,
  location?: SourceLocation,
): void {
  const found = emulation(platform);
  const name = formatPlatform(platform);
  const inside = found.kind === "handler" && found.interpreter !== undefined && !has(found.interpreter);
  if (found.kind !== "none" && !inside) return;
  const why = found.kind === "none" ? found.why : `its emulator ${found.interpreter} is not in the image`;
  throw new SlipwayError({
    code: "SLIP_EMULATION",
    message: `Cannot run ${what.length > 80 ? `${what.slice(0, 77)}...` : what} for ${name} on this machine: ${why}`,
    hint:
      platform.os === "linux"
        ? inside
          ? `register it with flag F, as Debian's qemu-user-static does, so that the kernel holds it open`
          : "install emulators as root (Debian: apt install qemu-user-static binfmt-support), or cross-compile in a stage FROM --platform=$BUILDPLATFORM, which needs none"
        : undefined,
    location,
  });
}

/** The image that a step's file system begins with. */
function imageBelow(vertex: Vertex): Digest | undefined {
  let at: Vertex | undefined = vertex;
  while (at && at.op.kind !== "image") at = at.inputs[0];
  return at?.op.kind === "image" ? at.op.id : undefined;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
