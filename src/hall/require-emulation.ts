import { chmodSync, lstatSync, writeFileSync } from "node:fs";
import { type Ctx, type Digest, SlipwayError, type SourceLocation } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { formatPlatform, parsePlatform, type Platform } from "../oci/index.ts";
import type { BuildPlan } from "../plan/index.ts";
import { emulation, foreignProgram } from "../sandbox/index.ts";
import type { ImageRecord, Store } from "../store/index.ts";
import type { Engine } from "./engine.ts";

/**
 * Before anything runs: every RUN over an image of another architecture must have what runs its programs. What stands over no image is let
 * be: nobody knows what its programs are for.
 * Throws SLIP_EMULATION with the place of the first that has not.
 */
export async function requireEmulation(plans: readonly BuildPlan[], engine: Engine, ctx: Ctx): Promise<void> {
  const { store } = engine;
  const looked = new Set<string>();
  for (const vertex of plans.flatMap(({ vertices }) => vertices)) {
    if (vertex.op.kind !== "exec") continue;
    const image = imageBelow(vertex);
    const what = `${vertex.op.platform} ${image ?? ""}`;
    if (image === undefined || looked.has(what)) continue;
    looked.add(what);
    const has = (path: string): boolean => hasFile(store.images.get(image), path, store);
    const { location } = vertex.origin;
    await checkEmulation({ platform: parsePlatform(vertex.op.platform), what: "this RUN", has, location }, engine, ctx);
  }
}

interface Foreign {
  readonly platform: Platform;
  /** What runs its programs, for the message. */
  readonly what: string;
  /** Whether their file system has a file, where the emulator must be in it. */
  readonly has: (path: string) => boolean;
  readonly location?: SourceLocation | undefined;
}

/** Throws SLIP_EMULATION when this machine does not run the programs of a platform. */
export async function checkEmulation(
  { platform, what, has, location }: Foreign,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const found = emulation(platform);
  if (found.kind === "native") return;
  const outside = found.kind === "handler" && found.interpreter !== undefined && !has(found.interpreter);
  if (found.kind === "handler" && !outside) return;
  // Handlers of the machine around a container cannot be seen, and some processors run more than their own: trying tells.
  if (await tryProgram(platform, engine, ctx)) return;
  const name = formatPlatform(platform);
  const why = found.kind === "none" ? found.why : `its emulator ${found.interpreter} is not in the image`;
  throw new SlipwayError({
    code: "SLIP_EMULATION",
    message: `Cannot run programs for ${name} on this machine, as ${what} does: ${why}`,
    hint: outside
      ? "register it with flag F, as Debian's qemu-user-static does, so that the kernel holds it open"
      : "install emulators as root (Debian: apt install qemu-user-static binfmt-support), or cross-compile in a stage FROM --platform=$BUILDPLATFORM, which needs none",
    location,
  });
}

/** Runs a program of the platform that does nothing, alone in a file system of its own. */
async function tryProgram({ os, architecture }: Platform, engine: Engine, ctx: Ctx): Promise<boolean> {
  const program = os === "linux" ? foreignProgram(architecture) : undefined;
  if (!program) return false;
  const executor = await engine.executor(ctx);
  await using active = await engine.snapshotter.prepare();
  const root = await active.root();
  writeFileSync(`${root}/program`, program);
  chmodSync(`${root}/program`, 0o755);
  const { exitCode } = await executor.run(
    {
      root,
      args: ["/program"],
      env: [],
      cwd: "/",
      user: { uid: 0, gid: 0, additionalGids: [] },
      mounts: [],
      network: "none",
      stdio: { type: "pipe", onOutput: () => undefined },
    },
    ctx,
  );
  return exitCode === 0;
}

/** The image that a step's file system begins with. */
function imageBelow(vertex: Vertex): Digest | undefined {
  let at: Vertex | undefined = vertex;
  while (at && at.op.kind !== "image") at = at.inputs[0];
  return at?.op.kind === "image" ? at.op.id : undefined;
}

/** Whether a layer of an image has a file of that absolute path. */
export function hasFile(image: ImageRecord | undefined, path: string, { snapshots }: Store): boolean {
  return (image?.snapshots ?? []).some(
    (id) => lstatSync(`${snapshots.folder(id)}${path}`, { throwIfNoEntry: false }) !== undefined,
  );
}
