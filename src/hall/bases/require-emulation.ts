import { chmodSync, writeFileSync } from "node:fs";
import { type Ctx, type Digest, SlipwayError, type SourceLocation } from "../../base/index.ts";
import { standsOn, type Vertex } from "../../graph/index.ts";
import { defaultPlatform, formatPlatform, parsePlatform, type Platform } from "../../oci/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { foreignProgram } from "../../sandbox/index.ts";
import type { SnapshotId } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";

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
    const top = store.images.get(image)?.snapshots.at(-1);
    const { location } = vertex.origin;
    await checkEmulation({ platform: parsePlatform(vertex.op.platform), what: "this RUN", top, location }, engine, ctx);
  }
}

interface Foreign {
  readonly platform: Platform;
  /** What runs its programs, for the message. */
  readonly what: string;
  /** The file system that they are in, where an emulator may be as well; undefined is an empty one. */
  readonly top: SnapshotId | undefined;
  readonly location?: SourceLocation | undefined;
}

/** Throws SLIP_EMULATION when this machine does not run the programs of a platform. */
export async function checkEmulation(
  { platform, what, top, location }: Foreign,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const own = defaultPlatform();
  if (platform.os === own.os && platform.architecture === own.architecture) return;
  // An emulator is rarely in the image: for that alone its layers are not brought.
  const missing = engine.store.remoteLayers.missing(top).length > 0;
  if (missing && (await tryProgram(platform, undefined, engine, ctx)) === undefined) return;
  const why = await tryProgram(platform, top, engine, ctx);
  if (why === undefined) return;
  throw new SlipwayError({
    code: "SLIP_EMULATION",
    message: `Cannot run programs for ${formatPlatform(platform)} on this machine, as ${what} does: ${why}`,
    hint: "install emulators as root (Debian: apt install qemu-user-static binfmt-support; others must be registered with flag F), or cross-compile in a stage FROM --platform=$BUILDPLATFORM, which needs none",
    location,
  });
}

/** A name that no image has. */
const trial = ".slipway-trial";

/**
 * Runs a program of the platform that does nothing. What is registered for it cannot be read here: the engine has a /proc of its own, and in a
 * container the handlers of the machine around it count.
 * @returns why it does not run; undefined when it does.
 */
async function tryProgram(
  { os, architecture }: Platform,
  top: SnapshotId | undefined,
  engine: Engine,
  ctx: Ctx,
): Promise<string | undefined> {
  const program = os === "linux" ? foreignProgram(architecture) : undefined;
  if (!program) return `slipway knows no programs for ${os}/${architecture}`;
  const executor = await engine.executor(ctx);
  await using active = await engine.snapshotter.prepare(top);
  const root = await active.root();
  writeFileSync(`${root}/${trial}`, program);
  chmodSync(`${root}/${trial}`, 0o755);
  const { exitCode } = await executor.run(
    {
      root,
      args: [`/${trial}`],
      env: [],
      cwd: "/",
      user: { uid: 0, gid: 0, additionalGids: [] },
      mounts: [],
      network: "none",
      stdio: { type: "pipe", onOutput: () => undefined },
    },
    ctx,
  );
  return exitCode === 0 ? undefined : "the kernel has no emulator for them";
}

/** The image that a step's file system begins with. */
function imageBelow(vertex: Vertex): Digest | undefined {
  let at: Vertex | undefined = vertex;
  while (at && at.op.kind !== "image") at = standsOn(at);
  return at?.op.kind === "image" ? at.op.id : undefined;
}
